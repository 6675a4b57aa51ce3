"""Batches of which not all will be coded: which levels are inferred, and how much of the first of them is coded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pcc.datasets.batches import Batch, Batches
from pcc.datasets.validation import whole_cloud

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

    levels: Sequence[float] = (0.5, 0.3, 0.13, 0.07)
    none: float = 0.2
    least: int = 8
    most: int = 250

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= MOST_SHARE or min(self.levels) < 0:
            raise ValueError(f"recipe: expected shares within 1..{MOST_SHARE} and weights, got {self}")


@dataclass(frozen=True)
class LossyBatches:
    """Batches of others, at operating points of their own."""

    batches: Batches
    recipe: LossyRecipe = field(default_factory=LossyRecipe)

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
        rest = dict(settings)
        shares = tuple(rest.pop("shares"))
        points[name] = LossyBatch(whole_cloud(**rest), shares)
    return points
