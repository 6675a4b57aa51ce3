"""One step up and one step down an octree: nodes to parents with occupancy, and back.

Nodes of a level are Morton codes in ascending order; a child's code is ``parent << 3 | octant``. Children of sorted
nodes come out sorted. The levels of a whole tree are `pcc.geometry.octree`.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty


def parents(codes: Array) -> tuple[Array, Array]:
    """Parents of the nodes of a level.

    Args:
        codes: (N,) uint64, strictly ascending.

    Returns:
        ``(parent_codes, occupancy)``: (P,) uint64 strictly ascending, and (P,) uint8 where bit i says that the
        child in octant i is among the nodes.

    Raises:
        ValueError: the codes do not ascend strictly.
    """
    codes = check(codes, "codes", "uint64", (None,))
    parent_codes, occupancy = empty(codes, (len(codes),), np.uint64), empty(codes, (len(codes),), np.uint8)
    num_parents = _ext.octree_parents(codes, parent_codes, occupancy)
    if num_parents < 0:
        raise ValueError("codes: expected strictly ascending codes")
    return parent_codes[:num_parents], occupancy[:num_parents]


def children(codes: Array, occupancy: Array) -> tuple[Array, Array, Array]:
    """Children of the nodes of a level: the inverse of `parents`.

    Args:
        codes: (P,) uint64.
        occupancy: (P,) uint8, not 0.

    Returns:
        ``(child_codes, parents, octants)``: (N,) uint64, (N,) int32 rows of ``codes``, (N,) uint8 in 0..7; ordered
        by parent, then by octant. N is the number of set bits.

    Raises:
        ValueError: a node has occupancy 0, or the lengths differ.
    """
    codes = check(codes, "codes", "uint64", (None,))
    occupancy = check(occupancy, "occupancy", "uint8", (len(codes),))
    num_children = _ext.octree_count_children(occupancy)
    if num_children < 0:
        raise ValueError("occupancy: expected 1 to 255, got 0 (a node without children)")
    child_codes = empty(codes, (num_children,), np.uint64)
    rows, octants = empty(codes, (num_children,), np.int32), empty(codes, (num_children,), np.uint8)
    _ext.octree_children(codes, occupancy, child_codes, rows, octants)
    return child_codes, rows, octants


def parents_reference(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`parents`, one bit at a time."""
    parent_codes, rows = np.unique(codes >> np.uint64(3), return_inverse=True)
    occupancy = np.zeros(len(parent_codes), np.uint8)
    np.bitwise_or.at(occupancy, rows, np.uint8(1) << (codes & np.uint64(7)).astype(np.uint8))
    return parent_codes, occupancy


def children_reference(codes: np.ndarray, occupancy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`children` through the (P, 8) table of bits."""
    rows, octants = np.nonzero((occupancy[:, None] >> np.arange(8, dtype=np.uint8)) & 1)
    child_codes = codes[rows] << np.uint64(3) | octants.astype(np.uint64)
    return child_codes, rows.astype(np.int32), octants.astype(np.uint8)
