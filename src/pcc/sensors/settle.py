"""Places of near points, where an azimuth step is shorter than the rounding: the firing columns tell which it was.

Without this a near point would be given to whatever step is nearest, and a turn would have columns with hardly a point.
"""

from __future__ import annotations

import numpy as np

from pcc.ops.lattice_map import SLOPE_BITS, TURN_BITS, Found
from pcc.sensors.columns import nearest_of
from pcc.sensors.table import SensorTable

_REACH = 0.5**0.5  # voxels that rounding moves a point aside at most
_WORTH = 0.01  # share of the points that are in doubt
_MOST_ERROR = 1.0  # voxels; a place that is farther away would not be told by corrections of one voxel
_MOST_DOUBTFUL = 3  # points of a column that may be none


def settle_steps(table: SensorTable, xyz: np.ndarray, found: Found) -> Found:
    """Places with doubtful points in the columns that other points fill, where they come close enough there.

    Args:
        xyz: (N, 3) float64 voxels.
    """
    arc = np.hypot(xyz[:, 0], xyz[:, 1]) * (2 * np.pi / table.steps)
    doubtful = arc < 2 * _REACH
    if doubtful.mean() < _WORTH:
        return found
    column = (found.step - table.shift[found.laser]) % table.steps
    count = np.bincount(column, minlength=table.steps)
    columns = np.flatnonzero(count > _MOST_DOUBTFUL)
    rows = np.flatnonzero(doubtful & (count[column] <= _MOST_DOUBTFUL))
    if len(columns) < 2 or not len(rows):
        return found
    nearest = nearest_of(column[rows], np.concatenate([columns[-1:] - table.steps, columns, columns[:1] + table.steps]))
    step = ((nearest + table.shift[found.laser[rows]]) % table.steps).astype(np.int32)
    index, error = _ranges(table, xyz[rows], found.laser[rows], step)
    kept = (error <= _MOST_ERROR) & (index >= 1) & (index <= table.max_index)
    out = Found(*(values.copy() for values in (found.laser, found.step, found.index, found.error)))
    out.step[rows[kept]], out.index[rows[kept]], out.error[rows[kept]] = step[kept], index[kept], error[kept]
    return out


def _ranges(table: SensorTable, xyz: np.ndarray, laser: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Range indices (N,) int32 at given azimuth steps, and their largest differences (N,) float32 in voxels."""
    lattice = table.lattice
    cosine, sine = np.ldexp(lattice.turn[step].astype(np.float64), -TURN_BITS).T
    slope, offset = (np.ldexp(a[laser].astype(np.float64), -SLOPE_BITS) for a in (lattice.slope, lattice.offset))
    x, y, z = xyz.T
    q = np.stack([x * cosine + y * sine, y * cosine - x * sine, z], 1)
    ahead = q.copy()
    if table.radial:
        ahead[:, 0] = np.hypot(q[:, 0], q[:, 1])
    index = np.rint(((ahead - offset) * slope).sum(1) / (slope**2).sum(1))
    place = index[:, None] * slope + offset
    if table.radial:
        place[:, 0] -= place[:, 1] ** 2 / (2 * np.maximum(np.abs(place[:, 0]), 1)) * np.sign(place[:, 0])
    return index.astype(np.int32), np.abs(place - q).max(1).astype(np.float32)
