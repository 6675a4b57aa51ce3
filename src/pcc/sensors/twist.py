"""The twist of a frame that was corrected for motion: found from its points, in any order, and the sensor's table.

    raw already?  no --> velocity on a grid, by how near the points come to cones       or the last frame's twist
                           |
                         v, w_x, w_y: heights over the nearest cones                    from 100 mm to a millimetre
                           |
                         w_z: azimuths on whole steps
                           |
                         v, w: distances to the nearest places of the lattice           to some hundredths
                           |
                         v, w: raw positions are whole; or, where the frame was         to the last digit
                               rounded, corrected ones within half a voxel

Heights over cones do not know turns about the axis. `pcc.ops.twist_map` is what a twist does, `twist_search` the steps,
and `twist_points` what becomes of all points. It is the encoder's: a decoder is told the twist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pcc.ops.lattice_map import Found
from pcc.ops.twist_map import ZERO, Twist, twist_of_floats
from pcc.sensors.table import SensorTable
from pcc.sensors.twist_points import Points, tighten, tighten_floats, undo_all, wrap_of
from pcc.sensors.twist_search import (
    Sample,
    climb_cones,
    climb_points,
    places,
    sharpest_motions,
    sharpest_tilts,
    spin,
)

ON_LATTICE = 1.0  # voxels: a raw position was rounded, and the corrected one may have been
IS_RAW, IS_FOUND = 0.9, 0.6  # least shares of points that are where they should be
_WHOLE = 0.01  # voxels that float32 metres may differ from whole millimetres
_NEAR, _SEAM = 5000.0, 0.46  # voxels, turns: of points nearer or farther behind, the share of the sweep is not sure
_COARSE, _MIDDLE, _FINE, _FEWEST = 1000, 4000, 10_000, 200  # points
_STARTS = 3
_SCALES = (40.0, 30.0, 20.0, 10.0, 10.0, 5.0, 2.0, 2.0)  # of heights, voxels; a warm start takes the last four


@dataclass(frozen=True, eq=False)
class TwistFit:
    """What undoes a frame's correction.

    Attributes:
        twist: zero if the frame is raw.
        raw: (N, 3) float64 voxels; whole but for some thousandths, unless the frame was rounded after its correction.
        turns: (N,) float64: raw azimuths and the whole turns that ``wrap`` counts.
        found: the place of each point in the lattice.
        share: of the points that lie within `ON_LATTICE` of their places.
        rounded: whether the corrected coordinates were whole voxels.
    """

    twist: Twist
    raw: np.ndarray
    turns: np.ndarray
    found: Found
    share: float
    rounded: bool

    def wrap(self, voxels: np.ndarray) -> np.ndarray:
        """(N,) int8 that `pcc.ops.twist_map.correct` takes with raw voxels (N, 3): found ones, or ``raw`` rounded."""
        return wrap_of(self.turns, voxels)


def fit_twist(table: SensorTable, xyz: np.ndarray, *, start: Twist | None = None) -> TwistFit | None:
    """The twist with which the points come from the sensor's lattice; None if there is none.

    Args:
        xyz: (N, 3) float64 voxels of a millimetre, in any order, finite.
        start: the last frame's, where there is one; it saves the search.
    """
    rounded = _is_whole(xyz)
    xyz = np.rint(xyz) if rounded else np.ascontiguousarray(xyz)
    sample = _sample(table, xyz)
    if len(sample.xyz) < _FEWEST:
        return None
    if rounded and _is_raw(sample.first(_COARSE)):
        return _fit_of(ZERO, undo_all(table, xyz, np.zeros(6), rounded), rounded)
    motion = next(_motions(sample, start), None)
    if motion is None:
        return None
    if not rounded:
        motion = _to_whole(sample, motion)
        return _fit_of(twist_of_floats(motion), undo_all(table, xyz, motion, rounded), rounded)
    motion, _ = tighten(*sample, motion, undo_all(*sample, motion, rounded), 4)
    motion, points = tighten(table, xyz, motion, undo_all(table, xyz, motion, rounded), 2)
    return _fit_of(twist_of_floats(motion), points, rounded)


def to_the_last_place(fit: TwistFit, xyz: np.ndarray) -> TwistFit:
    """The fit with the twist that gives most of the float32 metres ``xyz`` (N, 3; here float64 voxels) bit for bit.

    For `pcc.ops.float_residuals`; a millimetre does not need it. ``xyz`` is what `fit_twist` was given.
    """
    motion = tighten_floats(xyz, fit.twist.floats(), Points(fit.raw, fit.turns, fit.found))
    return replace(fit, twist=twist_of_floats(motion))


def _fit_of(twist: Twist, points: Points, rounded: bool) -> TwistFit:
    share = float((points.found.error <= ON_LATTICE).mean())
    return TwistFit(twist, points.raw, points.turns, points.found, share, rounded)


def _is_whole(xyz: np.ndarray) -> bool:
    some = xyz[:: max(1, len(xyz) // _MIDDLE)]
    return bool((np.abs(some - np.rint(some)) < _WHOLE).mean() > 0.99) if len(some) else True


def _sample(table: SensorTable, xyz: np.ndarray) -> Sample:
    """Points that tell the motion well, in an order of their own: the first of them are a sample, too."""
    far = (xyz[:, :2] ** 2).sum(1) > _NEAR**2
    behind = (xyz[:, 0] < 0) & (np.abs(xyz[:, 1]) < -xyz[:, 0] * np.tan(2 * np.pi * (0.5 - _SEAM)))
    rows = np.flatnonzero(far & ~behind)
    return Sample(table, xyz[np.random.default_rng(0).permutation(rows)[:_FINE]])


def _is_raw(sample: Sample) -> bool:
    return bool((places(sample.table, sample.xyz) == sample.xyz).all(1).mean() >= IS_RAW)


def _motions(sample: Sample, start: Twist | None) -> Iterator[np.ndarray]:
    """Motions that bring the sample to the lattice; the next is only looked for if the one before does not."""
    few = sample.first(_MIDDLE)
    if start is not None:
        yield from _climb(few, start.floats(), _SCALES[-4:])
    coarse = sample.first(_COARSE)
    for motion in sharpest_motions(coarse, _STARTS):
        yield from _climb(few, motion, _SCALES)
    for tilt in sharpest_tilts(few, _STARTS):
        for motion in sharpest_motions(coarse, 1, tilt):
            yield from _climb(few, motion, _SCALES)


def _climb(sample: Sample, motion: np.ndarray, scales: tuple[float, ...]) -> Iterator[np.ndarray]:
    """The motion that a start leads to, if it does."""
    for scale in scales:
        motion, height = climb_cones(sample, motion, scale)
    if np.median(np.abs(height)) > 2 * ON_LATTICE:
        return
    for _ in range(2):  # w_z changes the shares, and so v
        motion = spin(sample, motion)
        for scale in (2.0, 1.0):
            motion, _ = climb_cones(sample, motion, scale)
    motion = spin(sample, motion)
    for scale in (3.0, 2.0, 1.0, 1.0):
        motion, error = climb_points(sample, motion, scale, lambda raw: places(sample.table, raw))
    if (error <= 1.5 * ON_LATTICE).mean() >= IS_FOUND:
        yield motion


def _to_whole(sample: Sample, motion: np.ndarray) -> np.ndarray:
    for scale in (0.2, 0.05, 0.02, 0.01):
        motion, _ = climb_points(sample, motion, scale, np.rint)
    return motion
