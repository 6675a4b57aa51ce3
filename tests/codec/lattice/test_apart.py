"""parse(write(points)) = their codes, as often as there are; every cut is a CorruptStream."""

import numpy as np
import pytest

from pcc.codec.lattice.apart import parse_apart, write_apart
from pcc.codec.lattice.layout import put_in_order
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream, PccError

DEPTH = 9


def points(rng, size, kinds=1 << DEPTH):
    return put_in_order(rng.integers(0, kinds, (size, 3)).astype(np.int32))


@pytest.mark.parametrize(("size", "kinds"), [(0, 2), (1, 512), (1, 1), (40, 512), (300, 4), (5, 1)])
def test_round_trip(rng, size, kinds):
    """Also where all points are in one voxel; what follows is left in the reader."""
    ordered = points(rng, size, kinds)
    reader = Reader(write_apart(ordered, DEPTH) + b"rest")
    codes = parse_apart(reader, size, DEPTH)
    assert codes.dtype == np.uint64
    np.testing.assert_array_equal(codes, np.repeat(ordered.codes, ordered.counts))
    assert bytes(reader.rest()) == b"rest"


def test_nothing_costs_nothing(rng):
    assert write_apart(points(rng, 0), DEPTH) == b""


@pytest.mark.parametrize("kinds", [512, 3])
def test_every_cut(rng, kinds):
    data = write_apart(points(rng, 50, kinds), DEPTH)
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            parse_apart(Reader(data[:size]), 50, DEPTH)


def test_another_number_of_points(rng):
    """Fewer points than voxels, or counts that do not sum up."""
    data = write_apart(points(rng, 50, 3), DEPTH)
    for count in (1, 49, 51, 1000):
        with pytest.raises(CorruptStream):
            parse_apart(Reader(data), count, DEPTH)
    with pytest.raises(CorruptStream, match="0 voxels"):
        parse_apart(Reader(varint(0) + varint(0)), 5, DEPTH)
    with pytest.raises(CorruptStream, match="voxels of 5 points"):
        parse_apart(Reader(varint(1 << 60) + varint(0)), 5, DEPTH)


def test_damaged_bytes(rng):
    """As many codes of the cube as there are points, or an error of ours."""
    data = write_apart(points(rng, 60, 8), DEPTH)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        try:
            codes = parse_apart(Reader(bytes(damaged)), 60, DEPTH)
        except PccError:
            continue
        assert len(codes) == 60
        assert int(codes.max()) >> 3 * DEPTH == 0
