"""What a stream says of itself, without decoding any point: for ``pcc info``, logs and statistics."""

from __future__ import annotations

from dataclasses import dataclass

from pcc.codec.container import DIGEST, FIELD, GEOMETRY, HEADER, MULTIPLICITY, Chunk, frame_chunks, frame_spans
from pcc.codec.fields import FieldSpec, parse_spec
from pcc.codec.geometry import GeometryHeader, parse_geometry_header
from pcc.codec.header import FrameHeader, parse_header
from pcc.codec.limits import DEFAULT_LIMITS, Limits
from pcc.codec.wire import Reader


@dataclass(frozen=True)
class FrameInfo:
    """One frame: sizes are bytes of the file, with tags, lengths and checksums.

    Attributes:
        header: See FrameHeader.
        num_bytes: The whole frame.
        geometry_bytes, multiplicity_bytes: Those chunks; 0 if absent.
        fields: Each field's description and bytes.
        model_digest: 16 bytes, or None when the frame needs no model.
        level_offset: Of the scale on which the model saw the levels.
        adaptive: Mask of the octree's levels that were coded without the model, bit 0 the root's.
        digest: 16 bytes: the digest of the decoded values.
    """

    header: FrameHeader
    num_bytes: int
    geometry_bytes: int
    multiplicity_bytes: int
    fields: tuple[tuple[FieldSpec, int], ...]
    model_digest: bytes | None
    level_offset: int
    adaptive: int
    digest: bytes

    @property
    def geometry_bpp(self) -> float:
        """Bits of positions (geometry and multiplicities) an input point; 0 for an empty frame."""
        bits = 8 * (self.geometry_bytes + self.multiplicity_bytes)
        num_input = self.header.num_points + (self.header.num_merged or 0)
        return bits / num_input if num_input else 0.0


def describe(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> list[FrameInfo]:
    """The frames of a stream; every checksum is checked.

    Raises:
        CorruptStream: not a pcc stream, or damaged.
        LimitExceeded: larger than ``limits``.
    """
    return [_describe_frame(data, span, limits) for span in frame_spans(data, limits)]


def _describe_frame(data: bytes | memoryview, span: tuple[int, int], limits: Limits) -> FrameInfo:
    chunks = list(frame_chunks(data, span))
    geometry = _of(chunks, GEOMETRY)
    header = parse_header(_of(chunks, HEADER)[0].payload, limits)
    how = GeometryHeader(None)
    if geometry:
        how = parse_geometry_header(Reader(geometry[0].payload), header.depth, header.adaptive, header.calibrated)
    return FrameInfo(
        header=header,
        num_bytes=span[1] - span[0],
        geometry_bytes=_size(geometry),
        multiplicity_bytes=_size(_of(chunks, MULTIPLICITY)),
        fields=tuple((parse_spec(Reader(c.payload)), c.end - c.start) for c in _of(chunks, FIELD)),
        model_digest=how.digest,
        level_offset=how.level_offset,
        adaptive=how.adaptive,
        digest=bytes(_of(chunks, DIGEST)[0].payload),
    )


def _of(chunks: list[Chunk], tag: bytes) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.tag == tag]


def _size(chunks: list[Chunk]) -> int:
    return sum(chunk.end - chunk.start for chunk in chunks)
