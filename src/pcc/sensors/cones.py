"""Which laser saw a point: every laser of a spinning LiDAR draws a cone around the sensor's axis.

    z = rise * radius + height           within the rounding, whatever the order of the points

A frame's points vote for cones (Hough): at each of the heights that a laser may have, a cone's points share one rise.
The fullest cell is refined to a line through (radius, z), its points are taken away, and so on. A field ``ring`` saves
the search. How the points lie within a cone is not asked here (`pcc.sensors.coherence`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.errors import InvalidSensor
from pcc.ops.lattice_map import MAX_LASERS

TOLERANCE = 1.5  # mm from a cone: rounding to 1 mm moves a point by up to 0.87
MIN_POINTS = 12  # of a cone in a sample
_HEIGHTS = np.arange(-320.0, 321.0, 4.0)  # mm
_RISE_BINS = 1 << 12  # a unit of rise: a millimetre at 4 m
_MAX_RISE = 1.25
_WIDTH = int(2 * _MAX_RISE * _RISE_BINS) + 2
_SAMPLE = 24_000
_MAX_FAILURES = 6  # cells in succession that are no cone
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Cones:
    """rise (L,) and height (L,) in mm, float64, from the lowest elevation up."""

    rise: np.ndarray
    height: np.ndarray

    def distance(self, laser: np.ndarray, radius: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(N,) mm in z from the cones of (N,) lasers."""
        return np.abs(z - self.rise[laser] * radius - self.height[laser])

    def assign(self, radius: np.ndarray, z: np.ndarray, chunk: int = 1 << 13) -> np.ndarray:
        """(N,) int64: the laser whose cone is nearest, -1 where a point is farther than `TOLERANCE` from all."""
        rise, height = self.rise.astype(np.float32), self.height.astype(np.float32)
        pairs = zip(_chunks(radius, chunk), _chunks(z, chunk), strict=True)
        laser = np.concatenate([np.abs(b - rise * a - height).argmin(1) for a, b in pairs])
        return np.where(self.distance(laser, radius, z) <= TOLERANCE, laser, -1)


def find_cones(radius: np.ndarray, z: np.ndarray, ring: np.ndarray) -> tuple[Cones, np.ndarray]:
    """The cones of a sensor and the laser of each point.

    Args:
        radius, z: (N,) float64 mm.
        ring: (N,) int64 where known, -1 where not; not used when its groups are no cones.

    Returns:
        Cones, and (N,) int64: the laser, -1 where a point is farther than `TOLERANCE` from all.

    Raises:
        InvalidSensor: most points lie on no cone.
    """
    if (ring >= 0).all():
        cones, laser = _of_rings(radius, z, ring)
        if np.mean(laser >= 0) > 0.8:
            return cones, laser
    return _of_points(radius, z)


def _of_rings(radius: np.ndarray, z: np.ndarray, ring: np.ndarray) -> tuple[Cones, np.ndarray]:
    """One cone a ring; the points keep their ring's laser."""
    values, group = np.unique(ring, return_inverse=True)
    if len(values) > MAX_LASERS:
        return Cones(np.zeros(1), np.zeros(1)), np.full(len(z), -1)
    lines = [line_through(radius[rows], z[rows]) for rows in rows_of(group, len(values))]
    order = np.argsort([rise for rise, _ in lines], kind="stable")
    cones = _in_order(lines)
    laser = np.argsort(order)[group]
    return cones, np.where(cones.distance(laser, radius, z) <= TOLERANCE, laser, -1)


def _of_points(radius: np.ndarray, z: np.ndarray) -> tuple[Cones, np.ndarray]:
    """Searched for in a sample, then among what is on no cone yet."""
    laser = np.full(len(z), -1)
    lines: list[tuple[float, float]] = []
    for _ in range(_ROUNDS):
        rows = np.random.default_rng(0).permutation(np.flatnonzero(laser < 0))[:_SAMPLE]
        more = _search(radius[rows], z[rows])
        if not more:
            break
        cones, laser = _settled(_in_order(lines + more), radius, z)
        lines = list(zip(cones.rise, cones.height, strict=True))
    share = float(np.mean(laser >= 0))
    if share < 0.5:
        raise InvalidSensor(
            f"no spinning LiDAR: {share:.0%} of the points lie on cones around the z axis ({len(lines)} found)"
        )
    return cones, laser


