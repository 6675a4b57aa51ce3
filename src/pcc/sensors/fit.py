"""A sensor's table from its frames alone.

    points --cones--> lasers --coherence--> steps a turn, range step, first rays --least squares--> rays --> columns

Nothing is known before: not the sensor, not the order of the points. A field ``ring`` is used where there is one.
Frames are as the sensor gave them: a correction of the motion during the sweep must be undone before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcc.errors import InvalidSensor
from pcc.pointcloud import PointCloud
from pcc.sensors.aim import aim, find_steps
from pcc.sensors.coherence import range_step, tilt
from pcc.sensors.columns import column_shifts
from pcc.sensors.cones import Cones, find_cones, rows_of
from pcc.sensors.near import fit_by_columns
from pcc.sensors.points import Points, gather
from pcc.sensors.report import FitReport, check_table
from pcc.sensors.solve import Rays, fit_rays, fit_rays_either_way, place
from pcc.sensors.table import SensorTable, table_of_floats

Progress = Callable[[float, str], None]
_MAX_STRETCH = 4e-4  # of the range step of a laser
_MIN_ASIDE = 5.0  # mm from the axis that tell straight from radial
_MAX_FRAMES = 4  # whose columns are compared
_MIN_SHARE = 0.5  # of the points on the lattice, in all and of a laser


def fit_sensor(
    frames: Sequence[PointCloud], name: str = "fitted", progress: Progress = lambda share, what: None
) -> tuple[SensorTable, FitReport]:
    """The table of the sensor that took ``frames``, and how well it tells them.

    Args:
        frames: positions relative to the sensor, z upwards: metres in floats, on the 1 mm grid or not, or millimetres
            in integers; points in any order. One frame will do, several of different places are better.
        name: of the table.
        progress: called with the share that is done, 0..1, and what comes next.

    Raises:
        InvalidSensor: the points are not those of a spinning LiDAR.
    """
    progress(0.0, "lasers")
    points = gather(frames)
    cones, laser = find_cones(points.radius, points.xyz[:, 2], points.laser)
    points = points.of_lasers(laser)
    progress(0.3, "steps")
    steps = find_steps(points, len(cones.rise))
    rays, step = first_rays(points, cones, steps)
    progress(0.4, "geometry")
    fit = fit_rays_either_way if np.abs(rays.offset[:, 1]).max() > _MIN_ASIDE else fit_rays
    points, rays = _without_ghosts(points, fit(points, rays, steps), steps)
    progress(0.7, "columns")
    rays, shift = fit_by_columns(points, rays, _shifts(points, rays, steps), steps)
    table = table_of_floats(name, steps, step, rays.slope, rays.offset, shift, rays.radial)
    progress(0.9, "check")
    report = check_table(table, frames)
    if report.on_lattice < _MIN_SHARE:
        raise InvalidSensor(f"no spinning LiDAR's lattice: {report.on_lattice:.0%} of the points lie on the best one")
    return table, report


def first_rays(points: Points, cones: Cones, steps: int) -> tuple[Rays, int]:
    """Rays from the cones, good enough to tell each point's place, and the range step in quarters of a millimetre."""
    rows = rows_of(points.laser, len(cones.rise))
    aside, heading = np.transpose([aim(points, r, steps) for r in rows])
    flat = 1 / np.hypot(1, cones.rise)
    along = np.sqrt(np.maximum(points.radius**2 - aside[points.laser] ** 2, 0)) * flat[points.laser]
    along += (points.xyz[:, 2] - cones.height[points.laser]) * (cones.rise * flat)[points.laser]
    step = range_step(points.laser, along, points.noise)
    length, start = np.transpose([_length_and_start(along[r], step / 4) for r in rows])
    return Rays.of_angles(cones.rise, cones.height, heading, aside, length, start), step


def _without_ghosts(points: Points, rays: Rays, steps: int) -> tuple[Points, Rays]:
    """Without lasers most of whose points are on their cone by chance, not at places of the lattice."""
    near = np.bincount(points.laser, place(points, rays, steps).within(1.0), len(rays.slope))
    real = near >= np.maximum(_MIN_SHARE * np.bincount(points.laser, minlength=len(rays.slope)), 1)
    number = np.where(real, np.cumsum(real) - 1, -1)
    return points.of_lasers(number[points.laser]), Rays(rays.slope[real], rays.offset[real], rays.radial)


def _length_and_start(along: np.ndarray, step: float) -> tuple[float, float]:
    """Of one laser: mm of a range step, nearly ``step``, and the range within half a step of 0 at which steps begin."""
    wave = 2 * np.pi / step
    k, phase = tilt(wave * along, along, np.ones(len(along)), wave * _MAX_STRETCH)
    return 2 * np.pi / (wave - k), phase / wave


def _shifts(points: Points, rays: Rays, steps: int) -> np.ndarray:
    step = place(points, rays, steps).step
    frames = rows_of(points.frame, int(points.frame.max()) + 1)[:_MAX_FRAMES]
    return column_shifts([(points.laser[rows], step[rows]) for rows in frames], len(rays.slope), steps)
