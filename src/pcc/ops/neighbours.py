"""The 27 neighbours of every node of an octree level, found from those of its parent.

    direction d = (dx + 1) * 9 + (dy + 1) * 3 + (dz + 1), dx, dy, dz in -1..1
    13 is the node itself, 26 - d is opposite to d

A node's neighbours are children of its parent's neighbours, so their rows follow from the parents' rows and
occupancies: nothing is searched and no hash table is built. Several roots (a batch of clouds) stay strangers.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty

NUM_DIRECTIONS = 27
LARGE_LEVEL = 1 << 20  #: nodes from which on it pays to give memory back early
SELF = 13  #: the direction of the node itself


def root_neighbours(num_roots: int) -> np.ndarray:
    """(num_roots, 27) int32: every root has itself and no other neighbour."""
    neighbours = np.full((num_roots, NUM_DIRECTIONS), -1, np.int32)
    neighbours[:, SELF] = np.arange(num_roots)
    return neighbours


def child_neighbours(
    neighbours: Array, occupancy: Array, parents: Array, octants: Array, *, consume: bool = False
) -> Array:
    """Neighbours of children.

    Args:
        neighbours: (P, 27) int32 rows of the parents' level, -1 where empty.
        occupancy: (P,) uint8 of that level; the children's rows are its set bits in order, as `octree.children` has it.
        parents: (N,) int32 rows of the parents' level. Fastest when children of one parent follow each other.
        octants: (N,) uint8 in 0..7.
        consume: ``neighbours`` are needed no more: a large level's memory is given back while it is read.

    Returns:
        (N, 27) int32 rows of the children's level, -1 where empty.

    Raises:
        ValueError: a shape differs, or a row or an octant is out of range.
    """
    occupancy = check(occupancy, "occupancy", "uint8", (None,))
    neighbours = check(neighbours, "neighbours", "int32", (len(occupancy), NUM_DIRECTIONS))
    parents = check(parents, "parents", "int32", (None,))
    octants = check(octants, "octants", "uint8", (len(parents),))
    out = empty(parents, (len(parents), NUM_DIRECTIONS), np.int32)
    consume = consume and len(occupancy) >= LARGE_LEVEL
    if not _ext.child_neighbours(neighbours, occupancy, parents, octants, out, consume):
        raise ValueError(f"parents, octants: expected rows below {len(occupancy)} and octants below 8")
    return out


def child_neighbours_reference(
    neighbours: np.ndarray, occupancy: np.ndarray, parents: np.ndarray, octants: np.ndarray
) -> np.ndarray:
    """`child_neighbours`, one direction at a time."""
    bits = (occupancy[:, None] >> np.arange(8, dtype=np.uint8)) & 1
    rows = np.where(bits == 1, np.cumsum(bits.ravel()).reshape(bits.shape) - 1, -1).astype(np.int32)  # (P, 8)
    position = np.stack([octants >> 2 & 1, octants >> 1 & 1, octants & 1], axis=1).astype(np.int64)
    out = np.empty((len(parents), NUM_DIRECTIONS), np.int32)
    for direction in range(NUM_DIRECTIONS):
        step = np.array([direction // 9, direction // 3 % 3, direction % 3]) - 1
        target = position + step
        above = (target >> 1) + 1  # 0..2: which neighbour of the parent
        near = neighbours[parents, above @ [9, 3, 1]]
        out[:, direction] = np.where(near >= 0, rows[near, (target & 1) @ [4, 2, 1]], -1)
    return out
