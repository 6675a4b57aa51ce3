"""Training batches from dense voxel clouds: cubes at full resolution, and whole clouds thinned from below.

Crops teach the last levels, where nine tenths of the bits are. The coarse levels of a crop have no surroundings, so
some batches hold whole clouds without their last ``s`` levels: those see every neighbour there is. Others are made
sparse and noisy, like static scans and depth cameras, so that the network knows more than full surfaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pcc.datasets.batches import Batch, Crop, Mixture, Pool, make_batch
from pcc.datasets.cells import CellCloud
from pcc.datasets.describe import NOT_STATED, data_record
from pcc.datasets.rows import unique_rows
from pcc.datasets.surfaces import log_uniform
from pcc.records import check_numbers


@dataclass(frozen=True)
class DenseRecipe:
    """Sizes and shares of dense batches.

    Attributes:
        crop_depth: crops are cubes with an edge of 2^crop_depth voxels.
        voxels_per_batch: crops are added until a batch holds that many.
        whole_cloud_fraction: of the batches are whole clouds, thinned by 1 to ``max_drop`` levels, or by more where
            about ``max_whole_voxels`` ask for it.
        scan_fraction: of the samples come from scans, the others from meshes.
        min_crop_voxels: emptier cubes are drawn again.
        sparse_fraction: of the batches are crops of edge 2^sparse_depth of which a share is kept, from ``min_kept`` to
            all (drawn log-uniformly), half of them moved by noise of up to ``max_jitter`` voxels (standard deviation).
        sparse_offset: level offset of the sparse batches, as the model has it (`pcc.models.occupancy.OccupancyConfig`).
        sparse_voxels: crops are added until a sparse batch holds that many.
    """

    crop_depth: int = 6
    voxels_per_batch: int = 20_000
    whole_cloud_fraction: float = 0.1
    max_drop: int = 4
    max_whole_voxels: int = 50_000
    scan_fraction: float = 0.4
    min_crop_voxels: int = 200
    sparse_fraction: float = 0.15
    sparse_offset: int | None = None
    sparse_depth: int = 8
    sparse_voxels: int = 6000
    min_kept: float = 0.01
    max_jitter: float = 3.0

    def __post_init__(self) -> None:
        check_numbers(self)


@dataclass(frozen=True)
class DenseBatches:
    """Batches from two pools of (V, 3) integer voxel clouds >= 0: meshes and scans (either may be empty)."""

    meshes: Sequence[np.ndarray]
    scans: Sequence[np.ndarray] = ()
    recipe: DenseRecipe = field(default_factory=DenseRecipe)
    licence: str = NOT_STATED

    def __post_init__(self) -> None:
        cells = [[CellCloud.of(cloud) for cloud in clouds if len(cloud)] for clouds in (self.meshes, self.scans)]
        shares = (1 - self.recipe.scan_fraction, self.recipe.scan_fraction) if cells[0] and cells[1] else (1.0, 1.0)
        named = zip(cells, shares, ("meshes", "scans"), strict=True)
        pools = [Pool([c.coords for c in group], share, by_size=True, name=name) for group, share, name in named]
        object.__setattr__(self, "_cells", cells)
        object.__setattr__(self, "_mixture", Mixture(pools))

    def describe(self) -> dict[str, Any]:
        return data_record("DenseBatches", self.licence, self._mixture.describe())  # type: ignore[attr-defined]

    def sample(self, rng: np.random.Generator) -> Batch:
        """A batch of crops, or one whole thinned cloud.

        The level_offset is 0 for crops, ``sparse_offset`` for sparse ones, the levels dropped for a whole cloud.
        """
        kind = rng.random()
        if kind < self.recipe.whole_cloud_fraction:
            return self._whole_cloud(rng)
        if kind < self.recipe.whole_cloud_fraction + self.recipe.sparse_fraction:
            return self._sparse(rng)
        crops: list[Crop] = []
        while sum(len(coords) for coords, _ in crops) < self.recipe.voxels_per_batch:
            crops.append((self._crop(self._draw(rng), 1 << self.recipe.crop_depth, rng), self.recipe.crop_depth))
        return make_batch(crops, 0, rng)

    def _sparse(self, rng: np.random.Generator) -> Batch:
        recipe, side = self.recipe, 1 << self.recipe.sparse_depth
        crops: list[Crop] = []
        while sum(len(coords) for coords, _ in crops) < recipe.sparse_voxels:
            crop = self._crop(self._draw(rng), side, rng)
            kept = crop[rng.random(len(crop)) < log_uniform(rng, recipe.min_kept, 1.0)]
            if rng.random() < 0.5:
                kept = jitter(kept, recipe.max_jitter * rng.random(), side, rng)
            if len(kept):
                crops.append((unique_rows(kept), recipe.sparse_depth))
        return make_batch(crops, recipe.sparse_offset or 0, rng)

    def _draw(self, rng: np.random.Generator) -> CellCloud:
        pool, cloud = self._mixture.draw(rng)  # type: ignore[attr-defined]
        return self._cells[pool][cloud]  # type: ignore[attr-defined]

    def _crop(self, cloud: CellCloud, side: int, rng: np.random.Generator) -> np.ndarray:
        """A cube around a random voxel, turned at random; the fullest of a few tries where a cloud is sparse."""
        best = np.zeros((0, 3), np.int32)
        for _ in range(10):
            centre = cloud.coords[rng.integers(len(cloud))].astype(np.int64)
            inside = cloud.box(centre - rng.integers(side // 4, 3 * side // 4 + 1, 3), side)
            best = max(best, inside, key=len)
            if len(best) >= self.recipe.min_crop_voxels:
                break
        return turn(best, side, rng)

    def _whole_cloud(self, rng: np.random.Generator) -> Batch:
        coords = self._draw(rng).coords
        over_budget = np.log2(max(len(coords) / self.recipe.max_whole_voxels, 1)) / 2  # a surface: 4 children a node
        drop = max(int(rng.integers(1, self.recipe.max_drop + 1)), int(np.ceil(over_budget)))
        origin = rng.integers(0, 1 << drop, 3, dtype=np.int32)
        thinned = unique_rows((coords + origin) >> drop)
        side = int(thinned.max()) + 1
        return make_batch([(turn(thinned, side, rng), max((side - 1).bit_length(), 1))], drop, rng)


def jitter(coords: np.ndarray, sigma: float, side: int, rng: np.random.Generator) -> np.ndarray:
    """Voxels moved by normal noise of ``sigma`` voxels, without those that leave the cube: (V, 3), with duplicates."""
    moved = coords + np.rint(rng.standard_normal(coords.shape) * sigma).astype(coords.dtype)
    return moved[((moved >= 0) & (moved < side)).all(1)]


def turn(coords: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """One of the 48 symmetries of the cube [0, side)^3, at random: (V, 3) of the same dtype."""
    turned = coords[:, rng.permutation(3)]
    flips = rng.random(3) < 0.5
    return np.where(flips, side - 1 - turned, turned)
