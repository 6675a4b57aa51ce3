"""Training batches from LiDAR frames in millimetres: the surroundings of random points, fine and coarse.

Near the leaves a frame at 1 mm has over a million nodes, so fine samples are the few thousand points around a point.
Coarse samples drop the last ``s`` levels and reach further, up to the whole frame, so that every level is trained
with neighbours around it. Nothing here knows of lasers; motion correction is ``pcc.datasets.motion``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pcc.datasets.batches import Batch, Crop, Mixture, Pool, make_batch
from pcc.datasets.describe import NOT_STATED, data_record
from pcc.datasets.rows import unique_rows
from pcc.records import check_numbers


@dataclass(frozen=True)
class LidarRecipe:
    """Sizes and shares of LiDAR batches.

    Attributes:
        crop_points: points of a crop at full resolution.
        coarse_fraction: of the batches have their last 1 to ``max_drop`` levels dropped; their crops grow
            geometrically with the number of dropped levels, up to whole frames at ``max_drop``.
        voxels_per_batch: crops are added until a batch holds that many.
    """

    crop_points: int = 4000
    coarse_fraction: float = 0.4
    max_drop: int = 8
    voxels_per_batch: int = 20_000
    max_crops: int = 8

    def __post_init__(self) -> None:
        check_numbers(self)


@dataclass(frozen=True)
class LidarBatches:
    """Batches from pools of (N, 3) int32 frames in millimetres."""

    pools: Sequence[Pool]
    recipe: LidarRecipe = field(default_factory=LidarRecipe)
    licence: str = NOT_STATED

    def __post_init__(self) -> None:
        object.__setattr__(self, "_mixture", Mixture(self.pools))

    def describe(self) -> dict[str, Any]:
        return data_record("LidarBatches", self.licence, self._mixture.describe())  # type: ignore[attr-defined]

    def sample(self, rng: np.random.Generator) -> Batch:
        """Crops that share the number of dropped levels (level_offset)."""
        recipe = self.recipe
        drop = int(rng.integers(1, recipe.max_drop + 1)) if rng.random() < recipe.coarse_fraction else 0
        crops: list[Crop] = []
        while sum(len(coords) for coords, _ in crops) < recipe.voxels_per_batch and len(crops) < recipe.max_crops:
            crops.append(self._crop(drop, rng))
        return make_batch(crops, drop, rng)

    def _crop(self, drop: int, rng: np.random.Generator) -> Crop:
        pool, index = self._mixture.draw(rng)  # type: ignore[attr-defined]
        frame = self.pools[pool].clouds[index]
        share = drop / self.recipe.max_drop
        num_points = int(self.recipe.crop_points ** (1 - share) * len(frame) ** share)
        near = nearest(frame, frame[rng.integers(len(frame))], num_points)
        return place(turn_upright(near, rng), drop, rng)


def nearest(frame: np.ndarray, centre: np.ndarray, num_points: int) -> np.ndarray:
    """The ``num_points`` rows of (N, 3) that are nearest to ``centre`` in the largest coordinate: a cube."""
    if num_points >= len(frame):
        return frame
    distance = np.abs(frame[:, 0] - centre[0])
    for axis in (1, 2):
        np.maximum(distance, np.abs(frame[:, axis] - centre[axis]), out=distance)
    return frame[np.argpartition(distance, num_points - 1)[:num_points]]


def turn_upright(coords: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of the 8 symmetries that keep z, at random: (N, 3) of the same dtype."""
    turned = coords[:, [1, 0, 2]] if rng.random() < 0.5 else coords
    return turned * np.where(rng.random(3) < [0.5, 0.5, 0.0], -1, 1).astype(coords.dtype)


def place(coords: np.ndarray, drop: int, rng: np.random.Generator) -> Crop:
    """Unique voxels of edge 2^drop, at a random place on the grid and in the smallest cube that holds them."""
    low = coords.min(0)
    shifted = (coords - low + rng.integers(0, 1 << drop, 3, dtype=np.int32)) >> drop
    extent = shifted.max(0)
    depth = max(int(extent.max()).bit_length(), 1)
    voxels = shifted + rng.integers(0, (1 << depth) - extent, dtype=np.int32)
    return (voxels if drop == 0 else unique_rows(voxels)), depth
