"""Steps of near points, where a step is shorter than the rounding: the columns say which it was.

All lasers fire in common columns, most of which far points of some laser tell without doubt. Without this a laser that
sees only near ground could look any way within a step or two: each point would be given to whatever step is nearest.
"""

from __future__ import annotations

import numpy as np

from pcc.sensors.columns import nearest_of
from pcc.sensors.cones import rows_of
from pcc.sensors.points import Points
from pcc.sensors.solve import Rays, fit_rays, step_places

_REACH = 0.5**0.5  # mm that rounding moves a point aside at most
_SLACK = 1.5  # steps that a laser may look wrong by now
_WORTH = 0.01  # share of the points that are in doubt


def fit_by_columns(points: Points, rays: Rays, shift: np.ndarray, steps: int) -> tuple[Rays, np.ndarray]:
    """Rays and shifts (L,) once more, with the steps of doubtful points taken from the columns."""
    arc = points.radius * (2 * np.pi / steps)  # mm
    doubtful = arc < 2 * _REACH
    if not points.rounded or not shift.any() or doubtful.mean() < _WORTH:
        return rays, shift
    step = steps_by_columns(points, step_places(points, rays, steps), shift, steps, doubtful, _REACH / arc + _SLACK)
    rays = fit_rays(points, rays, steps, step)
    heading = np.arctan2(rays.slope[:, 1], rays.slope[:, 0])
    whole = np.rint(heading * steps / (2 * np.pi)).astype(np.int64)
    return rays.turned(-whole, steps), shift + whole


def steps_by_columns(
    points: Points, place: np.ndarray, shift: np.ndarray, steps: int, doubtful: np.ndarray, reach: np.ndarray
) -> np.ndarray:
    """(N,) int64 steps: the nearest, but for doubtful points that of the nearest column within reach.

    Args:
        place: (N,) float64 steps; doubtful: (N,) bool; reach: (N,) float64 steps.
    """
    step = np.rint(place).astype(np.int64) % steps
    for rows in rows_of(points.frame, int(points.frame.max()) + 1):
        laser, unsure = points.laser[rows], doubtful[rows]
        column = (step[rows] - shift[laser]) % steps
        count = np.bincount(column[~unsure], minlength=steps)
        columns = np.flatnonzero(count > 1)
        if len(columns) < 2:
            continue
        rows, laser = rows[unsure], laser[unsure]
        at = (place[rows] - shift[laser]) % steps
        nearest = nearest_of(at, np.concatenate([columns[-1:] - steps, columns, columns[:1] + steps]))
        found = np.abs(nearest - at) <= reach[rows]
        step[rows[found]] = (nearest + shift[laser])[found] % steps
    return step
