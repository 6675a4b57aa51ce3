"""Frames as millimetres: metres in floats, on the grid or not, or integers."""

import numpy as np
import pytest

from pcc.errors import InvalidSensor
from pcc.pointcloud import PointCloud
from pcc.sensors import points as points_module
from pcc.sensors.points import gather, millimetres


def cloud(rng, size=600):
    return PointCloud(np.rint(rng.uniform(-30_000, 30_000, (size, 3))).astype(np.int32))


def test_metres_on_the_grid_become_whole_millimetres(rng):
    whole = cloud(rng).xyz
    for metres in (np.float32(whole / 1000), whole / 1000):
        np.testing.assert_array_equal(millimetres(metres), whole)
        assert gather([PointCloud(metres)]).rounded
    np.testing.assert_array_equal(millimetres(whole), whole)


def test_metres_off_the_grid_stay_what_they_are(rng):
    metres = rng.uniform(-30, 30, (600, 3))
    np.testing.assert_array_equal(millimetres(metres), metres * 1000)
    points = gather([PointCloud(metres)])
    assert not points.rounded
    assert points.noise < 0.05


def test_points_that_tell_nothing_are_left_out(rng):
    xyz = np.concatenate([cloud(rng).xyz / 1000, [[np.nan, 1, 2], [0, 0, 0], [0.2, 0.3, 5]]])
    points = gather([PointCloud(xyz), cloud(rng)])
    assert (points.radius > 1000).all()
    assert np.isfinite(points.xyz).all()
    assert set(points.frame) == {0, 1}
    assert points.radius == pytest.approx(np.hypot(*points.xyz[:, :2].T))


def test_rings(rng):
    frame = cloud(rng)
    ring = rng.integers(0, 9, len(frame)).astype(np.uint8)
    assert (gather([frame]).laser == -1).all()
    assert (gather([frame.with_fields({"ring": ring.astype(np.float32)})]).laser == -1).all()
    kept = np.hypot(*frame.xyz[:, :2].T) > 1000
    np.testing.assert_array_equal(gather([frame.with_fields({"ring": ring})]).laser, ring[kept])


def test_too_few(rng):
    for frames in ([], [cloud(rng, 0)], [cloud(rng, 100)], [PointCloud(np.full((900, 3), np.nan))]):
        with pytest.raises(InvalidSensor, match="at least 500"):
            gather(frames)


def test_many_points_are_sampled(rng, monkeypatch):
    monkeypatch.setattr(points_module, "MAX_POINTS", 1000)
    points = gather([cloud(rng, 4000), cloud(rng, 4000)])
    assert 800 < len(points.xyz) < 1200
    assert set(points.frame) == {0, 1}
