"""children(parents(codes)) = codes, and both equal their references."""

import numpy as np
import pytest

from pcc.ops import octree

SIZES = [0, 1, 8, 9, 17, 250_001]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("spread", [2, 40])
def test_up_and_down_again(isa, threads, rng, size, spread):
    """children(*parents(codes)) = codes; parents and octants are its quotient and remainder by 8."""
    codes = np.unique(rng.integers(0, max(1, size) * spread, size, dtype=np.uint64))
    parent_codes, occupancy = octree.parents(codes)
    for got, want in zip((parent_codes, occupancy), octree.parents_reference(codes), strict=True):
        np.testing.assert_array_equal(got, want)
    found = octree.children(parent_codes, occupancy)
    for got, want in zip(found, octree.children_reference(parent_codes, occupancy), strict=True):
        np.testing.assert_array_equal(got, want)
        assert got.dtype == want.dtype
    child_codes, parents, octants = found
    np.testing.assert_array_equal(child_codes, codes)
    np.testing.assert_array_equal(parent_codes[parents], codes >> np.uint64(3))
    np.testing.assert_array_equal(octants, codes & np.uint64(7))


def test_literal():
    """Codes 0, 7 and 9: parent 0 with octants 0 and 7, parent 1 with octant 1."""
    parent_codes, occupancy = octree.parents(np.array([0, 7, 9], np.uint64))
    assert parent_codes.tolist() == [0, 1]
    assert occupancy.tolist() == [0b1000_0001, 0b10]
    child_codes, parents, octants = octree.children(parent_codes, occupancy)
    assert (child_codes.tolist(), parents.tolist(), octants.tolist()) == ([0, 7, 9], [0, 0, 1], [0, 7, 1])


def test_the_largest_code_and_a_full_node(isa):
    top = np.array([2**63 - 8 + octant for octant in range(8)], np.uint64)
    parent_codes, occupancy = octree.parents(top)
    assert parent_codes.tolist() == [2**60 - 1]
    assert occupancy.tolist() == [255]
    np.testing.assert_array_equal(octree.children(parent_codes, occupancy)[0], top)


def test_all_occupancies(isa):
    """Every occupancy 1..255 comes back."""
    codes = np.arange(255, dtype=np.uint64)
    occupancy = np.arange(1, 256, dtype=np.uint8)
    again = octree.parents(octree.children(codes, occupancy)[0])
    np.testing.assert_array_equal(again[0], codes)
    np.testing.assert_array_equal(again[1], occupancy)


@pytest.mark.parametrize("codes", [[3, 3], [3, 2], [16, 0], [0, 8, 8]])
def test_parents_refuse_what_does_not_ascend(isa, codes):
    with pytest.raises(ValueError, match="ascending"):
        octree.parents(np.array(codes, np.uint64))


def test_children_refuse_empty_nodes_and_other_lengths():
    with pytest.raises(ValueError, match="got 0"):
        octree.children(np.array([0, 1], np.uint64), np.array([1, 0], np.uint8))
    with pytest.raises(ValueError, match="shape"):
        octree.children(np.array([0, 1], np.uint64), np.array([1], np.uint8))


@pytest.mark.parametrize("place", range(1, 40))
def test_disorder_anywhere_is_found(isa, place):
    """Two equal codes, or two in the wrong order, at any place."""
    codes = np.arange(1, 41, dtype=np.uint64) * np.uint64(3)
    for wrong in (codes[place - 1], codes[place - 1] - np.uint64(1)):
        damaged = codes.copy()
        damaged[place] = wrong
        with pytest.raises(ValueError, match="ascend"):
            octree.parents(damaged)
