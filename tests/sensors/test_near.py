"""Steps of near points come from the columns: right where the nearest step is not."""

import numpy as np

from pcc.datasets.sensors import sensor_frames
from pcc.sensors.near import fit_by_columns, steps_by_columns
from pcc.sensors.points import gather
from pcc.sensors.solve import Rays, place, step_places
from pcc.sensors.table import OFFSET_BITS
from tests.sensors.frames import small_sensor


def vlp16():
    """Model, true rays, points with their true lasers, their true steps, and which of them are nearer than 8 m."""
    model = small_sensor("vlp16")
    (frame,) = sensor_frames(model, 1, seed=3)
    assert np.hypot(*frame.cloud.xyz[:, :2].T).min() > 1.01
    points = gather([frame.cloud]).of_lasers(frame.laser.astype(np.int64))
    rays = Rays(
        np.ldexp(model.table.slope.astype(float), -24), np.ldexp(model.table.offset.astype(float), -OFFSET_BITS)
    )
    return model, rays, points, frame.step, points.radius < 8_100


def test_steps_by_columns():
    model, rays, points, step, near = vlp16()
    place = step_places(points, rays, 36000)
    found = steps_by_columns(points, place, model.table.shift, 36000, near, np.full(len(place), 2.5))
    nearest = np.rint(place).astype(int) % 36000
    assert near.sum() > 1000
    assert (nearest != step)[near].sum() > 20
    assert (found != step)[near].sum() < 12
    np.testing.assert_array_equal(found[~near], nearest[~near])


def test_lasers_that_see_only_near_ground_look_the_right_way():
    """The lowest laser, half a step off, is brought back; whole steps go into its shift."""
    model, rays, points, step, _ = vlp16()
    shift = model.table.shift.astype(np.int64)
    off = rays.turned(np.where(np.arange(16) == 0, 0.5, 0.0), 36000)
    found, moved = fit_by_columns(points, off, shift, 36000)
    lowest = points.laser == 0

    def error(rays, shifted):
        return np.abs(place(points, rays, 36000, step + shifted[points.laser]).error[lowest]).max(1)

    assert (error(off, shift - shift) < 0.52).mean() < 0.6
    assert (error(found, moved - shift) < 0.52).mean() > 0.95
    heading = np.arctan2(found.slope[:, 1], found.slope[:, 0]) * 36000 / (2 * np.pi)
    assert np.abs(heading).max() < 0.5001


def test_sure_points_need_no_columns():
    model, rays, points, _, _ = vlp16()
    assert fit_by_columns(points, rays, model.table.shift, 900)[0] is rays
