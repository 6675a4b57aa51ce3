"""fit_sensor(frames of a sensor) = its numbers, and >= 99 % of the points of other frames, exactly."""

import numpy as np
import pytest

from pcc.datasets.sensors import sensor_frames
from pcc.datasets.synthetic_lidar import synthetic_frames
from pcc.errors import InvalidSensor
from pcc.pointcloud import PointCloud
from pcc.sensors.fit import fit_sensor
from pcc.sensors.report import check_table
from tests.sensors.frames import EVERY, kitti_frames, shuffled, small_frames, small_sensor

EXACT_OF_ONE_FRAME = 0.97


def numbers(table):
    return table.num_lasers, table.steps, table.range_step, table.radial


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("rounded", [True, False], ids=["rounded", "floats"])
def test_shuffled_frames_of_every_sensor(kind, rounded):
    model = small_sensor(kind)
    frames = small_frames(kind, 3, rounded=rounded)
    table, report = fit_sensor([shuffled(frame) for frame in frames])
    assert numbers(table) == numbers(model.table)
    assert report.exact > 0.99
    assert report.on_lattice == 1
    other = check_table(table, small_frames(kind, 2, seed=77, rounded=rounded))
    assert other.exact > 0.99
    assert other.on_lattice == 1


@pytest.mark.parametrize("kind", ["hdl64e-like", "vlp16"])
def test_one_frame(kind):
    """Lasers that see one thing only are less sure, all else is the same."""
    table, _ = fit_sensor(small_frames(kind))
    assert numbers(table) == numbers(small_sensor(kind).table)
    other = check_table(table, small_frames(kind, 2, seed=77))
    assert other.exact > EXACT_OF_ONE_FRAME
    assert other.on_lattice > 0.999


@pytest.mark.parametrize("kind", ["hdl64e-like", "hesai-like"])
def test_columns_and_elevations(kind):
    model, frames = small_sensor(kind), small_frames(kind, 3, rounded=False)
    table, report = fit_sensor(frames)
    assert np.abs(table.elevation - model.table.elevation).max() < 2e-5
    ways = [np.arctan2(t.slope[:, 1], t.slope[:, 0]) * t.steps / (2 * np.pi) + t.shift for t in (table, model.table)]
    turned = ways[0] - ways[1]
    assert np.abs(turned - np.median(turned)).max() < 0.2
    assert report.columns == check_table(model.table, frames).columns


def test_complete_columns_are_not_shifted():
    assert not fit_sensor(small_frames("os1-128"))[0].shift.any()


def test_order_and_unit_do_not_matter():
    """Of one frame as its driver wrote it, shuffled, with rings (right and wrong), and in integer millimetres."""
    (measured,) = sensor_frames(small_sensor("hdl64e-like"), 1, seed=3, ring="uint8")
    frame, plain = measured.cloud, PointCloud(measured.cloud.xyz)
    wrong = plain.with_fields({"ring": np.arange(len(frame)).astype(np.uint8)})
    whole = PointCloud(np.rint(plain.xyz.astype(float) * 1000).astype(np.int32))
    tables = [fit_sensor([cloud])[0] for cloud in (frame, shuffled(frame), plain, shuffled(plain), wrong, whole)]
    for table in tables:
        assert numbers(table) == numbers(tables[0])
        assert np.abs(table.elevation - tables[0].elevation).max() < 2e-6
        np.testing.assert_array_equal(table.shift - table.shift[0], tables[0].shift - tables[0].shift[0])


def test_strange_points_do_not_disturb(rng):
    """A tenth of all points is anywhere."""
    model, (frame,) = small_sensor("os1-128"), small_frames("os1-128")
    anywhere = np.rint(rng.uniform(-30e3, 30e3, (len(frame) // 9, 3))) / 1000
    table, report = fit_sensor([shuffled(PointCloud(np.concatenate([frame.xyz, anywhere.astype(np.float32)])))])
    assert numbers(table) == numbers(model.table)
    assert report.on_lattice == pytest.approx(0.9, abs=0.01)
    assert check_table(table, [frame]).exact > 0.98


def test_progress_and_name():
    told = []
    table, _ = fit_sensor(small_frames("vlp16"), "mine", lambda share, what: told.append((share, what)))
    assert table.name == "mine"
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[0][0] == 0


def test_ranges_on_no_lattice_count_as_millimetres():
    """`synthetic_lidar` rounds to 1 mm but has no range step."""
    frame = PointCloud(synthetic_frames(1, 16, 900)[0])
    table, report = fit_sensor([frame])
    assert numbers(table) == (16, 900, 4, False)
    assert report.on_lattice > 0.99


def clouds_of_something_else():
    rng = np.random.default_rng(0)
    body = rng.normal(size=(30_000, 3))
    grid = np.rint(400 + 300 * body / np.linalg.norm(body, axis=1, keepdims=True)).astype(np.int32)
    return {
        "body": PointCloud(np.unique(grid, axis=0)),
        "random floats": PointCloud(rng.uniform(-50, 50, (30_000, 3)).astype(np.float32)),
        "random millimetres": PointCloud(rng.integers(-50_000, 50_000, (30_000, 3)).astype(np.int32)),
        "plane": PointCloud(np.column_stack([rng.uniform(-50, 50, (30_000, 2)), np.full(30_000, -1.7)])),
        "one place": PointCloud(np.full((2000, 3), 7.0)),
        "handful": PointCloud(rng.uniform(-50, 50, (40, 3))),
        "nothing": PointCloud(np.empty((0, 3))),
        "no position": PointCloud(np.full((2000, 3), np.nan)),
        "rings of random points": PointCloud(
            rng.uniform(-50, 50, (30_000, 3)), {"ring": rng.integers(0, 16, 30_000).astype(np.uint8)}
        ),
    }


@pytest.mark.parametrize("name", clouds_of_something_else())
def test_clouds_of_something_else_are_refused(name):
    with pytest.raises(InvalidSensor, match="no spinning LiDAR"):
        fit_sensor([clouds_of_something_else()[name]])


def test_kitti(shared_data):
    """Single scans, shuffled, tell a scan of another drive: 99 % exactly, all on the lattice."""
    scans = kitti_frames(shared_data, "kitti_2015_singles", slice(3, 63, 20))
    (other,) = kitti_frames(shared_data, "kitti_detection_000001", slice(0, 1))
    for frames in (scans[:1], scans):
        table, _ = fit_sensor([shuffled(frame) for frame in frames])
        assert numbers(table) == (64, 4000, 8, True)
        report = check_table(table, [other])
        assert report.exact > 0.99
        assert report.on_lattice == 1
        assert report.columns[0] < 2200
