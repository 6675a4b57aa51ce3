"""Growing a tree from occupancies(codes) gives codes again, and each level is what its fields say."""

from itertools import pairwise

import numpy as np
import pytest

from pcc.geometry import octree
from pcc.ops import morton


def grow(num_roots: int, occupancies: list[np.ndarray]) -> tuple[list[octree.Level], np.ndarray]:
    level = octree.root_level(num_roots)
    levels = [level]
    for occupancy in occupancies[:-1]:
        level = octree.child_level(level, occupancy)
        levels.append(level)
    return levels, octree.leaf_codes(level, occupancies[-1])


@pytest.mark.parametrize(("num", "depth"), [(1, 1), (1, 21), (2, 5), (5000, 4), (70_001, 9), (3000, 21)])
def test_grows_back(isa, threads, rng, num, depth):
    """leaf_codes(... child_level(root_level(), o[0]) ..., o[-1]) = codes for o = occupancies(codes, depth)."""
    codes = np.unique(morton.encode(rng.integers(0, 1 << depth, (num, 3), dtype=np.int32)))
    occupancies = octree.occupancies(codes, depth)
    levels, leaves = grow(1, occupancies)
    np.testing.assert_array_equal(leaves, codes)
    assert [len(level) for level in levels] == [len(occupancy) for occupancy in occupancies]
    for depth_above, (above, level) in enumerate(pairwise(levels)):
        assert level.depth == depth_above + 1
        np.testing.assert_array_equal(above.codes[level.parents], level.codes >> np.uint64(3))
        np.testing.assert_array_equal(level.octants, level.codes & np.uint64(7))
        np.testing.assert_array_equal(level.neighbours[:, 13], np.arange(len(level)))


def test_literal():
    """Voxels (0, 0, 0), (3, 3, 3) and (3, 3, 2) of a cube of 4."""
    codes = np.array([0, 62, 63], np.uint64)
    first, second = octree.occupancies(codes, 2)
    assert (first.tolist(), second.tolist()) == ([0b1000_0001], [1, 0b1100_0000])
    level = octree.child_level(octree.root_level(), first)
    assert (level.depth, level.codes.tolist(), level.octants.tolist()) == (1, [0, 7], [0, 7])
    assert np.flatnonzero(level.neighbours[0] >= 0).tolist() == [13, 26]
    assert octree.leaf_codes(level, second).tolist() == [0, 62, 63]


def test_a_batch_is_its_clouds_side_by_side(isa, rng):
    """Level of the batch = the clouds' levels, rows shifted by the clouds before."""
    depth = 5
    clouds = [np.unique(rng.integers(0, 1 << 3 * depth, size, dtype=np.uint64)) for size in (900, 1, 300)]
    batch = np.concatenate([codes | np.uint64(i << 3 * depth) for i, codes in enumerate(clouds)])
    levels, leaves = grow(3, octree.occupancies(batch, depth))
    np.testing.assert_array_equal(leaves, batch)
    singles = [grow(1, octree.occupancies(codes, depth))[0] for codes in clouds]
    for level, parts in zip(levels, zip(*singles, strict=True), strict=True):
        starts = np.cumsum([0] + [len(part) for part in parts[:-1]])
        shifted = [np.where(p.neighbours < 0, -1, p.neighbours + s) for p, s in zip(parts, starts, strict=True)]
        np.testing.assert_array_equal(level.neighbours, np.concatenate(shifted))


def test_no_depth_and_no_codes():
    assert octree.occupancies(np.zeros(1, np.uint64), 0) == []
    assert [len(o) for o in octree.occupancies(np.empty(0, np.uint64), 3)] == [0, 0, 0]
    root = octree.root_level()
    assert (root.codes.tolist(), root.parents.tolist(), root.octants.tolist()) == ([0], [-1], [0])


def test_refuses_an_empty_node():
    with pytest.raises(ValueError, match="got 0"):
        octree.child_level(octree.root_level(), np.zeros(1, np.uint8))


def test_children_of_nodes_that_a_cloud_may_not_have(rng):
    """Which children hold leaves, by sets; nodes that are not the cloud's have none."""
    leaves, others = (np.unique(rng.integers(0, 1 << 12, n).astype(np.uint64)) for n in (60, 90))
    both = np.union1d(leaves, others)
    for below in (1, 2, 3):
        nodes = np.unique(both >> np.uint64(3 * below))
        level = octree.Level(
            4 - below, nodes, np.zeros(len(nodes), np.int32), np.zeros(len(nodes), np.uint8), np.zeros((0, 27))
        )
        children = {int(leaf) >> 3 * (below - 1) for leaf in leaves}
        want = [sum(1 << o for o in range(8) if int(node) * 8 + o in children) for node in nodes]
        assert octree.child_occupancies(level, leaves, below).tolist() == want
