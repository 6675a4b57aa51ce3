"""A recorded drive: frames of a spinning LiDAR and the sensor's true poses, from KITTI raw's files.

    OXTS record --Mercator, roll, pitch, yaw--> pose of the inertial unit --calibration--> pose of the scanner

The poses are as good as the unit's position, and each record says how good it thinks that is: without differential
corrections some 0.3 to 0.5 m, slowly changing. Against drift over tens of metres that is much; orientation is far
better. Nothing here trains: held-out frames may be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pcc.datasets.motion import read_record, read_rigid

EARTH_RADIUS_M = 6378137.0
_ACCURACY = 23  # posacc: the unit's own estimate for its horizontal position [m]


@dataclass(frozen=True, eq=False)
class Drive:
    """Frames in the order of time and where the scanner was at each.

    Attributes:
        frames: files that ``pcc.read_points`` reads.
        poses: (N, 4, 4) float64, from the scanner's axes at frame i to those at frame 0; metres.
        truth: where the poses come from and how good they are, in a sentence.
    """

    frames: tuple[Path, ...]
    poses: np.ndarray
    truth: str


def kitti_drive(frames: str | Path, oxts: str | Path, imu_to_velo: str | Path) -> Drive:
    """A drive of KITTI raw.

    Args:
        frames: folder of ``<number>.bin``.
        oxts: folder of the inertial unit's records ``<number>.txt``; of frames that have none nothing is known.
        imu_to_velo: ``calib_imu_to_velo.txt``.

    Raises:
        FileNotFoundError: the folder holds no frames, or a frame has no record.
        ValueError: a record or the calibration is malformed.
    """
    paths = tuple(sorted(Path(frames).glob("*.bin")))
    if not paths:
        raise FileNotFoundError(f"no KITTI .bin frames in {frames}; data/README.md says how to get them")
    records = np.array([read_record(Path(oxts) / f"{path.stem}.txt")[: _ACCURACY + 1] for path in paths])
    accuracy = records[:, _ACCURACY]
    truth = (
        "OXTS positions and angles, moved from the inertial unit to the scanner by calib_imu_to_velo; "
        f"position accuracy by the unit's own estimate {accuracy.min():.2f} to {accuracy.max():.2f} m"
    )
    return Drive(paths, scanner_poses(records, *read_rigid(Path(imu_to_velo))), truth)


def scanner_poses(
    records: Sequence[np.ndarray] | np.ndarray, rotation: np.ndarray, translation: np.ndarray
) -> np.ndarray:
    """Poses of the scanner, relative to its first.

    Args:
        records: (N, 6 or more): latitude, longitude [deg], altitude [m], roll, pitch, yaw [rad] of the inertial unit.
        rotation, translation: (3, 3) and (3,) metres, from the unit's axes to the scanner's.

    Returns:
        (N, 4, 4) float64.
    """
    records = np.asarray(records, np.float64)
    unit = np.array([_unit_pose(record, np.cos(np.deg2rad(records[0, 0]))) for record in records])
    to_scanner = np.eye(4)
    to_scanner[:3, :3], to_scanner[:3, 3] = rotation, translation
    scanner = unit @ np.linalg.inv(to_scanner)
    return np.linalg.inv(scanner[0]) @ scanner


def _unit_pose(record: np.ndarray, scale: float) -> np.ndarray:
    """From the unit's axes to east, north, up: Mercator's projection as in KITTI raw's ``convertOxtsToPose.m``."""
    latitude, longitude, altitude, roll, pitch, yaw = record[:6]
    pose = np.eye(4)
    pose[:3, :3] = _turn(2, yaw) @ _turn(1, pitch) @ _turn(0, roll)
    pose[0, 3] = scale * EARTH_RADIUS_M * np.deg2rad(longitude)
    pose[1, 3] = scale * EARTH_RADIUS_M * np.log(np.tan(np.deg2rad(90 + latitude) / 2))
    pose[2, 3] = altitude
    return pose


def _turn(axis: int, angle: float) -> np.ndarray:
    """The rotation (3, 3) by ``angle`` radians about a coordinate axis."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[second, first], turn[first, second] = np.sin(angle), -np.sin(angle)
    return turn
