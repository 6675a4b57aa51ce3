"""Where each laser looks: its heading, its distance from the axis, and the steps of a turn that go with them.

azimuth = 2 pi step / steps + heading + asin(aside / radius)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcc.errors import InvalidSensor
from pcc.sensors.coherence import MAX_ASIDE, azimuth_candidates, tilt
from pcc.sensors.cones import rows_of
from pcc.sensors.points import Points

_TRIED_LASERS, _TRIED_NUMBERS = 6, 48
_CLEAR = 25.0  # the square of how many times a peak of coherence must stand over noise
_SIGMAS = 2.6  # beyond the corner of a voxel
_LEAST_TOLERANCE = 0.1  # mm
_CERTAIN, _ALIKE, _PRESENT = 0.998, 0.004, 0.5  # shares of the points
_MIN_CLEAR = 50


def find_steps(points: Points, lasers: int) -> int:
    """Steps in a turn: the smallest number that puts the points of the fullest lasers where it says.

    Raises:
        InvalidSensor: no number does.
    """
    numbers = azimuth_candidates(points.laser, points.radius, points.azimuth, points.noise)[:_TRIED_NUMBERS]
    groups = sorted(rows_of(points.laser, lasers), key=len)[-_TRIED_LASERS:]
    shares = []
    for steps in numbers.tolist():
        shares.append(_share_in_place(points, groups, steps))
        if shares[-1] >= _CERTAIN:
            break
    if max(shares) < _PRESENT:
        raise InvalidSensor(f"no spinning LiDAR: {max(shares):.0%} of the points stand at whole steps of a turn")
    return int(numbers[np.flatnonzero(np.array(shares) >= max(shares) - _ALIKE)[0]])


def aim(points: Points, rows: np.ndarray, steps: int) -> tuple[float, float]:
    """Of one laser's points ``rows``: aside in mm and heading in radians, within half a step.

    Zeros where all points are so near that rounding hides the steps.
    """
    inverse = 1 / points.radius[rows]
    weight = np.exp(-((steps * points.noise * inverse) ** 2) / 2)  # also what rounding leaves of the coherence
    if (weight**2).sum() < _CLEAR:
        return 0.0, 0.0
    k, phase = tilt(steps * points.azimuth[rows], inverse, weight, steps * MAX_ASIDE)
    aside, heading = k / steps, phase / steps
    weight = weight / inverse**2
    for _ in range(3):
        error = _error(points, rows, steps, aside, heading)
        off = np.abs(error) * points.radius[rows]
        kept = off <= max(3 * float(np.median(off)), _SIGMAS * points.noise)
        correction = np.linalg.lstsq(*_weighted(inverse[kept], error[kept], weight[kept]))[0]
        aside, heading = aside + correction[0], heading + correction[1]
    half = np.pi / steps
    return float(aside), float((heading + half) % (2 * half) - half)


def _share_in_place(points: Points, groups: Sequence[np.ndarray], steps: int) -> float:
    """Share of the points that stand at whole steps beyond those that do by chance; of points far enough to tell."""
    tolerance = max(_SIGMAS * points.noise, _LEAST_TOLERANCE)
    hits = total = chances = 0.0
    for rows in groups:
        chance = np.minimum(2 * tolerance / (points.radius[rows] * (2 * np.pi / steps)), 1)
        off = np.abs(_error(points, rows, steps, *aim(points, rows, steps))) * points.radius[rows]
        clear = chance < 0.7
        hits += (off[clear] <= tolerance).sum()
        total += clear.sum()
        chances += chance[clear].sum()
    return float((hits - chances) / (total - chances)) if total >= _MIN_CLEAR else 0.0


def _error(points: Points, rows: np.ndarray, steps: int, aside: float, heading: float) -> np.ndarray:
    """(M,) radians from the azimuths to those of the nearest steps."""
    across = np.arcsin(np.clip(aside / points.radius[rows], -1, 1))
    place = (points.azimuth[rows] - heading - across) * (steps / (2 * np.pi))
    return (place - np.rint(place)) * (2 * np.pi / steps)


def _weighted(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of ``y = a x + b`` for a solver of least squares."""
    root = np.sqrt(weight)
    return np.stack([x * root, root], 1), y * root
