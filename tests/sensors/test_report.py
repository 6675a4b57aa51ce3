"""The true table tells all points of a frame, another one few."""

import numpy as np
import pytest

from pcc.datasets.sensor_models import make_sensor
from pcc.datasets.sensors import sensor_frames
from pcc.pointcloud import PointCloud
from pcc.sensors.report import check_table
from tests.sensors.frames import small_frames, small_sensor


def test_the_true_table():
    model, frames = small_sensor("hdl64e-like"), small_frames("hdl64e-like", 2)
    report = check_table(model.table, frames)
    assert report.num_points == sum(map(len, frames)) == report.laser_points.sum()
    assert report.exact > 0.999
    assert report.on_lattice == 1
    assert report.laser_exact.min() == report.laser_exact[report.worst_laser] > 0.99
    assert report.columns == pytest.approx((2150, 2150), abs=20)


def test_units():
    """Integers are millimetres, floats metres."""
    model, (frame,) = small_sensor("os1-128"), small_frames("os1-128")
    whole = PointCloud(np.rint(frame.xyz.astype(float) * 1000).astype(np.int32))
    assert check_table(model.table, [whole]).exact == check_table(model.table, [frame]).exact > 0.999


def test_strange_points_and_another_sensor(rng):
    model, (frame,) = small_sensor("hdl64e-like"), small_frames("hdl64e-like")
    strange = PointCloud(np.concatenate([frame.xyz, rng.uniform(-30, 30, (len(frame), 3)), np.full((3, 3), np.nan)]))
    report = check_table(model.table, [strange])
    assert report.num_points == 2 * len(frame)
    assert report.on_lattice == pytest.approx(0.5, abs=0.01)
    assert check_table(make_sensor("hdl64e-like", 9, every=6).table, [frame]).exact < 0.2


def test_sparse_lasers():
    model = small_sensor("vlp16")
    (frame,) = sensor_frames(model, 1, seed=3)
    report = check_table(model.table, [frame.cloud.take(frame.laser != 4)])
    assert report.sparse_lasers == [4]
    assert report.worst_laser != 4


def test_nothing():
    report = check_table(small_sensor("vlp16").table, [PointCloud(np.empty((0, 3)))])
    assert (report.num_points, report.exact, report.columns) == (0, 0.0, (0,))
