"""What a stream says of itself, without decoding any point: for ``pcc info``, logs and statistics."""

from __future__ import annotations

from dataclasses import dataclass

from pcc.codec.container import (
    DERIVED,
    DIGEST,
    EXACT,
    FIELD,
    FIELD_TAGS,
    FLOATS,
    GEOMETRY,
    HEADER,
    LATTICE,
    LOW_BITS,
    MULTIPLICITY,
    ORDER,
    RAW_POINTS,
    Chunk,
    frame_chunks,
)
from pcc.codec.fields import FieldSpec, parse_spec
from pcc.codec.geometry import GeometryHeader, parse_geometry_header
from pcc.codec.header import FrameHeader, parse_header
from pcc.codec.inferred import Inferred
from pcc.codec.lattice.chunk import LatticeHeader, parse_lattice_header
from pcc.codec.lattice.levels import parse_level_field
from pcc.codec.limits import DEFAULT_LIMITS, Limits, within
from pcc.codec.session import Session
from pcc.codec.wire import Reader


@dataclass(frozen=True)
class LatticeInfo:
    """Of a frame in its sensor's lattice: the sensor's name, lasers and columns, points in cells and apart.

    ``group`` range indices are one in decoded positions; ``moved``: the frame had been corrected for motion.
    """

    sensor: str
    lasers: int
    columns: int
    num_cells: int
    num_apart: int
    group: int
    moved: bool


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
        inferred: The last levels, of which not all is coded, or None.
        digest: 16 bytes: the digest of the decoded values.
        lattice: of a frame in its sensor's lattice, else None.
        ordered: Points come out in the order of the input.
        floats: Positions are floats bit for bit, beside the grid.
        float_bytes: Of the chunks that make them so; part of ``geometry_bytes``.
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
    lattice: LatticeInfo | None = None
    inferred: Inferred | None = None
    ordered: bool = False
    floats: bool = False
    float_bytes: int = 0

    @property
    def geometry_bpp(self) -> float:
        """Bits of positions (geometry and multiplicities) an input point; 0 for an empty frame.

        Where levels are inferred nothing says how many points went in: bits a decoded point.
        """
        bits = 8 * (self.geometry_bytes + self.multiplicity_bytes)
        num_input = self.header.num_points + (self.header.num_merged or 0)
        return bits / num_input if num_input else 0.0


def describe(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> list[FrameInfo]:
    """The frames of a stream; every checksum is checked.

    Raises:
        CorruptStream: not a pcc stream, or damaged.
        LimitExceeded: larger than ``limits``.
    """
    session = Session(data, limits)
    return [_describe_frame(session, span) for span in session.spans]


def _describe_frame(session: Session, span: tuple[int, int]) -> FrameInfo:
    chunks, work = list(frame_chunks(session.data, span)), session.work_on(span)
    within("fields", sum(chunk.tag in FIELD_TAGS for chunk in chunks), session.limits.max_fields)
    geometry = _of(chunks, GEOMETRY)
    header = parse_header(_of(chunks, HEADER)[0].payload, session.limits)
    how = GeometryHeader(None)
    if geometry:
        flags = header.adaptive, header.calibrated, header.inferred
        how = parse_geometry_header(Reader(geometry[0].payload), header.depth, *flags)
    lattice = _of(chunks, LATTICE)
    in_lattice = None
    if lattice:
        in_lattice = parse_lattice_header(Reader(lattice[0].payload), session.find_table, work)
    return FrameInfo(
        header=header,
        num_bytes=span[1] - span[0],
        geometry_bytes=sum(_size(_of(chunks, tag)) for tag in (GEOMETRY, LATTICE, LOW_BITS, FLOATS, EXACT, RAW_POINTS)),
        multiplicity_bytes=_size(_of(chunks, MULTIPLICITY)),
        fields=tuple((_spec(c), c.end - c.start) for c in chunks if c.tag in FIELD_TAGS),
        model_digest=in_lattice.model if in_lattice else how.digest,
        level_offset=how.level_offset,
        adaptive=how.adaptive,
        digest=bytes(_of(chunks, DIGEST)[0].payload),
        lattice=_lattice_info(in_lattice) if in_lattice else None,
        inferred=how.inferred,
        ordered=bool(_of(chunks, ORDER)),
        floats=bool(_of(chunks, FLOATS)) or header.exact,
        float_bytes=_size(_of(chunks, FLOATS)) + _size(_of(chunks, EXACT)),
    )


def _lattice_info(header: LatticeHeader) -> LatticeInfo:
    table = header.sensor
    return LatticeInfo(
        table.name, table.num_lasers, len(header.firings), header.num_cells, header.num_apart, header.group,
        header.motion is not None,
    )  # fmt: skip


def _spec(chunk: Chunk) -> FieldSpec:
    reader = Reader(chunk.payload)
    if chunk.tag in (FIELD, DERIVED):
        return parse_spec(reader)
    field = parse_level_field(reader)
    return FieldSpec(field.name, field.dtype, None)


def _of(chunks: list[Chunk], tag: bytes) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.tag == tag]


def _size(chunks: list[Chunk]) -> int:
    return sum(chunk.end - chunk.start for chunk in chunks)
