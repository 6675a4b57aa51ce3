"""``pair``: a permutation, with equal labels, and near where points moved along their rays."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.pairing import pair


def rays(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) unit vectors a few hundredths of a degree apart, and ranges."""
    away = rng.normal(size=(n, 3)) * [1, 1, 0.2]
    return away / np.linalg.norm(away, axis=1, keepdims=True), rng.uniform(3, 50, n)


def distances(xyz, decoded, rows):
    return np.linalg.norm(xyz[rows] - decoded, axis=1)


@pytest.mark.parametrize("labelled", [False, True])
def test_points_that_moved_along_their_rays_find_themselves(rng, labelled):
    direction, length = rays(rng, 3000)
    xyz, moved = direction * length[:, None], direction * (length + rng.uniform(-0.2, 0.2, 3000))[:, None]
    order = rng.permutation(3000)
    labels = rng.integers(0, 50 if labelled else 1, 3000)
    rows = pair(xyz, moved[order], labels, labels[order])
    assert rows is not None
    assert sorted(rows) == list(range(3000))
    np.testing.assert_array_equal(labels[rows], labels[order])
    assert distances(xyz, moved[order], rows).max() <= 0.2 + 1e-9


def test_equal_points_are_paired_with_each_other(rng):
    xyz = np.repeat(rng.normal(size=(20, 3)), 30, axis=0)
    labels = np.arange(600) % 7
    order = rng.permutation(600)
    rows = pair(xyz, xyz[order], labels, labels[order])
    assert distances(xyz, xyz[order], rows).max() == 0
    np.testing.assert_array_equal(labels[rows], labels[order])


def test_labels_that_differ_allow_no_pairs(rng):
    xyz = rng.normal(size=(9, 3))
    assert pair(xyz, xyz, np.zeros(9, int), np.ones(9, int)) is None


def test_degenerate_points():
    xyz = np.array([[np.nan, 0, 0], [np.inf, 1, 2], [0, 0, 0]])
    labels = np.zeros(3, int)
    assert sorted(pair(xyz, xyz[::-1], labels, labels)) == [0, 1, 2]
    assert len(pair(xyz[:0], xyz[:0], labels[:0], labels[:0])) == 0
