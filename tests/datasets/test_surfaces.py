"""Voxel clouds of surfaces: in range, unique, as dense as asked, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.mesh_files import Mesh
from pcc.datasets.rows import unique_rows
from pcc.datasets.surfaces import (
    SurfaceRecipe,
    frequent_voxels,
    random_rotation,
    sample_surface,
    sample_voxels,
    smooth_noise,
    triangle_areas,
    unique_voxels,
)


@pytest.fixture
def box():
    """The surface of the box [0, 3] x [0, 2] x [0, 1]; area 22."""
    vertices = np.array([[x, y, z] for x in (0, 3.0) for y in (0, 2.0) for z in (0, 1.0)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Mesh(vertices, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32))


def test_points_lie_on_the_surface_in_proportion_to_area(box, rng):
    """Every point is on a face; the share of the faces x = 0 and x = 3 is 2 * 2 / 22."""
    points = sample_surface(box, triangle_areas(box), 22_000, rng)
    assert triangle_areas(box).sum() == pytest.approx(22)
    on_face = np.isclose(points, 0, atol=1e-5) | np.isclose(points, [3, 2, 1], atol=1e-5)
    assert on_face.any(1).all()
    assert on_face[:, 0].mean() == pytest.approx(4 / 22, abs=0.01)


def test_clouds_are_unique_small_and_dense(box):
    """V = the target within a quarter, and a parent holds 3.2 to 4.3 children."""
    recipe = SurfaceRecipe(min_voxels=20_000, max_voxels=21_000)
    for seed in range(4):
        cloud = sample_voxels(box, recipe, np.random.default_rng(seed))
        assert cloud.dtype == np.int16
        assert cloud.min(0).tolist() == [0, 0, 0]
        assert len(unique_rows(cloud)) == len(cloud)
        assert 15_000 < len(cloud) < 26_000
        assert 3.2 < len(cloud) / len(unique_rows(cloud >> 1)) < 4.3


def test_thin_clouds_have_no_random_holes(box):
    """Sampled densely and without noise, a face of the box is a layer of voxels that misses none."""
    recipe = SurfaceRecipe(
        min_voxels=20_000, max_voxels=21_000, thin_share=1, thin_density=60, max_noise=0, max_least_samples=1
    )
    cloud = sample_voxels(box, recipe, np.random.default_rng(0)).astype(int)
    near = {tuple(v) for v in cloud.tolist()}
    steps = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    faces = sum(np.array([tuple(v) in near for v in (cloud + step).tolist()], int) for step in steps)
    assert (faces >= 3).mean() > 0.97


def test_frequent_voxels_literal():
    coords = np.array([[5, 5, 5]] * 3 + [[6, 5, 5]] * 2 + [[9, 9, 9]])
    assert frequent_voxels(coords, 1).tolist() == [[0, 0, 0], [1, 0, 0], [4, 4, 4]]
    assert frequent_voxels(coords, 2).tolist() == [[0, 0, 0], [1, 0, 0]]
    assert frequent_voxels(coords, 4).tolist() == []


def test_extent_outranks_the_number_of_voxels(box, rng):
    cloud = sample_voxels(box, SurfaceRecipe(min_voxels=10**6, max_voxels=2 * 10**6, max_extent=100, max_noise=0), rng)
    assert 90 < cloud.max() < 105


def test_same_seed_same_cloud(box):
    recipe = SurfaceRecipe(min_voxels=5000, max_voxels=6000)
    first, second = (sample_voxels(box, recipe, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_noise_is_smooth(rng):
    """|noise(p) - noise(q)| shrinks with |p - q|: neighbours a hundredth of a voxel apart move alike."""
    points = rng.uniform(0, 200, (1000, 3)).astype(np.float32)
    points[500:] = points[:500] + np.float32(0.01)
    noise = smooth_noise(points, 1.2, 6, rng)
    assert np.abs(noise).max() > 0.05
    assert np.abs(noise[:500] - noise[500:]).max() < 0.1


def test_rotations_are_orthogonal(rng):
    """R R^T = 1."""
    rotation = random_rotation(rng)
    assert np.allclose(rotation @ rotation.T, np.eye(3))


def test_unique_voxels_are_literal():
    coords = np.array([[5, 5, 5], [4, 9, 5], [5, 5, 5], [4, 5, 6.0]])
    assert unique_voxels(coords).tolist() == [[0, 0, 1], [0, 4, 0], [1, 0, 0]]
    assert unique_voxels(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="32767"):
        unique_voxels(np.array([[0, 0, 0], [40000, 0, 0]]))


@pytest.mark.parametrize("high", [2, 1000, 2**21 - 1])
def test_unique_rows_equal_numpys(high, rng):
    coords = rng.integers(0, high + 1, (500, 3))
    coords = np.concatenate([coords, coords[:100]])
    assert np.array_equal(unique_rows(coords), np.unique(coords, axis=0))
    with pytest.raises(ValueError, match="coords"):
        unique_rows(coords - high - 1)
