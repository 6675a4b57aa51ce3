"""Synthetic scenes: points on the bodies, rays on the cones, the same bytes for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.primitives import Capsule, Ellipsoid, Torus, union_points
from pcc.datasets.rows import unique_rows
from pcc.datasets.surfaces import SurfaceRecipe, random_rotation
from pcc.datasets.synthetic_lidar import Street, make_scanner, make_street, scan, synthetic_frames
from pcc.datasets.synthetic_surfaces import SCENES, person, synthetic_clouds

ROTATION = random_rotation(np.random.default_rng(1))
BODIES = [
    Ellipsoid(np.array([1.0, 2, 3]), np.array([0.5, 1, 2]), ROTATION),
    Capsule(np.array([0.0, 0, 0]), np.array([1.0, 2, 2]), 0.5),
    Torus(np.array([3.0, 0, 1]), 2, 0.5, ROTATION),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_samples_lie_on_the_surface(body, rng):
    """A point moved towards its body's inside is inside, and moved away is outside: |p - surface| < 1e-6."""
    points = body.sample(2000, rng)
    assert points.shape == (2000, 3)
    near = [body.inside(points + 1e-6 * step) for step in rng.normal(size=(40, 3))]
    assert np.any(near, axis=0).all()
    assert not np.all(near, axis=0).any()
    centre, radius = body.ball
    assert np.linalg.norm(points - centre, axis=1).max() <= radius + 1e-9


def test_ellipsoid_samples_are_even(rng):
    """By the divergence theorem, area * mean(n . p) = 3 * volume, which uneven samples would miss."""
    body = Ellipsoid(np.zeros(3), np.array([0.5, 1, 2]), np.eye(3))
    points = body.sample(100_000, rng)
    normals = points / body.radii**2
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    assert body.area * (normals * points).sum(1).mean() == pytest.approx(3 * 4 / 3 * np.pi * 1.0, rel=0.02)


def test_torus_samples_are_even(rng):
    """The mean distance from the axis over the surface is R + r^2 / 2R, not R."""
    points = Torus(np.zeros(3), 2, 1, np.eye(3)).sample(100_000, rng)
    assert np.hypot(points[:, 0], points[:, 1]).mean() == pytest.approx(2 + 1 / 4, rel=0.01)


def test_capsule_samples_are_even(rng):
    """The caps of a capsule with r = 1 and length 2 hold half of its area."""
    points = Capsule(np.array([0, 0, -1.0]), np.array([0, 0, 1.0]), 1.0).sample(50_000, rng)
    assert np.mean(np.abs(points[:, 2]) > 1) == pytest.approx(0.5, abs=0.01)


def test_areas_are_literal():
    assert Ellipsoid(np.zeros(3), np.ones(3), np.eye(3)).area == pytest.approx(4 * np.pi)
    assert Capsule(np.zeros(3), np.array([0, 0, 3.0]), 1.0).area == pytest.approx(4 * np.pi + 6 * np.pi)
    assert Torus(np.zeros(3), 3, 1, np.eye(3)).area == pytest.approx(12 * np.pi**2)


def test_union_has_no_points_inside(rng):
    ball = Ellipsoid(np.zeros(3), np.ones(3), np.eye(3))
    stick = Capsule(np.array([-3.0, 0, 0]), np.array([3.0, 0, 0]), 0.3)
    points, owner = union_points([ball, stick], 200, rng)
    assert not ball.inside(points[owner == 1]).any()
    assert not stick.inside(points[owner == 0]).any()
    assert set(owner) == {0, 1}


def test_scenes_are_closed_bodies(rng):
    for scene in SCENES:
        assert all(body.area > 0 for body in scene(rng))
    bodies, names = person(rng)
    assert len(bodies) == len(names) == 16


def test_synthetic_clouds_do_not_depend_on_their_number():
    recipe = SurfaceRecipe(min_voxels=3000, max_voxels=5000)
    one, three = synthetic_clouds(1, recipe, seed=4), synthetic_clouds(3, recipe, seed=4)
    assert np.array_equal(one[0], three[0])
    for cloud in three:
        assert cloud.dtype == np.int16
        assert 1500 < len(cloud) == len(unique_rows(cloud))


def test_scan_of_flat_ground(rng):
    """Without noise a laser draws z = z0 + tan(elevation) r, and only lasers that look down hit."""
    scanner = make_scanner(16, 360, rng)
    object.__setattr__(scanner, "noise", 0.0)
    object.__setattr__(scanner, "dropout", 0.0)
    xyz, intensity = scan(scanner, Street(np.zeros((0, 6)), np.zeros((0, 4)), np.zeros(2)), rng)
    assert xyz.dtype == np.int32
    assert intensity.dtype == np.uint8
    assert np.abs(xyz[:, 2] + 1730).max() < 100
    r = np.hypot(xyz[:, 0], xyz[:, 1])
    cone = np.abs(xyz[:, 2] - np.tan(scanner.elevation)[:, None] * r - 1000 * scanner.height[:, None]).min(0)
    assert cone.max() < 2


def test_scan_sees_a_wall_and_a_pole():
    """The front of a box at x = 10 m and a pole of radius 0.5 m at y = 5 m are where they were put."""
    rng = np.random.default_rng(0)
    scanner = make_scanner(16, 720, rng)
    street = Street(np.array([[12.0, 0, 2, 3, 5, 0]]), np.array([[0.0, 5, 0.5, 4]]), np.zeros(2))
    xyz, _ = scan(scanner, street, rng)
    wall = xyz[(xyz[:, 0] > 9000) & (np.abs(xyz[:, 1]) < 1000) & (xyz[:, 2] > -1000)]
    pole = xyz[(np.abs(xyz[:, 0]) < 100) & (xyz[:, 1] > 0) & (xyz[:, 2] > -1000)]
    assert len(wall) > 20
    assert np.abs(wall[:, 0] - 10_000).max() < 80
    assert np.abs(pole[:, 1] - 4500).max() < 100


def test_frames_repeat():
    first, second = synthetic_frames(1, 8, 90, seed=2), synthetic_frames(2, 8, 90, seed=2)
    assert np.array_equal(first[0], second[0])
    assert len(first[0]) > 200
    assert len(make_street(np.random.default_rng(0)).boxes) > 10
