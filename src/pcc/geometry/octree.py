"""The octree of a cloud: its levels from the root down, and the occupancies that describe it.

    codes of the leaves --occupancies--> [root's, ..., parents' of the leaves]      (encoder, training)
    root_level --occupancy--> child_level --occupancy--> ... --> leaf_codes          (encoder and decoder alike)

A level is known before its occupancy is: the walk codes the occupancy and then asks for the next level. Everything
is in Morton order. A batch of clouds has one root each, whose code is its index in the batch: a leaf's code is
``batch << 3 * depth | morton``, and nodes of different clouds are never neighbours. What a voxel measures is
`pcc.geometry.voxels`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.ops import neighbours, octree

__all__ = ["Level", "child_level", "child_occupancies", "leaf_codes", "occupancies", "root_level"]


@dataclass(frozen=True, eq=False)
class Level:
    """The N nodes of one depth, in Morton order.

    Attributes:
        depth: 0 for the roots; the nodes' codes have 3 * depth bits besides the batch index.
        codes: (N,) uint64, strictly ascending.
        parents: (N,) int32 rows of the level above, ascending; -1 at depth 0.
        octants: (N,) uint8 in 0..7, the place in the parent: ``codes & 7``; 0 at depth 0.
        neighbours: (N, 27) int32 rows of this level, -1 where empty; directions as in `pcc.ops.neighbours`.
    """

    depth: int
    codes: np.ndarray
    parents: np.ndarray
    octants: np.ndarray
    neighbours: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)


def root_level(num_roots: int = 1) -> Level:
    """The roots of a batch of ``num_roots`` clouds."""
    return Level(
        depth=0,
        codes=np.arange(num_roots, dtype=np.uint64),
        parents=np.full(num_roots, -1, np.int32),
        octants=np.zeros(num_roots, np.uint8),
        neighbours=neighbours.root_neighbours(num_roots),
    )


def child_level(level: Level, occupancy: np.ndarray, *, consume: bool = False) -> Level:
    """The level below.

    Args:
        level: of N nodes.
        occupancy: (N,) uint8, bit i = the child in octant i exists; not 0.
        consume: the level's neighbours are needed no more, and may be overwritten.

    Raises:
        ValueError: an occupancy is 0, or the lengths differ.
    """
    codes, parents, octants = octree.children(level.codes, occupancy)
    near = neighbours.child_neighbours(level.neighbours, occupancy, parents, octants, consume=consume)
    return Level(level.depth + 1, codes, parents, octants, near)


def leaf_codes(level: Level, occupancy: np.ndarray) -> np.ndarray:
    """(M,) uint64 codes of the children of the last level, which need no neighbours. Arguments as `child_level`."""
    return octree.children(level.codes, occupancy)[0]


def occupancies(codes: np.ndarray, depth: int) -> list[np.ndarray]:
    """What `child_level` and `leaf_codes` need to grow the tree whose leaves are ``codes``.

    Args:
        codes: (V,) uint64, strictly ascending.
        depth: bits an axis; 0 gives an empty list.

    Returns:
        ``depth`` arrays, root first: (N_d,) uint8 for the nodes of depth d.

    Raises:
        ValueError: the codes do not ascend strictly.
    """
    found = []
    for _ in range(depth):
        codes, occupancy = octree.parents(codes)
        found.append(occupancy)
    return found[::-1]


def child_occupancies(level: Level, leaves: np.ndarray, levels_below: int) -> np.ndarray:
    """(N,) uint8: which children of a level's nodes hold leaves of a cloud that the level need not be of.

    Args:
        level: of N nodes; those that the cloud does not have get 0.
        leaves: (V,) uint64 codes of the cloud, strictly ascending.
        levels_below: from the level's nodes down to the leaves, at least 1.
    """
    for _ in range(levels_below - 1):
        leaves, _ = octree.parents(leaves)
    nodes, found = octree.parents(leaves)
    occupancy = np.zeros(len(level), np.uint8)
    if len(nodes):
        rows = np.minimum(np.searchsorted(nodes, level.codes), len(nodes) - 1)
        there = nodes[rows] == level.codes
        occupancy[there] = found[rows[there]]
    return occupancy
