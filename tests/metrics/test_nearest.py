"""pcc.metrics.nearest: which neighbours tie, by the rules of pc_error 0.14.2."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.metrics.nearest import MAX_TIES, kd_tree, nearest, themselves

pytest.importorskip("pykdtree", reason="the extra eval is not installed")
ORIGIN = np.zeros((1, 3))


def on_axis(*squared: float) -> np.ndarray:
    return np.array([[s**0.5, 0, 0] for s in squared])


@pytest.mark.parametrize("num_points", [1, 2, 40])
def test_one_nearest(num_points):
    found = nearest(kd_tree(on_axis(*range(1, num_points + 1))), ORIGIN)
    assert (found.squared.tolist(), found.rows.tolist(), found.exact.tolist()) == ([1], [0], [True])


def test_ties_are_chains():
    """1, 1 + .9e-8, 1 + 1.8e-8 tie, each within 1e-8 of the one before; 1 + 3e-8 does not. One is exact."""
    found = nearest(kd_tree(on_axis(1, 1 + 0.9e-8, 1 + 1.8e-8, 1 + 3e-8, 4)), ORIGIN)
    assert found.rows.tolist() == [0, 1, 2]
    assert found.exact.tolist() == [True, False, False]


def test_no_more_ties_than_pc_error_looks_for():
    """54 points of the lattice lie at distance 9 from the origin: 30 of them are taken."""
    sphere = np.array([p for p in np.ndindex(19, 19, 19) if sum((v - 9) ** 2 for v in p) == 81]) - 9.0
    assert len(sphere) > MAX_TIES
    assert len(nearest(kd_tree(sphere), ORIGIN).rows) == MAX_TIES


def test_means_and_first():
    """Of the rows 0 and 1, equally near: mean of values 2 and 4 is 3, the first is 0."""
    found = nearest(kd_tree(np.array([[1.0, 0, 0], [-1, 0, 0], [0, 5, 0]])), ORIGIN)
    assert found.mean(np.array([2.0, 4.0, 9.0])[found.rows]).tolist() == [3]
    assert found.first().tolist() == [0]


def test_themselves(rng):
    """themselves(P) == nearest(P, P) for distinct points."""
    points = np.unique(rng.integers(0, 9, (100, 3)), axis=0).astype(float)
    short, long = themselves(points), nearest(kd_tree(points), points)
    for name in ("squared", "queries", "rows", "exact"):
        assert np.array_equal(getattr(short, name), getattr(long, name)), name
