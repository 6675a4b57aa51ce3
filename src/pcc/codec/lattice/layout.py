"""From cells to the points of a frame, alike for encoder and decoder: positions, and the order of the points.

cells, laser by laser -> places in the lattice -> (motion) -> voxels + corrections --+
points apart -------------------------------------------------------------------------+--> Morton order, stable
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.geometry.range_image import azimuths_of
from pcc.ops import morton, sort
from pcc.ops.float_residuals import float_error
from pcc.ops.lattice_map import positions
from pcc.ops.twist_map import FIXED_BITS, Twist, correct, whole_voxels
from pcc.sensors.bins import RangeBins
from pcc.sensors.table import SensorTable


@dataclass(frozen=True, eq=False)
class Motion:
    """That a frame was corrected for: a twist, and turns (N,) int8 that the sweep is away from points' azimuths."""

    twist: Twist
    wrap: np.ndarray


@dataclass(frozen=True, eq=False)
class Placed:
    """Of the points in cells, laser by laser: voxels (N, 3) int32, and places in them (N, 3) uint8."""

    voxels: np.ndarray
    place: np.ndarray

    def corrected(self, delta: np.ndarray | None) -> Placed:
        """With corrections (N, 3) int8."""
        return self if delta is None else Placed(self.voxels + delta.astype(np.int32), self.place)

    def moved(self, motion: Motion | None) -> Placed:
        """After a correction for motion, which takes whole raw voxels."""
        if motion is None:
            return self
        return Placed(*whole_voxels(correct(motion.twist, self.voxels, motion.wrap)))


def place_cells(table: SensorTable, firings: np.ndarray, bins: RangeBins, numbers: np.ndarray) -> Placed:
    """Where the points of cells lie, as the sensor measured them.

    Args:
        firings: (C,) int32; numbers: (L, C) int32 bins, 0 where empty.
    """
    laser, column = np.nonzero(numbers)
    azimuths = azimuths_of(firings, table.shift, table.steps)[laser, column]
    halves = bins.halves(numbers[laser, column])
    return Placed(*positions(table.lattice, laser.astype(np.uint8), azimuths, halves))


@dataclass(frozen=True, eq=False)
class Listed:
    """The points as listed: voxels (N, 3) int64, those in cells first, what these were before motion (K, 3) int32."""

    voxels: np.ndarray
    raw: np.ndarray
    motion: Motion | None

    def fixed(self) -> np.ndarray:
        """(N, 3) int64 in 2^-24 voxel: positions as finely as they are known."""
        fixed = self.voxels << FIXED_BITS
        if self.motion is not None:
            exact = correct(self.motion.twist, self.raw, self.motion.wrap, float_error(self.raw))
            same = (whole_voxels(exact)[0] == self.voxels[: len(self.raw)]).all(1)
            fixed[: len(self.raw)][same] = exact[same]
        return fixed


@dataclass(frozen=True, eq=False)
class Ordered:
    """codes (V,) uint64 ascending and distinct, counts (V,), order (N,): of the points put in, as they come out."""

    codes: np.ndarray
    counts: np.ndarray
    order: np.ndarray


def put_in_order(coords: np.ndarray) -> Ordered:
    """Voxels (N, 3) int32 >= 0 in Morton order; of equal ones the first stays first."""
    ordered, order = sort.radix_sort(morton.encode(coords))
    return Ordered(*sort.unique(ordered), order)
