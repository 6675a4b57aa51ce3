"""A frame's points under a twist that is all but known: their side of the seam, their place; and its last digits.

Behind the car the sweep begins and ends, and a point there may have been measured at either end. Both are tried, and
the one that comes nearer to the lattice holds. A frame that was rounded after its correction, to voxels or to float32,
tells its twist by where the rounding went: every coordinate is a bound, and steps are taken from those that bind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.ops import lattice_map, twist_fit, twist_map
from pcc.ops.float_residuals import float_error
from pcc.ops.lattice_map import Found
from pcc.ops.twist_map import Twist, twist_of_floats
from pcc.sensors.table import SensorTable
from pcc.sensors.twist_search import bounded, largest, slopes, step, voxels_of

BINDING = ((0.48, 0.8), (0.48, 0.62), (0.485, 0.6), (0.49, 0.55))  # errors between which a point binds, pass by pass
_UNWHOLE = 20.0  # what a distance to whole voxels counts, to tell both ends of a sweep apart


@dataclass(frozen=True, eq=False)
class Points:
    """raw (N, 3) float64 voxels; turns (N,) float64, azimuths of raw points and whole turns; found, their places."""

    raw: np.ndarray
    turns: np.ndarray
    found: Found


def undo_all(table: SensorTable, xyz: np.ndarray, motion: np.ndarray, rounded: bool) -> Points:
    """All points (N, 3) float64 of a frame, each at the end of the sweep where it comes nearer to the lattice."""
    points, cost = _undo(table, xyz, motion, np.zeros(len(xyz), np.int8), rounded)
    rows, branch = _at_the_seam(xyz, motion)
    others, cost_there = _undo(table, np.ascontiguousarray(xyz[rows]), motion, branch, rounded)
    nearer = cost_there < cost[rows]
    _put(points, rows[nearer], others, nearer)
    return points


def settle(table: SensorTable, xyz: np.ndarray, motion: np.ndarray, points: Points) -> tuple[Points, np.ndarray]:
    """Points whose places are not corrected to rounded ``xyz``, moved a range step where that comes nearer.

    Also returns the errors (N, 3) float64: corrected places less ``xyz``.
    """
    twist, found = twist_of_floats(motion), points.found
    error = _errors(table, xyz, twist, points.turns, found)
    rows = np.flatnonzero(largest(error) > 0.5)
    at, turns, there = found.index[rows], points.turns[rows], xyz[rows]
    for move in (-1, 1):
        moved = Found(found.laser[rows], found.step[rows], np.maximum(at + move, 1).astype(np.int32), found.error[rows])
        other = _errors(table, there, twist, turns, moved)
        nearer = largest(other) < largest(error[rows])
        found.index[rows[nearer]], error[rows[nearer]] = moved.index[nearer], other[nearer]
    return points, error


def tighten(
    table: SensorTable, xyz: np.ndarray, motion: np.ndarray, points: Points, passes: int
) -> tuple[np.ndarray, Points]:
    """The motion moved until rounded points (N, 3) lie within half a voxel of what their places are corrected to."""
    for bounds in BINDING[-passes:]:
        points, error = settle(table, xyz, motion, points)
        motion = _bound(motion, points, error, np.ones(xyz.shape), bounds)
    return motion, settle(table, xyz, motion, points)[0]


def tighten_floats(xyz: np.ndarray, motion: np.ndarray, points: Points) -> np.ndarray:
    """The motion moved until points (N, 3) lie within half a unit in the last place of corrected raw float32 metres."""
    voxels = np.rint(np.clip(points.raw, 1 - twist_map.REACH, twist_map.REACH - 1)).astype(np.int32)
    wrap, rounding = wrap_of(points.turns, voxels), float_error(voxels)
    metres = np.maximum(np.abs(xyz), largest(xyz)[:, None] / 64) / 1000
    unit = 1000 * np.spacing(metres.astype(np.float32)).astype(np.float64)
    for bounds in (*BINDING, *BINDING):
        fixed = twist_map.correct(twist_of_floats(motion), voxels, wrap, rounding)
        error = (np.ldexp(fixed, -twist_map.FIXED_BITS) - xyz) / unit
        motion = _bound(motion, points, error, unit, bounds)
    return motion


def _bound(
    motion: np.ndarray, points: Points, error: np.ndarray, unit: np.ndarray, bounds: tuple[float, float]
) -> np.ndarray:
    """A step that takes errors (N, 3) back to the inner bound, of points with none beyond the outer.

    Args:
        unit: (N, 3) voxels, what the errors are counted in.
    """
    inner, outer = bounds
    rows, axes = np.nonzero((np.abs(error) > inner) & (largest(error) < outer)[:, None])
    if len(rows) < 6:
        return motion
    excess = error[rows, axes] - np.copysign(inner, error[rows, axes])
    forward = -slopes(points.raw[rows], points.turns[rows]).reshape(-1, 3, 6)[np.arange(len(rows)), axes]
    return bounded(motion + step(forward / unit[rows, axes][:, None], excess, np.zeros(len(rows))))


def _undo(
    table: SensorTable, xyz: np.ndarray, motion: np.ndarray, branch: np.ndarray, rounded: bool
) -> tuple[Points, np.ndarray]:
    """The points, and how far each is from what it should be."""
    raw, turns = twist_fit.undo(motion, xyz, branch)
    found = lattice_map.find(table.lattice, raw, table.max_index)
    cost = found.error.astype(np.float64)
    if not rounded:
        cost += _UNWHOLE * largest(raw - np.rint(raw))
    return Points(raw, turns, found), cost


def _at_the_seam(xyz: np.ndarray, motion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the points that the motion may have brought over the seam, and the turns (int8) to the other side."""
    turns = np.arctan2(xyz[:, 1], xyz[:, 0]) / (2 * np.pi)
    radius = np.maximum(np.hypot(xyz[:, 0], xyz[:, 1]), 1)
    reach = 1.5 / (4 * np.pi) * (np.linalg.norm(motion[:3]) / radius + np.linalg.norm(motion[3:])) + 0.002
    rows = np.flatnonzero(np.abs(turns) > 0.5 - reach)
    return rows, np.where(turns[rows] < 0, 1, -1).astype(np.int8)


def _put(points: Points, rows: np.ndarray, others: Points, chosen: np.ndarray) -> None:
    points.raw[rows], points.turns[rows] = others.raw[chosen], others.turns[chosen]
    for name in ("laser", "step", "index", "error"):
        getattr(points.found, name)[rows] = getattr(others.found, name)[chosen]


def wrap_of(turns: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """(N,) int8 that `pcc.ops.twist_map.correct` takes with raw voxels (N, 3) int32."""
    azimuth = np.arctan2(voxels[:, 1].astype(np.float64), voxels[:, 0]) / (2 * np.pi)
    return np.clip(np.rint(turns - azimuth), -1, 1).astype(np.int8)


def _errors(table: SensorTable, xyz: np.ndarray, twist: Twist, turns: np.ndarray, found: Found) -> np.ndarray:
    voxels = voxels_of(table, found)
    fixed = twist_map.correct(twist, voxels, wrap_of(turns, voxels))
    return np.ldexp(fixed, -twist_map.FIXED_BITS) - xyz
