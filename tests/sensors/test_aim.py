"""azimuth = 2 pi step / steps + heading + asin(aside / radius), solved for steps, heading and aside."""

import numpy as np
import pytest

from pcc.errors import InvalidSensor
from pcc.sensors.aim import aim, find_steps
from pcc.sensors.points import Points


def points_at(rng, step, steps, heading=0.0, aside=26.0, nearest=5e3):
    """Points of one laser rounded to 1 mm."""
    radius = rng.uniform(nearest, 60e3, len(step))
    azimuth = 2 * np.pi * step / steps + heading + np.arcsin(aside / radius)
    xyz = np.rint(np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), 0 * radius], 1))
    zeros = np.zeros(len(step), np.int64)
    return Points(xyz, np.hypot(xyz[:, 0], xyz[:, 1]), np.arctan2(xyz[:, 1], xyz[:, 0]), zeros, zeros, True)


@pytest.mark.parametrize("steps", [1024, 4000, 36000])
@pytest.mark.parametrize("aside", [0.0, 26.0, -110.0])
def test_heading_and_aside(rng, steps, aside):
    heading = 0.8 * np.pi / steps
    points = points_at(rng, rng.integers(0, steps, 2000), steps, heading, aside)
    found_aside, found_heading = aim(points, np.arange(2000), steps)
    assert found_aside == pytest.approx(aside, abs=0.5)
    assert found_heading * steps == pytest.approx(heading * steps, abs=0.1)


def test_steps_that_rounding_hides_tell_no_heading(rng):
    points = points_at(rng, rng.integers(0, 36000, 300), 36000)
    near = Points(points.xyz / 20, points.radius / 20, points.azimuth, points.frame, points.laser, True)
    assert aim(near, np.arange(300), 36000) == (0.0, 0.0)


@pytest.mark.parametrize("advance", [19.9, 20.0333, 18.0707])
def test_regular_columns_are_not_taken_for_steps(rng, advance):
    """Columns that are regular but for the rounding to steps: steps = 36000, not 36000 / advance or its multiples."""
    columns = np.floor(np.arange(0, 36000, advance))
    step = np.tile(columns, 4)
    assert find_steps(points_at(rng, step, 36000), 1) == 36000


def test_columns_of_every_second_step(rng):
    """Steps of 2 with a 1 now and then: 4000 a turn, not 2000."""
    step = np.tile(np.cumsum(rng.choice([1, 2], 2150, p=[0.14, 0.86])), 2)
    assert find_steps(points_at(rng, step, 4000), 1) == 4000


def test_points_at_no_steps(rng):
    points = points_at(rng, rng.uniform(0, 4000, 5000), 4000)
    with pytest.raises(InvalidSensor, match="azimuths have no common step"):
        find_steps(points, 1)
