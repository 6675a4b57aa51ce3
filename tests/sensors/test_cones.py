"""find_cones(points of cones) = those cones, in any order, with rings that are right, wrong or absent."""

import numpy as np
import pytest

from pcc.errors import InvalidSensor
from pcc.sensors.cones import find_cones, line_through, rows_of


def cones_of_a_sensor(lasers=24):
    """Rises 0.4 degrees apart; two blocks at heights of their own."""
    rise = np.tan(np.deg2rad(np.linspace(-7, 2.2, lasers)))
    return rise, np.where(np.arange(lasers) < lasers // 2, 120.0, 205.0) + np.arange(lasers) % 5


def points_of(rise, height, rng, size=6000):
    laser = rng.integers(0, len(rise), size)
    radius = rng.uniform(4_000, 60_000, size)
    return laser, radius, np.rint(rise[laser] * radius + height[laser])


def test_cones_are_found_in_unordered_points(rng):
    rise, height = cones_of_a_sensor()
    laser, radius, z = points_of(rise, height, rng)
    cones, found = find_cones(radius, z, np.full(len(z), -1))
    assert cones.rise == pytest.approx(rise, abs=1e-5)
    assert cones.height == pytest.approx(height, abs=0.5)
    assert (found == laser).mean() > 0.999


def test_rings_save_the_search(rng):
    rise, height = cones_of_a_sensor()
    laser, radius, z = points_of(rise, height, rng)
    z[:100] += 500
    cones, found = find_cones(radius, z, 100 - laser)  # counted from the top
    assert cones.rise == pytest.approx(rise, abs=1e-5)
    assert (found[:100] == -1).all()
    np.testing.assert_array_equal(found[100:], laser[100:])


def test_wrong_rings_are_not_used(rng):
    rise, height = cones_of_a_sensor()
    laser, radius, z = points_of(rise, height, rng)
    _, found = find_cones(radius, z, rng.integers(0, 300, len(z)))
    assert (found == laser).mean() > 0.999


def test_a_laser_with_few_points_is_found_among_the_others(rng):
    rise, height = cones_of_a_sensor()
    laser, radius, z = points_of(rise, height, rng, 100_000)
    kept = (laser != 5) | (np.arange(len(laser)) < 1000)
    cones, _ = find_cones(radius[kept], z[kept], np.full(kept.sum(), -1))
    assert len(cones.rise) == len(rise)


@pytest.mark.parametrize("kind", ["random", "ball", "one place"])
def test_no_cones(rng, kind):
    xyz = {
        "random": rng.uniform(-50e3, 50e3, (20_000, 3)),
        "ball": rng.normal(0, 20e3, (20_000, 3)),
        "one place": rng.normal(9e3, 300, (20_000, 3)),
    }[kind]
    with pytest.raises(InvalidSensor, match="cones"):
        find_cones(np.hypot(xyz[:, 0], xyz[:, 1]), xyz[:, 2], np.full(len(xyz), -1))


def test_line_through_most_points():
    x = np.arange(100.0)
    y = 2 * x + 5
    y[::10] = 900
    assert line_through(x, y) == pytest.approx((2, 5))
    assert line_through(np.full(4, 3.0), np.full(4, 7.0)) == pytest.approx((0, 7))


def test_rows_of_groups():
    assert [rows.tolist() for rows in rows_of(np.array([1, -1, 0, 1]), 3)] == [[2], [0, 3], []]
