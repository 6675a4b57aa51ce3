"""pcc.metrics.unique: distinct positions by x, y, z, and means over those that share one."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.metrics.unique import sorted_rows, unique_points
from pcc.pointcloud import PointCloud

XYZ = np.array([[2, 0, 0], [1, 5, 5], [2, 0, 0], [1, 5, 4], [2, 0, 0]])


def test_positions_and_their_points():
    unique = unique_points(PointCloud(XYZ), "a")
    assert unique.points.tolist() == [[1, 5, 4], [1, 5, 5], [2, 0, 0]]
    assert (unique.rows.tolist(), unique.starts.tolist()) == ([3, 1, 0, 2, 4], [0, 1, 2])


@pytest.mark.parametrize(("dtype", "mean"), [(np.uint8, 3), (np.int16, 3), (np.float32, 11 / 3)])
def test_mean_of_duplicates(dtype, mean):
    """(1 + 4 + 6) / 3: integers lose their fraction, floats keep it."""
    values = np.array([1, 9, 4, 7, 6], dtype)
    assert unique_points(PointCloud(XYZ), "a").mean(values).tolist() == pytest.approx([7, 9, mean])


def test_mean_does_not_overflow():
    """(255 + 255) // 2 == 255 for uint8, column by column."""
    unique = unique_points(PointCloud(np.zeros((2, 3))), "a")
    assert unique.mean(np.full((2, 3), 255, np.uint8)).tolist() == [[255, 255, 255]]


def test_first_of_duplicates():
    assert unique_points(PointCloud(XYZ), "a").first(np.arange(5)).tolist() == [3, 1, 0]


@pytest.mark.parametrize("step", [1.0, 1e-3, 1e300, 2.0**22])
def test_order(rng, step):
    """Lattices of whole steps (radix sort) and all others (lexsort) have one order, that of tuples; it is stable."""
    xyz = rng.integers(-3, 3, (200, 3)) * step
    assert sorted_rows(xyz).tolist() == sorted(range(200), key=lambda row: tuple(xyz[row]))


def test_zeros_of_both_signs_are_one():
    assert len(unique_points(PointCloud(np.array([[0.0, 0, 0], [-0.0, 0, -0.0]])), "a").points) == 1


def test_refuses():
    with pytest.raises(ValueError, match="b: expected at least one point"):
        unique_points(PointCloud(np.zeros((0, 3))), "b")
    with pytest.raises(ValueError, match="b: expected finite positions"):
        unique_points(PointCloud(np.array([[np.inf, 0, 0]])), "b")