def _search(radius: np.ndarray, z: np.ndarray) -> list[tuple[float, float]]:
    """Lines (rise, height), the fullest first, until several cells in succession are no cones."""
    cells = _cells(radius, z)
    votes = np.bincount(cells.ravel(), minlength=len(_HEIGHTS) * _WIDTH).astype(np.int32)
    votes.reshape(len(_HEIGHTS), _WIDTH)[:, [0, -1]] = 0  # beyond the rises that are searched
    left = np.arange(len(z))
    lines: list[tuple[float, float]] = []
    failures = 0
    while failures < _MAX_FAILURES and len(lines) < MAX_LASERS:
        cell = int(votes.argmax())
        if votes[cell] < MIN_POINTS // 2:
            break
        height, bin_ = divmod(cell, _WIDTH)
        line = _refined(radius[left], z[left], (bin_ + 0.5) / _RISE_BINS - _MAX_RISE, _HEIGHTS[height])
        error = np.abs(z[left] - line[0] * radius[left] - line[1])
        core, shell = (error <= TOLERANCE).sum(), ((error > TOLERANCE) & (error <= 3 * TOLERANCE)).sum()
        if core < MIN_POINTS or core < 2 * shell:
            votes[cell] = 0
            failures += 1
            continue
        failures = 0
        lines.append(line)
        gone = error <= 2 * TOLERANCE
        _take_away(votes, cells[left[gone]])
        left = left[~gone]
    return lines


def _cells(radius: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(N, heights) int32: the cell of each point at each height; the first and last of a height are for all beyond."""
    inverse = (_RISE_BINS / radius).astype(np.float32)[:, None]
    bins = inverse * z.astype(np.float32)[:, None] - inverse * _HEIGHTS.astype(np.float32)
    bins += np.float32(_MAX_RISE * _RISE_BINS)
    np.clip(bins, 0, _WIDTH - 1, out=bins)
    return bins.astype(np.int32) + np.arange(len(_HEIGHTS), dtype=np.int32) * _WIDTH


def _take_away(votes: np.ndarray, cells: np.ndarray) -> None:
    """Subtracts the points with these ``cells`` (M, heights), height by height: their cells stand close together."""
    for column in cells.T:
        first = int(column.min())
        count = np.bincount(column - first)
        votes[first : first + len(count)] -= count.astype(np.int32)


def _refined(radius: np.ndarray, z: np.ndarray, rise: float, height: float) -> tuple[float, float]:
    """The line of a cell, by least squares through the points that are near it, ever nearer."""
    for base, slack in ((4.0, 3e-4), (3.0, 1e-4), (2.0, 5e-5), (TOLERANCE, 0.0), (TOLERANCE, 0.0)):
        near = np.abs(z - rise * radius - height) <= base + slack * radius
        if near.sum() < 3:
            break
        rise, height = _least_squares(radius[near], z[near])
    return rise, height


def line_through(radius: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Rise and height of the line through most of the points: outliers are left out in rounds."""
    kept = np.ones(len(z), bool)
    rise = height = 0.0
    for _ in range(6):
        rise, height = _least_squares(radius[kept], z[kept])
        error = np.abs(z - rise * radius - height)
        kept = error <= max(3 * float(np.median(error)), TOLERANCE)
    return rise, height


def rows_of(group: np.ndarray, num: int) -> list[np.ndarray]:
    """The rows of each of ``num`` groups; those of -1 are left out."""
    bounds = np.cumsum(np.bincount(group + 1, minlength=num + 1))
    return np.split(np.argsort(group, kind="stable"), bounds[:-1])[1:]


def _least_squares(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    mean_x, mean_y = x.mean(), y.mean()
    spread = ((x - mean_x) ** 2).sum()
    slope = ((x - mean_x) * (y - mean_y)).sum() / spread if spread > 0 else 0.0
    return float(slope), float(mean_y - slope * mean_x)


def _in_order(lines: list[tuple[float, float]]) -> Cones:
    rise, height = np.array(sorted(lines)).T
    return Cones(rise, height)


def _settled(cones: Cones, radius: np.ndarray, z: np.ndarray) -> tuple[Cones, np.ndarray]:
    """Cones through all their points; those that another one robbed of theirs are gone."""
    for _ in range(2):
        groups = rows_of(cones.assign(radius, z), len(cones.rise))
        cones = _in_order([_least_squares(radius[rows], z[rows]) for rows in groups if len(rows) >= MIN_POINTS])
    return cones, cones.assign(radius, z)


def _chunks(values: np.ndarray, size: int) -> list[np.ndarray]:
    """(M, 1) float32 pieces."""
    return [values[i : i + size, None].astype(np.float32) for i in range(0, len(values), size)]
