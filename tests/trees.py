"""Small random octrees and neighbour tables for tests of what runs on levels."""

from __future__ import annotations

import numpy as np

from pcc.geometry.coding_order import CodingOrder
from pcc.geometry.octree import Level, child_level, occupancies, root_level

SELF = 13
ORDERS = [CodingOrder(c, g, by) for c in (1, 2, 4, 8) for g in (1, 2, 4, 8) for by in (False, True)]
SOME_ORDERS = [
    CodingOrder(2, 8),
    CodingOrder(8, 4),
    CodingOrder(8, 2, by_colour=True),
    CodingOrder(4, 4),
    CodingOrder(1, 1),
]


def random_level(rng: np.random.Generator, depth: int, bits: float = 3.0, num_roots: int = 1) -> Level:
    """A level of a random tree whose nodes have ``bits`` children on average."""
    level = root_level(num_roots)
    for _ in range(depth):
        level = child_level(level, random_occupancy(rng, len(level), bits))
    return level


def is_lone(neighbours: np.ndarray) -> np.ndarray:
    """(N,) bool: the nodes of a level's table (N, 27) that have no neighbour but themselves."""
    return np.delete(neighbours, SELF, axis=1).max(1) < 0


def mixed_level(rng: np.random.Generator) -> Level:
    """A level with many lone nodes, and many others."""
    level = root_level()
    for occupancy in occupancies(random_codes(rng, 500, 6), 6)[:5]:
        level = child_level(level, occupancy)
    assert 0.5 < is_lone(level.neighbours).mean() < 0.8
    return level


def random_occupancy(rng: np.random.Generator, num: int, bits: float = 3.0) -> np.ndarray:
    """(num,) uint8 without zeros; every bit is set with probability ``bits`` / 8, and one bit always."""
    set_bits = rng.random((num, 8)) < bits / 8
    set_bits[np.arange(num), rng.integers(0, 8, num)] = True
    return np.packbits(set_bits, axis=1, bitorder="little")[:, 0]


def random_table(rng: np.random.Generator, num_out: int, num_in: int, num_offsets: int = 27) -> np.ndarray:
    """(num_out, num_offsets) int32 rows of 0..num_in - 1, half of them -1; no symmetry."""
    table = rng.integers(0, max(num_in, 1), (num_out, num_offsets), dtype=np.int32)
    return np.where(rng.random(table.shape) < (0.5 if num_in else 1.1), np.int32(-1), table).astype(np.int32)


def random_codes(rng: np.random.Generator, num: int, depth: int) -> np.ndarray:
    """Up to ``num`` distinct leaf codes of a tree of that depth, ascending."""
    return np.unique(rng.integers(0, 1 << 3 * depth, num, dtype=np.uint64))


def name_of(order: CodingOrder) -> str:
    """For the ids of tests."""
    return f"{order.colours}x{order.groups}{' by colour' if order.by_colour else ''}"
