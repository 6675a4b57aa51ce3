"""The frames of a file and its seek table, written from docs/bitstream.md, section 2, and nothing else."""

from __future__ import annotations

from tests.conformance.written_container import Bytes, crc32c
from tests.conformance.written_decoder import Corrupt

PREAMBLE = 15


def frames(data: bytes) -> list[tuple[int, int]]:
    """First byte and end of each: a walk over tags and lengths."""
    b, found, start = Bytes(data), [], None
    b.take(PREAMBLE)
    while b.at < len(data):
        at, tag = b.at, b.take(1)
        if not tag.isalpha():
            raise Corrupt("tag")
        b.take(b.varint() + 4)
        if tag.isupper() and (tag == b"H") != (start is None):
            raise Corrupt("a chunk outside of a frame, or a frame in a frame")
        if tag == b"H":
            start = at
        if tag == b"D":
            found.append((start, b.at))
            start = None
    if start is not None:
        raise Corrupt("a frame without an end")
    return found


def table(data: bytes) -> list[tuple[int, int]] | None:
    """The spans of a valid seek table; None if there is none."""
    try:
        found = spans(data)
    except (Corrupt, IndexError):
        return None
    return found if found == frames(data) else None


def spans(data: bytes) -> list[tuple[int, int]]:
    """What a chunk at the end says, which keeps to all rules but the last."""
    start = len(data) - int.from_bytes(data[-8:-4], "little")
    if len(data) < PREAMBLE + 8 or not PREAMBLE <= start < len(data):
        raise Corrupt("no table")
    b = Bytes(data[start:])
    if b.take(1) != b"t":
        raise Corrupt("no table")
    payload = Bytes(b.take(b.varint()))
    if b.u(4) != crc32c(data[start:-4]):
        raise Corrupt("crc")
    b.end()
    found, at = [], PREAMBLE
    for _ in range(payload.varint()):
        begin = at + payload.varint()
        at = begin + payload.varint()
        found.append((begin, at))
    payload.take(4)
    payload.end()
    if at != start:
        raise Corrupt("the table does not reach itself")
    return found
