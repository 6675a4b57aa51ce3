"""Levels of an octree of which not all is coded: the last ones of a cloud that may lose something.

A level's decisions are coded where the network is not sure of them, in the first passes more than in later ones, and
inferred elsewhere (`pcc.inference.lossy`). With a rising share a level grows from a guess into what it was; then the
level below it may begin.

    level 7  coded whole | level 8  half of it coded | level 9  inferred | the voxels, about as many as there were

What is inferred may be wrong. A node has a child at least, even one that the cloud does not have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pcc.entropy.inferring import InferringCoder
from pcc.geometry.octree import Level, child_occupancies
from pcc.inference.lossy import lossy_row, pass_thresholds

if TYPE_CHECKING:
    from pcc.codec.walk import Network

LEAN_UNIT = 8  # of a code, in 1/256 bit
MOST_LEAN = 127


@dataclass(frozen=True)
class Inferred:
    """The last levels, coarsest first.

    Attributes:
        shares: how much of each is coded, 0..255; 0: nothing.
        leans: of each, -127..127 in 1/32 bit: how much more likely than it is a one is taken for, where it is inferred.
        leaves: (V,) uint64 codes of what the levels should become, ascending; None for a decoder.
    """

    shares: tuple[int, ...]
    leans: tuple[int, ...]
    leaves: np.ndarray | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.shares or len(self.leans) != len(self.shares):
            raise ValueError(f"shares, leans: expected as many, and one at least, got {self.shares}, {self.leans}")
        if not 0 <= min(self.shares) <= max(self.shares) <= 255 or max(map(abs, self.leans)) > MOST_LEAN:
            raise ValueError(f"shares, leans: expected 0..255 and -127..127, got {self.shares}, {self.leans}")

    def has(self, levels_to_go: int) -> bool:
        """Whether the level with so many from it down to the leaves is one of them."""
        return levels_to_go <= len(self.shares)

    def scale(self, network: Network, scale: int, levels_to_go: int) -> int:
        """The scale of the weights that code the level, which would have ``scale`` were it coded whole."""
        if network.lossy_scale is None:
            raise ValueError("the model codes whole levels only")
        first = levels_to_go == len(self.shares)
        return network.lossy_scale + lossy_row(scale, self.shares[-levels_to_go], first)

    def code(
        self, network: Network, coder: Any, feats: Any, view: Any, level: Level, occupancy: np.ndarray, scale: int,
        levels_to_go: int,
    ) -> None:  # fmt: skip
        """Code the level into ``occupancy``, which holds zeros; the scale is that of ``scale``."""
        thresholds = pass_thresholds(self.shares[-levels_to_go], network.num_passes)
        partial = self.coder(coder, thresholds, LEAN_UNIT * self.leans[-levels_to_go])
        target = None if self.leaves is None else child_occupancies(level, self.leaves, levels_to_go)
        steps = network.steps(feats, view, occupancy, scale, False, target)
        for number, step in enumerate(steps):  # in training one step is all passes
            partial.number = number
            step.code(partial, False)

    def coder(self, coder: Any, thresholds: np.ndarray, lean: int) -> Any:
        """One that codes or infers, by the walk's coder."""
        return InferringCoder(coder, thresholds, lean)
