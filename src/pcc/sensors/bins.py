"""Range indices in groups: what a codec codes of them, without loss in groups of one.

Bin b >= 1 holds the ``group`` indices up to group * b; decoded is its middle, so no index moves by more than
(group - 1) / 2. Bin 0 stands for an empty cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.ops.lattice_context import MOST_RANGE
from pcc.ops.mixture import Bins


@dataclass(frozen=True)
class RangeBins:
    """Groups of ``group`` indices, each of ``range_step`` range units (1/16 mm, a multiple of 4)."""

    range_step: int
    group: int = 1

    @property
    def width(self) -> int:
        """Range units of a bin."""
        return self.group * self.range_step

    def numbers(self, index: np.ndarray) -> np.ndarray:
        """int32 bins of indices; 0 of 0."""
        return ((index + (self.group - 1)) // self.group).astype(np.int32)

    def halves(self, numbers: np.ndarray) -> np.ndarray:
        """int32, twice the index in the middle of bins."""
        return (2 * self.group * numbers - (self.group - 1)).astype(np.int32)

    def units(self, numbers: np.ndarray) -> np.ndarray:
        """int32 range units of the middles of bins, at most `MOST_RANGE`; 0 of bin 0."""
        units = self.halves(numbers).astype(np.int64) * (self.range_step // 2)
        return np.where(numbers > 0, np.minimum(units, MOST_RANGE), 0).astype(np.int32)

    def coded(self, bits: int) -> Bins:
        """As a mixture codes them."""
        return Bins(bits, -(self.group - 1) * (self.range_step // 2), self.width)
