"""The spacing of points: right within a third on surfaces, whatever the scale, and defined for anything."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.viewing.spacing import point_spacing


def plane(num: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(num), np.arange(num))
    return np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)


@pytest.mark.parametrize("scale", [1.0, 0.001, 40.0])
@pytest.mark.parametrize("num", [50, 177])
def test_a_mesh(num, scale):
    assert np.median(point_spacing(plane(num) * scale)) == pytest.approx(scale, rel=1 / 3)


def test_each_part_has_its_own():
    dense, sparse = plane(100), plane(100) * 4 + [1000, 0, 0]
    spacing = point_spacing(np.concatenate([dense, sparse]).astype(np.int32))
    assert np.median(spacing[10000:]) == pytest.approx(4 * np.median(spacing[:10000]), rel=1 / 3)


def test_repeated_points_count_once():
    cloud = plane(60)
    assert np.array_equal(point_spacing(np.repeat(cloud, 9, axis=0)), np.repeat(point_spacing(cloud), 9))


@pytest.mark.parametrize("num", [1, 2, 5])
def test_too_few_points_to_tell(num):
    assert point_spacing(np.zeros((num, 3))).tolist() == [0] * num
    assert np.isfinite(point_spacing(plane(8)[:num])).all()
