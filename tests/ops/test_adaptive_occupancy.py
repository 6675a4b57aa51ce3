"""Adaptive occupancies: equal decisions in every kernel and the reference; literal frequencies; decoding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcc import ops
from pcc.errors import CorruptStream
from pcc.geometry.octree import child_level, occupancies, root_level
from pcc.ops import rans
from pcc.ops.adaptive_occupancy import CROWDS, AdaptiveOccupancy, Reference
from tests.trees import random_codes, random_level, random_occupancy

ROOT = root_level().neighbours


def levels(codes, depth):
    """(neighbours, occupancy) of every level, root first."""
    level, found = root_level(), []
    for occupancy in occupancies(codes, depth):
        if found:
            level = child_level(level, found[-1][1])
        found.append((level.neighbours, occupancy))
    return found


def write(tree, lanes):
    """The stream of all levels, one call each."""
    encoder, contexts = rans.RansEncoder(lanes), AdaptiveOccupancy()
    for neighbours, occupancy in tree:
        encoder.put_binary(*contexts.encode(neighbours, occupancy))
    return encoder.finish()


def read(data, lanes, tree):
    decoder, contexts = rans.RansDecoder(data, lanes), AdaptiveOccupancy()
    decoded = [contexts.decode(decoder, neighbours) for neighbours, _ in tree]
    decoder.finish()
    return decoded


def trees():
    rng = np.random.default_rng(7)
    yield "one voxel", levels(np.array([5], np.uint64), 1)
    yield "one voxel, deep", levels(np.array([5 << 60], np.uint64), 21)
    yield "full", levels(np.arange(512, dtype=np.uint64), 3)
    yield "random", levels(random_codes(rng, 2000, 5), 5)
    yield "sparse", levels(random_codes(rng, 300, 21), 21)
    level = random_level(rng, 3, 4.0)
    yield (
        "one level of every occupancy",
        [(level.neighbours, random_occupancy(rng, len(level), bits)) for bits in (1, 6)],
    )


TREES = list(trees())


@pytest.mark.parametrize("tree", [t[1] for t in TREES], ids=[t[0] for t in TREES])
def test_decisions_equal_reference(tree, isa):
    """(p1, symbols) = the reference's, level after level."""
    contexts, reference = AdaptiveOccupancy(), Reference()
    for neighbours, occupancy in tree:
        for got, want in zip(
            contexts.encode(neighbours, occupancy), reference.encode(neighbours, occupancy), strict=True
        ):
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("tree", [t[1] for t in TREES], ids=[t[0] for t in TREES])
@pytest.mark.parametrize("lanes", [1, 3, 32])
def test_round_trip(tree, lanes, isa):
    """decode(encode(occupancies)) = occupancies."""
    for got, (_, want) in zip(read(write(tree, lanes), lanes, tree), tree, strict=True):
        np.testing.assert_array_equal(got, want)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 8**7 - 1), min_size=1, max_size=60, unique=True), st.integers(1, 5))
def test_any_tree(codes, lanes):
    """The kernel reads what the reference wrote."""
    tree, reference, encoder = levels(np.array(sorted(codes), np.uint64), 7), Reference(), rans.RansEncoder(lanes)
    for neighbours, occupancy in tree:
        encoder.put_binary(*reference.encode(neighbours, occupancy))
    for got, (_, want) in zip(read(encoder.finish(), lanes, tree), tree, strict=True):
        np.testing.assert_array_equal(got, want)


def test_literal_decisions():
    """By hand: even odds at first; after one symbol both estimates have gone two thirds of the way.

    fast = slow = 2^21 -(0)-> 2^21 + (-2^21 * 43690 >> 16) = 699093; the frequency (2 * 699093) >> 9 = 2730.
    """
    contexts = AdaptiveOccupancy()
    for frequency, first in ((8192, 0), (2730, 0)):
        p1, symbols = contexts.encode(ROOT, np.array([0b00000011], np.uint8))
        assert symbols.tolist() == [first, 1, 1, 0, 0, 0, 0, 0, 0]
        assert p1[0] == frequency
        assert p1[3] == frequency  # bit 2 in its own context, also 0 both times
    p1, symbols = contexts.encode(ROOT, np.array([0b00100000], np.uint8))
    assert symbols.tolist() == [1, 1, 0, 1]  # one child, in octant 5
    assert p1[1:].tolist() == [8192] * 3


