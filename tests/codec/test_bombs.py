"""Small streams that ask for much: refused before it is done, unless the limits are wider.

They are made of sound parts and decode, given enough: what is refused is refused for its cost alone.
"""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import pcc
from pcc.codec.container import (
    DIGEST,
    EXACT,
    FIELD,
    FLOATS,
    GEOMETRY,
    HEADER,
    LOW_BITS,
    MULTIPLICITY,
    RAW_POINTS,
    write_chunk,
)
from pcc.codec.decoder import decode_frame
from pcc.codec.fallback import all_levels
from pcc.codec.geometry import GeometryHeader, write_geometry_header
from pcc.codec.header import FrameHeader, write_header, write_preamble
from pcc.codec.inferred import Inferred
from pcc.codec.octree import encode_octree
from pcc.codec.session import Session
from pcc.codec.wire import text, varint
from pcc.errors import CorruptStream, LimitExceeded
from pcc.geometry.voxels import Grid
from pcc.inference.registry import find_model

WIDE = pcc.Limits(max_nodes=10**12)
FREE_CODER = b"\1" + (1 << 16).to_bytes(4, "little")  # a lane that has no word
DIGEST_OF_NOTHING = bytes(16)
ONE_ENTRY = b"\3\1\1\1\1\0"  # a column by a palette of the one value 1


