"""LiDAR frames in millimetres, and motion correction."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets import heldout
from pcc.datasets.heldout import HeldOutCloud, geometry_digest
from pcc.datasets.lidar import corrected_frames, find_frames, raw_frames, read_frame, twisted_frames
from pcc.datasets.motion import Twist, correct_motion, random_twist, read_rigid, read_twist, rotate
from pcc.errors import InvalidCloud, PccWarning
from pcc.io import write_points
from pcc.pointcloud import PointCloud


@pytest.fixture
def drive(tmp_path, rng):
    """Two frames of 300 points on the 1 mm grid in the folder ``drive``."""
    for i in range(2):
        xyz = np.float32(rng.integers(-30_000, 30_000, (300, 3)) / 1000)
        (tmp_path / "drive").mkdir(exist_ok=True)
        write_points(tmp_path / "drive" / f"{i:03d}.bin", PointCloud(xyz))
    return tmp_path / "drive"


def test_millimetres_are_exact(drive):
    """float32(k / 1000) * 1000 rounds to k."""
    frame = read_frame(drive / "000.bin")
    xyz = np.fromfile(drive / "000.bin", np.float32).reshape(-1, 4)[:, :3]
    assert frame.dtype == np.int32
    assert np.array_equal(np.float32(frame / 1000), xyz)


def test_bad_points_are_left_out(tmp_path):
    xyz = np.array([[1, 2, 3], [np.nan, 0, 0], [0, np.inf, 0], [0, 0, 1e6]], np.float32)
    write_points(tmp_path / "a.bin", PointCloud(xyz))
    assert read_frame(tmp_path / "a.bin").tolist() == [[1000, 2000, 3000]]
    write_points(tmp_path / "b.bin", PointCloud(xyz[1:]))
    with pytest.raises(InvalidCloud, match="no finite"):
        read_frame(tmp_path / "b.bin")


def test_find_frames_thins_and_excludes(drive):
    assert [p.name for p in find_frames([drive])] == ["000.bin", "001.bin"]
    assert [p.name for p in find_frames([drive], every=2)] == ["000.bin"]
    assert [p.name for p in find_frames([drive], exclude=["drive/000.bin"])] == ["001.bin"]
    with pytest.raises(FileNotFoundError):
        find_frames([drive.parent / "nothing"])


def test_heldout_frames_are_refused(drive, monkeypatch):
    digest = geometry_digest(read_frame(drive / "001.bin"))
    monkeypatch.setattr(heldout, "heldout_digests", lambda: {digest: "a test frame"})
    with pytest.raises(HeldOutCloud, match="a test frame"):
        raw_frames(find_frames([drive]))
    with pytest.raises(HeldOutCloud, match="a test frame"):
        twisted_frames(find_frames([drive]))


def test_rotation_by_a_quarter_turn():
    turned = rotate(np.array([[1.0, 0, 0], [0, 0, 2]]), np.array([[0, 0, np.pi / 2]] * 2))
    assert np.allclose(turned, [[0, 1, 0], [0, 0, 2]])


def test_correction_is_literal():
    """p' = p + s v: nothing ahead, minus a quarter of the sweep's motion at the left, a quarter at the right."""
    twist = Twist(np.array([2.0, 0, 0]), np.zeros(3))
    points = np.array([[5.0, 0, 1], [0, 5, 1], [0, -5, 1]])
    assert np.allclose(correct_motion(points, twist), [[5, 0, 1], [-0.5, 5, 1], [0.5, -5, 1]])


def test_correction_undoes_a_simulated_sweep(rng):
    """A world seen from poses R(s w), s v comes back to the pose at mid-sweep within the bend of the path."""
    twist = Twist(np.array([1.0, 0.02, 0]), np.array([0, 0, 0.03]))
    world = rng.uniform(-20, 20, (500, 3))
    seen = world.copy()
    for _ in range(20):  # the azimuth at which a point is seen depends on the pose and vice versa
        share = -np.arctan2(seen[:, 1], seen[:, 0])[:, None] / (2 * np.pi)
        seen = rotate(world - share * twist.velocity, -share * twist.angular)
    clear = (np.hypot(seen[:, 0], seen[:, 1]) > 3) & (np.abs(np.arctan2(seen[:, 1], seen[:, 0])) < 2.8)  # of the seam
    assert clear.mean() > 0.8
    assert np.abs(correct_motion(seen, twist) - world)[clear].max() < 1e-6


def test_random_twists_are_a_cars(rng):
    for _ in range(100):
        twist = random_twist(rng)
        assert 0 < twist.velocity[0] <= 2
        assert np.abs(twist.angular).max() <= 0.06


def test_oxts_records(tmp_path):
    """velocity = R (v + w x lever) * 0.1 s."""
    (tmp_path / "calib.txt").write_text("calib_time: now\nR: 1 0 0 0 1 0 0 0 1\nT: -1 0 0\n")
    record = np.zeros(30)
    record[8:11] = [10, 0, 0]
    record[17:20] = [0, 0, 0.5]
    (tmp_path / "000.txt").write_text(" ".join(map(str, record)))
    twist = read_twist(tmp_path / "000.txt", *read_rigid(tmp_path / "calib.txt"))
    assert np.allclose(twist.velocity, [1.0, 0.05, 0])
    assert np.allclose(twist.angular, [0, 0, 0.05])
    (tmp_path / "001.txt").write_text("1 2 3")
    with pytest.raises(ValueError, match="OXTS"):
        read_twist(tmp_path / "001.txt", np.eye(3), np.zeros(3))


def test_corrected_frames_of_a_drive_at_rest(drive, tmp_path):
    """No motion: corrected = raw."""
    (tmp_path / "calib.txt").write_text("R: 1 0 0 0 1 0 0 0 1\nT: 0 0 0\n")
    for i in range(2):
        (tmp_path / f"{i:03d}.txt").write_text(" ".join(["0"] * 30))
    paths = find_frames([drive])
    for raw, corrected in zip(
        raw_frames(paths), corrected_frames(paths, tmp_path, tmp_path / "calib.txt"), strict=True
    ):
        assert np.array_equal(raw, corrected)


def test_kitti_drive_moves_sanely(shared_data):
    """A car in a city: under 20 m/s ahead, hardly sideways, under 1 rad/s of yaw."""
    labels = shared_data / "kitti_labels" / "drive_0005"
    rigid = read_rigid(labels / "calib_imu_to_velo.txt")
    twists = [read_twist(path, *rigid) for path in sorted((labels / "oxts").glob("*.txt"))]
    assert len(twists) >= 90
    velocity, angular = np.array([t.velocity for t in twists]), np.array([t.angular for t in twists])
    assert velocity[:, 0].max() < 2.0
    assert np.abs(velocity[:, 1:]).max() < 0.1
    assert np.abs(angular).max() < 0.1


def test_a_bad_frame_is_named_and_the_others_train(tmp_path):
    frame = np.tile(np.array([[1, 2, 3, 0.5]], np.float32), (20, 1))
    (tmp_path / "a.bin").write_bytes(frame.tobytes())
    (tmp_path / "b.bin").write_bytes(b"odd")
    paths = [tmp_path / "a.bin", tmp_path / "b.bin"]
    for read in (raw_frames, twisted_frames):
        with pytest.warns(PccWarning, match=r"skipped: .*b\.bin"):
            assert [len(xyz) for xyz in read(paths)] == [20]
        with pytest.warns(PccWarning), pytest.raises(InvalidCloud, match="none of 1 files"):
            read(paths[1:])
