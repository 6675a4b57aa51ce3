"""A frame in its sensor's lattice: firing columns, and for each laser and column a range index and its point.

places in the lattice (`pcc.ops.lattice_map.find`) -> columns that occur -> (L, C) indices; the rest stays apart
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isqrt

import numpy as np

from pcc.geometry.range_image import azimuths_of, deviations_of, roll_of
from pcc.ops.lattice_context import reflectance_bytes
from pcc.ops.lattice_map import Found
from pcc.sensors.table import SensorTable

ON_LATTICE = 1.5  # voxels that a point may lie from its place; farther points are of something else
NOISE_LEVELS, FILL_LEVELS = 64, 16
ROW_FEATS = 5
NUM_QUARTILES = 3
_TANGENT_BITS = 12


@dataclass(frozen=True, eq=False)
class Scan:
    """The cells of a turn.

    Attributes:
        table: of the sensor.
        firings: (C,) int32 ascending, the azimuth steps of the columns before the lasers' shifts.
        index: (L, C) int32, range indices; 0 where there is no point.
        point: (L, C) int64, which point of the frame lies in a cell; -1: none.
        apart: (M,) int64, the points that have no cell.
    """

    table: SensorTable
    firings: np.ndarray
    index: np.ndarray
    point: np.ndarray
    apart: np.ndarray

    @cached_property
    def azimuths(self) -> np.ndarray:
        """(L, C) int32 azimuth steps of all cells."""
        return azimuths_of(self.firings, self.table.shift, self.table.steps)

    @cached_property
    def deviations(self) -> np.ndarray:
        """(L, C) int16, see `pcc.geometry.range_image`."""
        return deviations_of(self.azimuths, self.table.steps)

    @cached_property
    def statistics(self) -> RowStatistics:
        return row_statistics(self)

    def without(self, cells: np.ndarray) -> Scan:
        """Without some of its cells, given as a mask (N,) of the filled ones laser by laser: their points are apart."""
        laser, column = (axis[cells] for axis in np.nonzero(self.index))
        index, point = self.index.copy(), self.point.copy()
        apart = np.sort(np.concatenate([self.apart, point[laser, column]]))
        index[laser, column], point[laser, column] = 0, -1
        return Scan(self.table, self.firings, index, point, apart)


def scan_of(table: SensorTable, found: Found, fits: np.ndarray) -> Scan:
    """The cells of a frame's points.

    Args:
        found: the points' places in the table's lattice.
        fits: (N,) bool, which of them lie there. Of points in one cell the first stays.
    """
    firing = (found.step - table.shift[found.laser]) % table.steps
    used = np.zeros(table.steps, bool)
    used[firing[fits]] = True
    firings = np.flatnonzero(used).astype(np.int32)
    columns = len(firings)
    index = np.zeros((table.num_lasers, columns), np.int32)
    point = np.full((table.num_lasers, columns), -1, np.int64)
    rows = np.flatnonzero(fits)[::-1]  # backwards: of several points in a cell the first stays
    if columns:
        column_of = np.cumsum(used) - 1
        laser = found.laser[rows].astype(np.int64)
        column = (column_of[firing[rows]] + roll_of(table.shift, table.steps, columns)[laser]) % columns
        index[laser, column], point[laser, column] = found.index[rows], rows
    apart = np.ones(len(fits), bool)
    apart[point[point >= 0]] = False
    return Scan(table, firings, index, point, np.flatnonzero(apart))


@dataclass(frozen=True, eq=False)
class RowStatistics:
    """What is told of each laser's row before its cells: noise (L,) uint8 below 64, fill (L,) uint8 below 16."""

    noise: np.ndarray
    fill: np.ndarray


def row_statistics(scan: Scan) -> RowStatistics:
    """The median bend between neighbouring cells, in steps of a quarter octave, and the share of cells with a point."""
    ranges, filled = scan.index.astype(np.int64) * scan.table.range_units, scan.index > 0
    bend = np.abs(ranges[:, :-2] - 2 * ranges[:, 1:-1] + ranges[:, 2:])
    whole = filled[:, :-2] & filled[:, 1:-1] & filled[:, 2:]
    median = np.array([np.median(b[w]) if w.any() else 0.0 for b, w in zip(bend, whole, strict=True)])
    noise = np.clip(np.rint(4 * np.log2(1 + median / 4)), 0, NOISE_LEVELS - 1)
    fill = np.rint((FILL_LEVELS - 1) * filled.mean(1)) if filled.size else np.zeros(len(filled))
    return RowStatistics(noise.astype(np.uint8), fill.astype(np.uint8))


def row_feats(table: SensorTable, statistics: RowStatistics) -> np.ndarray:
    """(L, 5) uint8: elevation, the gaps to the lasers below and above, noise and fill; in integers alone."""
    tangent = [(int(z) << _TANGENT_BITS) // max(isqrt(int(x) ** 2 + int(y) ** 2), 1) for x, y, z in table.slope]
    gaps = [min((above - below) * 3667 >> _TANGENT_BITS, 255) for below, above in pairwise(tangent)]
    elevation = [min(max(128 + (t * 172 >> _TANGENT_BITS), 0), 255) for t in tangent]
    columns = [elevation, [255, *gaps], [*gaps, 255], 4 * statistics.noise, 17 * statistics.fill]
    return np.stack([np.array(column, np.int64) for column in columns], 1).clip(0, 255).astype(np.uint8)


def quartiles(levels: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """(L, 3) uint8: the quartiles of each row's levels (L, C) where ``filled``; 0 in empty rows."""
    found = np.zeros((len(levels), NUM_QUARTILES), np.uint8)
    for row, (values, mask) in enumerate(zip(levels, filled, strict=True)):
        if mask.any():
            found[row] = np.rint(np.quantile(values[mask], [0.25, 0.5, 0.75]))
    return found


def reflectance_row_feats(feats: np.ndarray, quartiles: np.ndarray, most: int) -> np.ndarray:
    """(L, 8) uint8: those of `row_feats`, and quartiles of levels as shares of the largest."""
    return np.concatenate([feats, reflectance_bytes(quartiles, most)], 1)
