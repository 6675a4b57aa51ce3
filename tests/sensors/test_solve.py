"""place(positions) = places; least squares and the hinge bring wrong rays back."""

import numpy as np
import pytest

from pcc.ops import lattice_map
from pcc.sensors.points import Points
from pcc.sensors.solve import Rays, fit_rays, hinge_step, least_squares, place
from pcc.sensors.table import OFFSET_BITS
from tests.sensors.tables import small_table

TABLE = small_table(8)
TRUE = Rays(np.ldexp(TABLE.slope.astype(float), -24), np.ldexp(TABLE.offset.astype(float), -OFFSET_BITS))


@pytest.fixture
def truth(rng):
    """Points rounded to 1 mm, and their (step, index)."""
    laser = rng.integers(0, TABLE.num_lasers, 8000).astype(np.uint8)
    step = rng.integers(0, TABLE.steps, 8000).astype(np.int32)
    index = rng.integers(2000, 20_000, 8000).astype(np.int32)
    xyz = lattice_map.positions(TABLE.lattice, laser, step, 2 * index)[0].astype(np.float64)
    radius, azimuth = np.hypot(xyz[:, 0], xyz[:, 1]), np.arctan2(xyz[:, 1], xyz[:, 0])
    return Points(xyz, radius, azimuth, np.zeros(8000, np.int64), laser.astype(np.int64), True), step, index


def wrong(by=0.2):
    """The true rays, a little off: up to some tenths of a millimetre at the points."""
    slope = TRUE.slope + by * 1e-5 * np.resize([1, -1, 1, 1], TRUE.slope.shape)
    return Rays(slope, TRUE.offset + by * np.resize([1, -1, 0.5, -0.5], TRUE.offset.shape))


def test_places_are_the_true_ones(truth):
    points, step, index = truth
    places = place(points, TRUE, TABLE.steps)
    np.testing.assert_array_equal(places.step, step)
    np.testing.assert_array_equal(places.index, index)
    assert places.within(0.501).all()
    again = place(points, TRUE, TABLE.steps, places.step)
    np.testing.assert_array_equal(again.error, places.error)


def test_error_is_the_point_minus_its_place(truth):
    """xyz - error = lattice position before rounding, whose rounding is xyz."""
    points, _, _ = truth
    places = place(points, wrong(), TABLE.steps)
    (c, s), q = places.turn.T, places.index[:, None] * wrong().slope[points.laser] + wrong().offset[points.laser]
    expected = np.stack([q[:, 0] * c - q[:, 1] * s, q[:, 0] * s + q[:, 1] * c, q[:, 2]], 1)
    assert points.xyz - places.error == pytest.approx(expected, abs=1e-3)


def test_least_squares_comes_near(truth):
    points, _, _ = truth
    rays = least_squares(points, place(points, wrong(), TABLE.steps), wrong())
    assert np.abs(rays.offset - TRUE.offset).max() < 0.1
    assert place(points, rays, TABLE.steps).within(0.5).mean() > place(points, wrong(), TABLE.steps).within(0.5).mean()


def test_the_hinge_comes_nearer(truth):
    points, _, _ = truth
    rays = start = least_squares(points, place(points, wrong(), TABLE.steps), wrong())
    for _ in range(10):
        rays = hinge_step(points, place(points, rays, TABLE.steps), rays)
    outside = [1 - place(points, r, TABLE.steps).within(0.5).mean() for r in (start, rays)]
    assert outside[1] < 0.5 * outside[0]


def test_a_wrong_place_does_not_pull(truth, rng):
    """One point in twenty a millimetre off: the others are still reproduced."""
    points, _, _ = truth
    points.xyz[::20] += rng.choice([-1.0, 1.0], (400, 3))
    rays = fit_rays(points, wrong(), TABLE.steps)
    near = place(points, rays, TABLE.steps).within(0.5)
    assert np.delete(near, np.s_[::20]).mean() > 0.98


def test_lasers_without_points_stay(truth):
    points, _, _ = truth
    few = points.of_lasers(np.where(points.laser == 3, -1, points.laser))
    rays = fit_rays(few, wrong(), TABLE.steps)
    np.testing.assert_array_equal(rays.slope[3], wrong().slope[3])
    assert np.isfinite(rays.offset).all()


def test_turned():
    """A laser turned by a step is at the step before where it was."""
    turned = TRUE.turned(np.full(TABLE.num_lasers, 225), 900)
    assert turned.slope[:, :2] == pytest.approx(np.stack([-TRUE.slope[:, 1], TRUE.slope[:, 0]], 1))
    np.testing.assert_array_equal(turned.offset[:, 2], TRUE.offset[:, 2])
