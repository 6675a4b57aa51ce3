"""pcc.datasets.drive: the scanner's poses from an inertial unit's records."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.drive import kitti_drive, scanner_poses
from pcc.pointcloud import PointCloud
from pcc.tasks.trajectory import absolute_error_m, driven
from tests.drives import oxts_record, planar_poses, write_drive

POINT = PointCloud(np.ones((1, 3), np.float32))


def test_files_give_the_poses_back(tmp_path):
    """pose of the scanner = pose of the unit, moved by the calibration; a millionth of a degree is 0.1 m."""
    poses = planar_poses(6, 2.0, 0.1)
    drive = kitti_drive(**write_drive(tmp_path, [POINT] * 6, poses))
    assert [path.name for path in drive.frames] == [f"{i:010d}.bin" for i in range(6)]
    assert np.allclose(drive.poses, poses, atol=1e-4)
    assert "0.40 to 0.40 m" in drive.truth


def test_angles_are_roll_pitch_yaw():
    """Yaw about z, then pitch about y, then roll about x: a unit that looks north and up has its x axis there."""
    first = np.zeros(6)
    looking = np.array([0, 0, 0, 0.3, -np.pi / 4, np.pi / 2])
    pose = scanner_poses([first, looking], np.eye(3), np.zeros(3))[1]
    assert np.allclose(pose[:3, 0], [0, np.sqrt(0.5), np.sqrt(0.5)])


def test_the_calibration_counts():
    """A unit that turns on the spot moves a scanner 1 m ahead of it along a circle: from (1, 0) to (0, 1)."""
    records = np.zeros((2, 6))
    records[1, 5] = np.pi / 2
    poses = scanner_poses(records, np.eye(3), np.array([-1.0, 0, 0]))
    assert np.allclose(poses[1][:3, 3], [-1, 1, 0])


def test_missing_files(tmp_path):
    places = write_drive(tmp_path, [POINT] * 2, planar_poses(2))
    (places["oxts"] / "0000000001.txt").unlink()
    with pytest.raises(FileNotFoundError):
        kitti_drive(**places)
    with pytest.raises(FileNotFoundError, match=r"data/README\.md"):
        kitti_drive(tmp_path / "nothing", places["oxts"], places["imu_to_velo"])


def test_malformed_records(tmp_path):
    places = write_drive(tmp_path, [POINT], planar_poses(1))
    (places["oxts"] / "0000000000.txt").write_text("1 2 3")
    with pytest.raises(ValueError, match="OXTS"):
        kitti_drive(**places)
    assert oxts_record(np.eye(4)).shape == (30,)


def test_kittis_drive_is_a_cars(shared_data, tmp_path):
    """33 m in 9 s, on a road: metres driven by position and by speed agree within 5 %."""
    labels = shared_data / "kitti_labels" / "drive_0005"
    records = sorted((labels / "oxts").glob("*.txt"))
    for path in records:
        (tmp_path / f"{path.stem}.bin").touch()
    drive = kitti_drive(tmp_path, labels / "oxts", labels / "calib_imu_to_velo.txt")
    by_speed = sum(np.loadtxt(path)[8] for path in records) * 0.1
    assert driven(drive.poses)[-1] == pytest.approx(by_speed, rel=0.05)
    assert absolute_error_m(drive.poses[::-1].copy(), drive.poses) > 1
