"""The container: a preamble, then chunks; a frame is a run of chunks from ``H`` to ``D``.

    preamble | H G M A A D | H L R B A O D | ... | t
               one frame     the next            seek table, only when there are two frames or more

A chunk is a tag, a length, that many bytes and a CRC-32C of all of it. A tag in lower case is optional: a decoder
that does not know it skips it. Frames depend on no other (but for a sensor's table, `pcc.codec.lattice.tables`), so
appending is concatenation, and walking over tags and lengths finds every frame: the seek table only saves the walk.
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
    return 1 + len(varint(payload_bytes)) + payload_bytes + 4


def read_chunk(reader: Reader, *, check: bool = True) -> Chunk:
    """The next chunk.

    Raises:
        CorruptStream: the end comes too early, the tag is no letter, or (if ``check``) the checksum differs.
    """
    start = reader.position
    tag = bytes(reader.take(1))
    if not tag.isalpha():
        raise CorruptStream(f"no chunk begins at byte {start}")
    payload = reader.take(reader.varint())
    body, checksum = reader.data[start : reader.position], reader.u32()
    if check and crc32c(body) != checksum:
        raise CorruptStream(f"chunk {tag.decode()!r} at byte {start}: checksum mismatch")
    return Chunk(tag, payload, start, reader.position)


def join(frames: Sequence[bytes]) -> bytes:
    """A stream of whole frames, with a seek table when there are two or more."""
    body = write_preamble() + b"".join(frames)
    spans, position = [], PREAMBLE_BYTES
    for frame in frames:
        spans.append((position, position + len(frame)))
        position += len(frame)
    return body + write_seek_table(spans)


def append(stream: bytes, frame: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """``stream`` with one more frame; its seek table is renewed.

    Raises:
        CorruptStream: ``stream`` is damaged where it must be read.
    """
    spans = frame_spans(stream, limits)
    end = spans[-1][1] if spans else PREAMBLE_BYTES
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
    """Where the frames lie, first byte and end, from the seek table or else by scanning.

    Raises:
        CorruptStream: not a pcc stream, or damaged.
        LimitExceeded: more frames than ``limits`` allow.
    """
    parse_preamble(data)
    spans = _read_seek_table(memoryview(data), limits)
    return spans if spans is not None else scan(data, limits)


def scan(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> list[tuple[int, int]]:
    """``frame_spans`` by walking over all chunks, without the seek table."""
    reader, spans, start = Reader(data, PREAMBLE_BYTES), [], None
    while reader.remaining:
        chunk = read_chunk(reader, check=False)
        if (chunk.tag == HEADER) != (start is None) and not chunk.optional:
            raise CorruptStream(f"chunk {chunk.tag.decode()!r} at byte {chunk.start} is out of place")
        if chunk.tag == HEADER:
            start = chunk.start
        elif chunk.tag == DIGEST and start is not None:
            spans.append((start, chunk.end))
            within("frames", len(spans), limits.max_frames)
            start = None
    if start is not None:
        raise CorruptStream(f"truncated: the frame at byte {start} has no end")
    return spans


def _read_seek_table(data: memoryview, limits: Limits) -> list[tuple[int, int]] | None:
    """The spans in a sound seek table at the end; None if there is none, or it is damaged."""
    if len(data) < PREAMBLE_BYTES + 8:
        return None
    start = len(data) - int.from_bytes(data[-8:-4], "little")
    if not PREAMBLE_BYTES <= start < len(data) or data[start : start + 1] != SEEK_TABLE:
        return None
    try:
        return _parse_seek_table(read_chunk(Reader(data, start)), limits)
    except CorruptStream:
        return None


def _parse_seek_table(chunk: Chunk, limits: Limits) -> list[tuple[int, int]]:
    reader, spans, position = Reader(chunk.payload), [], PREAMBLE_BYTES
    for _ in range(within("frames", reader.varint(), limits.max_frames)):
        start = position + reader.varint()
        position = start + reader.varint()
        if position > chunk.start:
            raise CorruptStream("seek table: a frame lies outside of the stream")
        spans.append((start, position))
    reader.u32()
    reader.finish("seek table")
    return spans


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
