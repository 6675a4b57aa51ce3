"""The walk: what the coder returns is what is stored; levels, scales and limits are as they are told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pcc.codec.walk import walk
from pcc.codec.work import Work
from pcc.errors import CorruptStream, LimitExceeded
from pcc.geometry.octree import leaf_codes, occupancies
from tests.trees import random_codes


@dataclass
class WholeOccupancy:
    """One step a level: eight symbols a node, equally likely."""

    occupancy: np.ndarray

    def code(self, coder, known):
        symbols = self.occupancy[:, None] >> np.arange(8) & 1
        symbols = coder.binary(np.zeros(symbols.shape, np.int16), symbols if known else None)
        self.occupancy[:] = np.packbits(symbols.astype(bool), axis=1, bitorder="little")[:, 0]


class Uniform:
    """A network that knows nothing and writes down what it is asked."""

    lossy_scale, num_passes = None, 1

    def __init__(self):
        self.calls = []

    def view(self, level):
        return level

    def num_links(self, view):
        return int((view.neighbours >= 0).sum())

    def features(self, feats, view, scale):
        self.calls.append(("features", view.depth, scale, feats))
        return f"feats {view.depth}"

    def steps(self, feats, view, occupancy, scale, known, target=None):
        assert len(occupancy) == len(view)
        assert occupancy.any() == known
        yield WholeOccupancy(occupancy)

    def absorb(self, feats, view, occupancy, scale):
        self.calls.append(("absorb", view.depth, scale, feats))
        return f"absorbed {view.depth}"


class Tape:
    """Records symbols, or plays them."""

    def __init__(self, tape=None):
        self.tape, self.playing = list(tape or []), tape is not None

    def binary(self, logits, symbols):
        if self.playing:
            assert symbols is None
            return self.tape.pop(0)
        self.tape.append(symbols)
        return symbols


@pytest.mark.parametrize("depth", [1, 2, 5, 21])
@pytest.mark.parametrize("num", [1, 40])
def test_decoding_what_was_coded(rng, depth, num):
    """leaves(walk(decode)) = codes, for one voxel and many."""
    codes = random_codes(rng, num, depth)
    coder = Tape()
    walk(Uniform(), coder, depth, known=occupancies(codes, depth))
    front = walk(Uniform(), Tape(coder.tape), depth, max_leaves=len(codes))
    assert front.level.depth == depth - 1
    np.testing.assert_array_equal(leaf_codes(front.level, front.occupancy), codes)


def test_order_of_calls():
    """Scale = levels to go + offset; the last level is not absorbed; the root has no features."""
    network = Uniform()
    walk(network, Tape(), 2, level_offset=3, known=occupancies(np.array([5], np.uint64), 2))
    assert network.calls == [
        ("features", 0, 5, None),
        ("absorb", 0, 5, "feats 0"),
        ("features", 1, 4, "absorbed 0"),
    ]


def test_several_roots(rng):
    """Two clouds side by side: the leaves hold the root's index above their codes."""
    codes = np.array([3, 9, 64 + 3, 64 + 40], np.uint64)
    known = occupancies(codes, 2)
    front = walk(Uniform(), Tape(), 2, known=known, num_roots=2)
    np.testing.assert_array_equal(leaf_codes(front.level, front.occupancy), codes)


def test_goes_on_from_any_level():
    """Levels coded, then the others by a coder with the same calls: as all at once; and the front may be used again."""
    codes, depth = np.array([1, 8, 9, 77, 300, 511], np.uint64), 3
    known, whole = occupancies(codes, depth), Tape()
    walk(Uniform(), whole, depth, known=known)
    for stop in (1, 2):
        first = Tape()
        front = walk(Uniform(), first, stop, level_offset=depth - stop, known=known)
        for _ in range(2):
            rest = Tape()
            last = walk(Uniform(), rest, depth, known=known, front=front)
            np.testing.assert_array_equal(leaf_codes(last.level, last.occupancy), codes)
            assert len(first.tape) + len(rest.tape) == len(whole.tape)
            for got, want in zip(first.tape + rest.tape, whole.tape, strict=True):
                np.testing.assert_array_equal(got, want)


def test_no_level_outgrows_the_limit():
    """8 leaves where 7 are allowed; the first level is checked too, before the second is made."""
    full = [np.ones((1, 8), np.uint8), np.ones((8, 8), np.uint8)]
    walk(Uniform(), Tape(full[:1]), 1, max_leaves=8)
    with pytest.raises(CorruptStream, match="more than the 7"):
        walk(Uniform(), Tape(full[:1]), 1, max_leaves=7)
    tape = Tape(full)
    with pytest.raises(CorruptStream, match="level 1"):
        walk(Uniform(), tape, 2, max_leaves=7)
    assert len(tape.tape) == 1


def test_a_level_is_paid_for_before_it_is_made():
    """A root costs 48 + 8 + 1 and its link 1/16; 8 nodes, each the neighbour of all, 48 + 8 + 8 and 64 links."""
    full = [np.ones((1, 8), np.uint8), np.ones((8, 8), np.uint8)]
    costs = [48 + 8 + 1, 1 / 16, 48 + 8 + 8, 64 / 16]
    for paid in range(len(costs)):
        network, tape = Uniform(), Tape(full)
        with pytest.raises(LimitExceeded):
            walk(network, tape, 2, work=Work(sum(costs[: paid + 1]) - 0.01, 0))
        assert len(tape.tape) == len(full) - paid // 2
        assert [name for name, *_ in network.calls].count("features") == paid // 2
    work = Work(1000, 0)
    walk(Uniform(), Tape(full), 2, work=work)
    assert work.spent == sum(costs)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_node_without_children_is_corrupt(depth):
    """Only a hostile stream has one: the encoder's octree has none."""
    tape = [np.eye(1, 8, dtype=np.uint8)] * (depth - 1) + [np.zeros((1, 8), np.uint8)]
    with pytest.raises(CorruptStream, match="without children"):
        walk(Uniform(), Tape(tape), depth)


@pytest.mark.parametrize("depth", [0, -1])
def test_depth_is_at_least_one(depth):
    with pytest.raises(ValueError, match="depth"):
        walk(Uniform(), Tape(), depth)
