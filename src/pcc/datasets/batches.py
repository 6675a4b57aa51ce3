"""What training consumes: batches of small clouds as sorted leaf codes.

    clouds -> crops or thinned whole clouds -> one cube each, side 2^depth -> Batch (roots are the crops)

Coordinates only; the octree, its neighbours and the symbols are built from the codes by ``pcc.geometry``. Sampling
is a function of the generator that is passed in, so a run repeats bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pcc.datasets.describe import pool_record
from pcc.ops import morton
from pcc.ops.sort import radix_sort, unique

Crop = tuple[np.ndarray, int]  # (V, 3) integer voxels >= 0 and the depth of their cube


@dataclass(frozen=True, eq=False)
class Batch:
    """Several clouds of one depth, each with a root of its own.

    Attributes:
        codes: (V,) uint64, ascending and unique: ``crop << 3 * depth | morton``.
        depth: bits an axis, the same for all crops.
        level_offset: finest voxel = 2^level_offset voxels of the full cloud (dense) or millimetres (LiDAR).
        num_crops: roots; every one holds at least a voxel.
    """

    codes: np.ndarray
    depth: int
    level_offset: int
    num_crops: int

    @property
    def num_points(self) -> int:
        """Voxels of the batch: what its bits are divided by."""
        return len(self.codes)


class Batches(Protocol):
    """An endless source of batches."""

    def sample(self, rng: np.random.Generator) -> Batch: ...

    def describe(self) -> dict[str, Any]:
        """What they are drawn from (`pcc.datasets.describe`)."""


@dataclass(frozen=True)
class Pool:
    """Clouds of one kind, drawn with probability ``share`` (shares are normalised; empty pools count nothing).

    Attributes:
        clouds: what one is drawn from: (V, 3) integer arrays.
        share: fraction of the samples drawn from this pool.
        by_size: draw a cloud in proportion to its points, or all alike.
        name: what the clouds are.
    """

    clouds: Sequence[np.ndarray]
    share: float = 1.0
    by_size: bool = False
    name: str = "clouds"


@dataclass(frozen=True)
class Mixture:
    """Draws clouds from pools."""

    pools: Sequence[Pool]

    def __post_init__(self) -> None:
        if not any(pool.share > 0 and len(pool.clouds) for pool in self.pools):
            raise ValueError("pools: expected at least one cloud with a share over 0, got none")

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """(pool, cloud) indices."""
        chosen = draw_index([pool.share if len(pool.clouds) else 0.0 for pool in self.pools], rng)
        pool = self.pools[chosen]
        return chosen, draw_index([len(cloud) if pool.by_size else 1.0 for cloud in pool.clouds], rng)

    def describe(self) -> list[dict[str, Any]]:
        """A record for each pool."""
        return [pool_record(pool.name, pool.clouds, pool.share) for pool in self.pools]


def draw_index(weights: Sequence[float], rng: np.random.Generator) -> int:
    """An index with probability proportional to its weight."""
    ends = np.cumsum(weights)
    return min(int(np.searchsorted(ends, rng.random() * ends[-1], side="right")), len(ends) - 1)


def make_batch(crops: Sequence[Crop], level_offset: int, rng: np.random.Generator) -> Batch:
    """Puts crops into cubes of one depth, the deepest one's; a smaller crop lies at a random place in its cube."""
    depth = max(depth for _, depth in crops)
    placed = [coords + rng.integers(0, (1 << depth) - (1 << own) + 1, 3) for coords, own in crops]
    coords = np.concatenate(placed).astype(np.int32)
    roots = np.repeat(np.arange(len(crops), dtype=np.uint64), [len(c) for c in placed])
    return Batch(leaf_codes(coords, roots, depth), depth, level_offset, len(crops))


def leaf_codes(coords: np.ndarray, roots: np.ndarray, depth: int) -> np.ndarray:
    """Codes of voxels with their crop above them.

    Args:
        coords: (N, 3) int32 in [0, 2^depth), duplicates allowed.
        roots: (N,) uint64, the crop of each.

    Returns:
        (V,) uint64, ascending and unique.

    Raises:
        ValueError: the codes would not fit 64 bits, or a coordinate lies outside its cube.
    """
    if len(roots) and 3 * depth + int(roots.max()).bit_length() > 64:
        raise ValueError(f"depth: {depth} bits an axis and {int(roots.max()) + 1} roots do not fit a 64-bit code")
    if len(coords) and (coords.min() < 0 or coords.max() >> depth):
        raise ValueError(f"coords: expected 0 <= value < {1 << depth}, got {coords.min()} to {coords.max()}")
    ordered, _ = radix_sort(morton.encode(coords) | (roots << np.uint64(3 * depth)))
    return unique(ordered)[0]


def stream(batches: Batches, seed: int) -> Iterator[Batch]:
    """Endless batches of one seed."""
    rng = np.random.default_rng(seed)
    while True:
        yield batches.sample(rng)