@pytest.mark.parametrize(("occupancy", "num"), [(0xC0, 7), (0x81, 8), (0x03, 9), (0xFF, 9), (0x80, 4)])
def test_what_follows_is_not_coded(occupancy, num):
    assert len(AdaptiveOccupancy().encode(ROOT, np.array([occupancy], np.uint8))[0]) == num


def test_crowds():
    """A crowd for each number of neighbours, 0 to 26."""
    assert [CROWDS.index(crowd) for crowd in range(8)] == [0, 1, 2, 3, 5, 7, 10, 14]
    assert len(CROWDS) == 27


def test_random_points_cost_their_entropy(rng):
    """bits <= 1.02 log2(8^21 choose n): what no coder of random points can undercut, within 2 %."""
    num = 20_000
    tree = levels(random_codes(rng, num, 21), 21)
    entropy = num * (63 - np.log2(num) + np.log2(np.e))
    assert entropy * 0.999 < 8 * len(write(tree, 1)) < entropy * 1.02


def test_estimates(rng):
    """The whole level's estimate is its size, a sample's about that; neither teaches the contexts anything."""
    neighbours, occupancy = levels(random_codes(rng, 60_000, 7), 7)[-1]
    contexts = AdaptiveOccupancy()
    whole, sample = (contexts.estimate_bits(neighbours, occupancy, every) for every in (1, 8))
    encoder = rans.RansEncoder(1)
    encoder.put_binary(*contexts.encode(neighbours, occupancy))
    assert whole == pytest.approx(encoder.approximate_bits, abs=1e-3)
    assert whole == pytest.approx(8 * len(encoder.finish()), rel=0.01)
    assert sample == pytest.approx(whole, rel=0.1)
    assert AdaptiveOccupancy().estimate_bits(neighbours[:9], occupancy[:9], 8) > 0  # fewer nodes than a block


def test_copies_learn_apart(rng):
    neighbours, occupancy = levels(random_codes(rng, 500, 4), 4)[-1]
    contexts = AdaptiveOccupancy()
    copy = contexts.copy()
    first = contexts.encode(neighbours, occupancy)[0]
    np.testing.assert_array_equal(copy.encode(neighbours, occupancy)[0], first)
    assert not np.array_equal(contexts.encode(neighbours, occupancy)[0], first)


def test_every_kernel_writes_and_reads_the_same_bytes(rng):
    """bytes(isa, threads) = bytes(scalar, 1), and each reads them."""
    tree, before, streams = levels(random_codes(rng, 3000, 6), 6), ops.isa(), set()
    try:
        for isa in ops.available_isas():
            for threads in (1, 3):
                ops.set_isa(isa)
                ops.set_num_threads(threads)
                streams.add(write(tree, 32))
                for got, (_, want) in zip(read(min(streams), 32, tree), tree, strict=True):
                    np.testing.assert_array_equal(got, want)
    finally:
        ops.set_isa(before)
        ops.set_num_threads(0)
    assert len(streams) == 1


def test_wrong_arguments():
    contexts = AdaptiveOccupancy()
    with pytest.raises(ValueError, match="without children"):
        contexts.encode(ROOT, np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="neighbours"):
        contexts.encode(ROOT, np.ones(2, np.uint8))
    with pytest.raises(TypeError, match="int32"):
        contexts.encode(ROOT.astype(np.int64), np.ones(1, np.uint8))
    later = np.full((2, 27), -1, np.int32)
    later[0, 4] = 1  # the neighbour at x - 1 of the first node is the second
    with pytest.raises(ValueError, match="before their node"):
        contexts.encode(later, np.ones(2, np.uint8))
    with pytest.raises(ValueError, match="every"):
        contexts.estimate_bits(ROOT, np.ones(1, np.uint8), 0)


def test_no_level():
    p1, symbols = AdaptiveOccupancy().encode(np.zeros((0, 27), np.int32), np.zeros(0, np.uint8))
    assert (len(p1), len(symbols)) == (0, 0)


def test_a_stream_that_ends_too_early_is_corrupt(rng):
    tree = levels(random_codes(rng, 400, 5), 5)
    data = write(tree, 2)
    for size in (8, 10, len(data) // 4 * 2, len(data) - 2):
        with pytest.raises(CorruptStream):
            read(data[:size], 2, tree)
    with pytest.raises(CorruptStream):
        read(data + b"\0\0", 2, tree)
