"""The container: a preamble, then chunks; a frame is a run of chunks from ``H`` to ``D``.

    preamble | H G M A A D | H L R B A O D | ... | t
               one frame     the next            seek table, only when there are two frames or more

A chunk is a tag, a length, that many bytes and a CRC-32C of all of it. A tag in lower case is optional: a decoder
that does not know it skips it. Frames depend on no other (but for a sensor's table, `pcc.codec.lattice.tables`), so
appending is concatenation, and a walk over tags and lengths finds every frame. It reads a few bytes per chunk, a
microsecond or two, and no payload. So the seek table is written for readers that have the file at a distance, and
nothing here believes it: no table, stale, wrong or forged, can hide a frame.
What the payloads mean is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pcc.codec.header import PREAMBLE_BYTES, parse_preamble, write_preamble
from pcc.codec.limits import DEFAULT_LIMITS, Limits, within
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream
from pcc.ops.checksum import crc32c

HEADER, GEOMETRY, LATTICE, MULTIPLICITY, FLOATS = b"H", b"G", b"L", b"M", b"F"
FIELD, REFLECTANCE, DERIVED = b"A", b"R", b"B"  # three ways to code a field
LOW_BITS, EXACT, RAW_POINTS = b"W", b"E", b"X"
ORDER, DIGEST, SEEK_TABLE = b"O", b"D", b"t"
FIELD_TAGS = (FIELD, REFLECTANCE, DERIVED)
CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class Chunk:
    """One chunk of a stream: tag (1 byte), payload (not copied), and where it lies: bytes start..end."""

    tag: bytes
    payload: memoryview
    start: int
    end: int

    @property
    def optional(self) -> bool:
        return self.tag.islower()


def write_chunk(tag: bytes, payload: bytes) -> bytes:
    """Tag, length, payload, CRC-32C: 6 bytes and up more than the payload."""
    head = tag + varint(len(payload))
    return head + payload + crc32c(payload, crc32c(head)).to_bytes(4, "little")


def chunk_bytes(payload_bytes: int) -> int:
    """The length of a chunk, of its payload's."""
    return 1 + len(varint(payload_bytes)) + payload_bytes + CHECKSUM_BYTES


def read_chunk(reader: Reader) -> Chunk:
    """The next chunk.

    Raises:
        CorruptStream: the end comes too early, the tag is no letter, or the checksum differs.
    """
    start = reader.position
    tag, size = _read_head(reader)
    payload = reader.take(size)
    body, checksum = reader.data[start : reader.position], reader.u32()
    if crc32c(body) != checksum:
        raise CorruptStream(f"chunk {tag.decode()!r} at byte {start}: checksum mismatch")
    return Chunk(tag, payload, start, reader.position)


def _read_head(reader: Reader) -> tuple[bytes, int]:
    """The next chunk's tag, and how long its payload is said to be."""
    tag = bytes((reader.u8(),))
    if not tag.isalpha():
        raise CorruptStream(f"no chunk begins at byte {reader.position - 1}")
    return tag, reader.varint()


def join(frames: Sequence[bytes]) -> bytes:
    """A stream of whole frames, with a seek table when there are two or more."""
    body = write_preamble() + b"".join(frames)
    spans, position = [], PREAMBLE_BYTES
    for frame in frames:
        spans.append((position, position + len(frame)))
        position += len(frame)
    return body + write_seek_table(spans)


def append(stream: bytes, frame: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """``stream`` with one more frame behind all that it holds; a seek table at its end is renewed.

    Raises:
        CorruptStream: ``stream`` is damaged where it must be read.
    """
    spans, end = _walk(stream, limits)
    return stream[:end] + frame + write_seek_table([*spans, (end, end + len(frame))])


def write_seek_table(spans: Sequence[tuple[int, int]]) -> bytes:
    """The chunk that ends a stream of several frames; nothing for fewer than two."""
    if len(spans) < 2:
        return b""
    payload, position = varint(len(spans)), PREAMBLE_BYTES
    for start, end in spans:
        payload += varint(start - position) + varint(end - start)
        position = end
    size = 1 + len(payload) + 4 + 4
    size += len(varint(len(payload) + 4))
    return write_chunk(SEEK_TABLE, payload + size.to_bytes(4, "little"))


def frame_spans(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> list[tuple[int, int]]:
    """Where the frames lie, first byte and end; tags and lengths are read, nothing else.

    Raises:
        CorruptStream: not a pcc stream, or damaged.
        LimitExceeded: more frames than ``limits`` allow.
    """
    return _walk(data, limits)[0]


def _walk(data: bytes | memoryview, limits: Limits) -> tuple[list[tuple[int, int]], int]:
    """The frames' spans, and the end of what is no seek table."""
    parse_preamble(data)
    reader, spans, start, end = Reader(data, PREAMBLE_BYTES), [], None, PREAMBLE_BYTES
    while reader.remaining:
        at = reader.position
        tag, size = _read_head(reader)
        reader.skip(size + CHECKSUM_BYTES)
        if (tag == HEADER) != (start is None) and not tag.islower():
            raise CorruptStream(f"chunk {tag.decode()!r} at byte {at} is out of place")
        if tag == HEADER:
            start = at
        elif tag == DIGEST and start is not None:
            spans.append((start, reader.position))
            within("frames", len(spans), limits.max_frames)
            start = None
        end = end if tag == SEEK_TABLE else reader.position
    if start is not None:
        raise CorruptStream(f"truncated: the frame at byte {start} has no end")
    return spans, end


def frame_chunks(data: bytes | memoryview, span: tuple[int, int]) -> Iterator[Chunk]:
    """The known chunks of the frame in ``span``, each checked: H first, D last, in order; optional ones are skipped.

    Raises:
        CorruptStream: a checksum differs, a chunk is missing or out of place, or an unknown one is required.
    """
    order = HEADER + GEOMETRY + LATTICE + MULTIPLICITY + LOW_BITS + FLOATS + EXACT + RAW_POINTS + FIELD + ORDER + DIGEST
    reader, last = Reader(memoryview(data)[: span[1]], span[0]), -1
    while reader.remaining:
        chunk = read_chunk(reader)
        if chunk.optional and last >= 0:
            continue
        rank = order.find(FIELD if chunk.tag in FIELD_TAGS else chunk.tag)
        if rank < 0:
            raise CorruptStream(f"chunk {chunk.tag.decode()!r} is required but unknown: the stream is newer than pcc")
        repeated = rank == last == order.index(FIELD)
        if (last < 0) != (chunk.tag == HEADER) or not (rank > last or repeated):
            raise CorruptStream(f"chunk {chunk.tag.decode()!r} at byte {chunk.start} is out of place")
        last = rank
        yield chunk
    if last != order.index(DIGEST):
        raise CorruptStream("truncated: the frame has no digest")