def frame(header: FrameHeader, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    chunks = [(HEADER, write_header(header)), *chunks, (DIGEST, DIGEST_OF_NOTHING)]
    return b"".join(write_chunk(*chunk) for chunk in chunks)


def grid(dtype: str = "int16", origin: int = 0) -> Grid:
    return Grid(1.0, 1.0, (origin,) * 3, np.dtype(dtype))


def equal_words(value: int, size: int) -> bytes:
    """A column of any length: planes that are filled."""
    return b"\0" + b"".join(bytes([1, byte]) for byte in value.to_bytes(size, "little"))


def duplicates(num_points: int, dtype: str = "int16", chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Points of one voxel."""
    counts = [(MULTIPLICITY, equal_words(num_points - 1, 4))]
    return frame(FrameHeader(grid(dtype), 0, num_points, 1), [*counts, *chunks])


def inferred(num_voxels: int, leans: Sequence[int]) -> bytes:
    """All levels inferred: full ones by a lean of 127, single children by -127."""
    levels = Inferred((0,) * len(leans), tuple(leans))
    start = write_geometry_header(GeometryHeader(find_model("dense-lossy").digest, 0, 0, b"", levels))
    header = FrameHeader(grid(), len(leans), num_voxels, num_voxels, quantized=True, inferred=True)
    return frame(header, [(GEOMETRY, start + FREE_CODER)])


def adaptive(codes: np.ndarray, depth: int) -> bytes:
    start = write_geometry_header(GeometryHeader(None, 0, all_levels(depth)))
    payload = start + encode_octree(codes, depth, None, 0, all_levels(depth))
    return frame(FrameHeader(grid(), depth, len(codes), len(codes), adaptive=True), [(GEOMETRY, payload)])


def fields(num_points: int, number: int, size: int = 8) -> bytes:
    dtype = {1: b"\2", 8: b"\x0b"}[size]
    payload = dtype + b"\0" + equal_words(0, size)
    return duplicates(num_points, chunks=[(FIELD, text(str(i)) + payload) for i in range(number)])


def floats(num_points: int) -> bytes:
    return duplicates(num_points, "float32", [(FLOATS, 3 * equal_words(0, 4))])


def columns(num_points: int, number: int, column: bytes = equal_words(0, 1)) -> bytes:
    payload = text("a") + b"\2" + varint(number + 1) + column * number
    return duplicates(num_points, chunks=[(FIELD, payload)])


def low_bits(num_points: int) -> bytes:
    """43 bits per axis of points of one voxel, in planes that are filled."""
    counts = (MULTIPLICITY, equal_words(num_points - 1, 4))
    header = FrameHeader(grid("int64"), 0, num_points, 1, num_low_bits=43)
    return frame(header, [counts, (LOW_BITS, b"\1\xff" * 129)])


def exact(num_points: int) -> bytes:
    """Doubles between 0.5 and 1.5, of which there are 1.5 * 2^52: 53 planes per axis, filled."""
    counts = (MULTIPLICITY, equal_words(num_points - 1, 4))
    header = FrameHeader(grid("float64", 1), 0, num_points, 1, exact=True)
    return frame(header, [counts, (EXACT, b"\x0b" + 3 * (b"\3\1\xff" + b"\1\0" * 53))])


def raw_points(num_points: int) -> bytes:
    """All nowhere, by differences."""
    header = FrameHeader(grid("float64"), 0, num_points, 0, num_raw=num_points)
    return frame(header, [(RAW_POINTS, 3 * (b"\1" + 8 * b"\1\1"))])


def work_of(stream: bytes) -> float:
    """Nodes that a stream costs; it decodes but for its digest."""
    session = Session(stream, WIDE)
    with pytest.raises(CorruptStream, match="digest mismatch"):
        decode_frame(stream, session.spans[0], session=session)
    return session._work.spent


BOMBS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "inferred levels that grow": (
        lambda: inferred(8**8, [127] * 8 + [-127] * 13),
        lambda: inferred(8**4, [127] * 4 + [-127] * 2),
    ),
    "inferred levels side by side": (
        lambda: inferred(8**6, [127] * 6 + [-127] * 15),
        lambda: inferred(8**3, [127] * 3 + [-127] * 15),
    ),
    "points of one voxel": (lambda: duplicates((1 << 25) - 1, "float64"), lambda: duplicates(1000, "float64")),
    "floats": (lambda: floats(1 << 24), lambda: floats(1000)),
    "a field": (lambda: fields(1 << 24, 1), lambda: fields(1000, 1)),
    "many fields": (lambda: fields(1 << 20, 100), lambda: fields(100, 100)),
    "many columns": (lambda: columns(1 << 14, 65535), lambda: columns(10, 2000)),
    "columns of two points": (lambda: columns(2, 65535), lambda: columns(2, 2000)),
    "palettes of two points": (lambda: columns(2, 65535, ONE_ENTRY), lambda: columns(2, 2000, ONE_ENTRY)),
    "low bits": (lambda: low_bits(1 << 22), lambda: low_bits(1000)),
    "exact positions": (lambda: exact(1 << 20), lambda: exact(1000)),
    "raw points": (lambda: raw_points(1 << 22), lambda: raw_points(1000)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_refused_before_it_is_done(name):
    """LimitExceeded by the work alone, and less than 256 MB taken; a smaller one of the kind decodes by default."""
    large, small = (write_preamble() + make() for make in BOMBS[name])
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match=r"nodes: .* bytes ask for the work of"):
        pcc.decode(large)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 28
    with pytest.raises(CorruptStream, match="digest mismatch"):
        pcc.decode(small)


@pytest.mark.parametrize("name", BOMBS)
def test_the_limit_is_what_it_costs(name):
    """A stream decodes with max_nodes = its work, and with no less."""
    stream = write_preamble() + BOMBS[name][1]()
    nodes = math.ceil(work_of(stream))
    with pytest.raises(CorruptStream, match="digest mismatch"):
        pcc.decode(stream, limits=pcc.Limits(max_nodes=nodes))
    with pytest.raises(LimitExceeded):
        pcc.decode(stream, limits=pcc.Limits(max_nodes=nodes - 1))


def test_adaptive_levels_cost_an_eighth():
    """512 chains of 18 levels below 3 full ones: 9216 + 73 nodes, and 48 for each of the 21 levels."""
    stream = write_preamble() + adaptive(np.arange(8**3, dtype=np.uint64) << np.uint64(54), 21)
    positions = 512 * 14 / 1024
    assert work_of(stream) == pytest.approx(64 + 21 * 48 + (73 + 512 * 18) / 8 + positions)


def test_the_frames_of_a_file_share_its_work():
    """Frames of one point cost 64 nodes and some bytes each: 150 are enough for two."""
    stream = pcc.encode(pcc.PointCloud(np.zeros((1, 3), np.int16)))
    for _ in range(2):
        stream = pcc.append(stream, pcc.PointCloud(np.zeros((1, 3), np.int16)))
    assert len(list(pcc.decode_frames(stream, limits=pcc.Limits(max_nodes=200)))) == 3
    frames = pcc.decode_frames(stream, limits=pcc.Limits(max_nodes=150))
    assert len(next(frames)) == len(next(frames)) == 1
    with pytest.raises(LimitExceeded, match="nodes"):
        next(frames)


def test_a_million_points_of_one_place_decode():
    """What compresses to nothing need not be hostile."""
    cloud = pcc.PointCloud(np.full((1_000_000, 3), 7, np.float32), {"i": np.zeros(1_000_000, np.float32)})
    stream = pcc.encode(cloud)
    assert len(stream) < 150
    assert pcc.decode(stream).xyz.shape == (1_000_000, 3)


def test_a_filled_cube_decodes():
    """128^3 voxels from a few bytes; 256^3 cost 530 thousand nodes, which 348 bytes may ask for."""
    stream = write_preamble() + adaptive(np.arange(8**7, dtype=np.uint64), 7)
    assert len(stream) < 400
    with pytest.raises(CorruptStream, match="digest mismatch"):
        pcc.decode(stream)
