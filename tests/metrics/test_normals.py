"""pcc.metrics.normals: a plane has the normal of a plane."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.metrics.nearest import kd_tree, nearest
from pcc.metrics.normals import estimate_normals, field_normals, smallest_eigenvectors, transfer_normals

pytest.importorskip("pykdtree", reason="the extra eval is not installed")


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_plane(rng, shift):
    """n = (-3, 4, 1) / sqrt 26, on the side of (1, sqrt 2, sqrt 3); a far origin costs nothing."""
    u, v = np.array([2.0, 1, 2]), np.array([1.0, 0, 3])
    expected = np.array([-3, 4, 1]) / 26**0.5
    points = rng.uniform(-1, 1, (50, 1)) * u + rng.uniform(-1, 1, (50, 1)) * v + shift
    normals = estimate_normals(kd_tree(points))
    assert np.abs(normals - expected).max() < 1e-6


def test_too_few_points():
    assert estimate_normals(kd_tree(np.zeros((1, 3)))).tolist() == [[0, 0, 1]]
    assert np.isfinite(estimate_normals(kd_tree(np.zeros((3, 3))))).all()


def test_fields():
    fields = {"nx": np.array([1]), "ny": np.array([2]), "nz": np.array([3])}
    assert field_normals(fields).tolist() == [[1, 2, 3]]
    assert field_normals({"nx": np.array([1])}) is None


def test_only_the_very_nearest_give_normals():
    """A's first point is nearest to B's first by one last bit; B's second has the normal of A's second alone.

    Errors would count the two as equally near (tolerance 1e-8); pc_error 0.14.2 does not do so for normals.
    """
    a, b = np.array([[0.0, 0, 0], [-1, 0, 0]]), np.array([[0.3, 0, 0], [-0.30000000000000004, 0, 0]])
    normals = np.array([[1.0, 0, 0], [0, 1, 0]])
    a_to_b, b_to_a = nearest(kd_tree(b), a), nearest(kd_tree(a), b)
    assert len(a_to_b.rows) == 3
    assert transfer_normals(normals, a_to_b, b_to_a).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
def test_eigenvectors_are_lapack_s(rng, scale):
    """|v . v of LAPACK| = 1 for 16 points each, flat ones and lattices among them, wherever the plane is unique."""
    offsets = scale * np.concatenate(
        [
            rng.normal(size=(200, 16, 3)),
            rng.normal(size=(200, 16, 3)) * [1, 1, 1e-6],
            rng.integers(-2, 3, (200, 16, 3)) * [1, 1, 0] @ np.array([[0.6, 0.8, 0], [0, 0, 1], [0.8, -0.6, 0]]),
        ]
    )
    offsets -= offsets.mean(axis=1, keepdims=True)
    matrices = np.matmul(offsets.transpose(0, 2, 1), offsets)
    values, vectors = np.linalg.eigh(matrices)
    clear = values[:, 1] - values[:, 0] > 1e-3 * values[:, 2]
    found = smallest_eigenvectors(*(matrices[:, i, j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))))
    assert clear.sum() > 500
    np.testing.assert_allclose(np.abs((found * vectors[:, :, 0]).sum(axis=1))[clear], 1, atol=1e-7)


def test_no_plane_has_a_normal_all_the_same():
    """A point and a line: unit vectors, finite."""
    zero, one = np.zeros(2), np.array([1.0, 1e-9])
    for entries in ((zero,) * 6, (one, zero, zero, zero, zero, zero)):
        np.testing.assert_allclose(np.linalg.norm(smallest_eigenvectors(*entries), axis=1), 1)
