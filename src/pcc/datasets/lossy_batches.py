"""Batches of which not all will be coded: which levels are inferred, and how much of the first of them is coded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pcc.datasets.batches import Batch, Batches
from pcc.datasets.validation import checked, whole_cloud
from pcc.records import check_numbers

MOST_SHARE = 255


@dataclass(frozen=True, eq=False)
class LossyBatch:
    """A batch, and the shares of its last levels, coarsest first (`pcc.codec.inferred.Inferred`)."""

    batch: Batch
    shares: tuple[int, ...]

    @property
    def num_points(self) -> int:
        return self.batch.num_points


@dataclass(frozen=True)
class LossyRecipe:
    """How operating points are drawn.

    Attributes:
        levels: how often one level is inferred, two, and so on.
        none: how often nothing of the first is coded.
        least, most: of its share otherwise, drawn log-uniformly.
    """

    levels: Sequence[float] = (0.4, 0.35, 0.15, 0.1)
    none: float = 0.2
    least: int = 8
    most: int = 250

    def __post_init__(self) -> None:
        check_numbers(self)
        if not 1 <= self.least <= self.most <= MOST_SHARE or min(self.levels) < 0:
            raise ValueError(f"recipe: expected shares within 1..{MOST_SHARE} and weights, got {self}")


@dataclass(frozen=True)
class LossyBatches:
    """Batches of others, at operating points of their own."""

    batches: Batches
    recipe: LossyRecipe = field(default_factory=LossyRecipe)

    def describe(self) -> dict[str, Any]:
        of = self.batches.describe()
        return of | {"source": f"LossyBatches of {of['source']}"}

    def sample(self, rng: np.random.Generator) -> LossyBatch:
        batch, recipe = self.batches.sample(rng), self.recipe
        weights = np.array(recipe.levels) / sum(recipe.levels)
        levels = min(1 + int(rng.choice(len(weights), p=weights)), batch.depth)
        share = 0
        if rng.random() >= recipe.none:
            share = int(math.exp(rng.uniform(math.log(recipe.least), math.log(recipe.most + 1))))
        return LossyBatch(batch, (share, *(levels - 1) * (0,)))


def validation_points(clouds: Mapping[str, Mapping[str, Any]]) -> dict[str, LossyBatch]:
    """Whole clouds at operating points: name -> what `pcc.datasets.validation.whole_cloud` takes, and ``shares``."""
    points = {}
    for name, settings in clouds.items():
        rest = dict(checked(name, settings, "shares", ("path", "voxel_size", "level_offset")))
        shares = tuple(rest.pop("shares"))
        points[name] = LossyBatch(whole_cloud(**rest), shares)
    return points
