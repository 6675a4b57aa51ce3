"""Motion correction of a spinning LiDAR's frame: every point moved to the sensor's pose at mid-sweep.

    p' = R(s w) p + s v        s = -azimuth / 2 pi in [-1/2, 1/2)

KITTI's scanner turns clockwise seen from above (azimuth counts counter-clockwise from x, ahead) and its sweep begins
and ends at the rear, so the azimuth is the time. Neither is written down with the data: of both directions and four
seams this one makes static walls of frames a second apart agree best (drive 0005). The car's twist (v, w) is taken as
constant over the sweep. It makes training frames; it does not undo the correction of frames from elsewhere (that
needs their poses).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

SWEEP_S = 0.1  # KITTI's scanner turns ten times a second
_VELOCITY = slice(8, 11)  # vf, vl, vu: forward, left, up [m/s]
_ANGULAR = slice(17, 20)  # wx, wy, wz: about the unit's x, y, z [rad/s]


@dataclass(frozen=True, eq=False)
class Twist:
    """The sensor's motion during one sweep, in its own axes.

    Attributes:
        velocity: (3,) metres a sweep.
        angular: (3,) radians a sweep, a rotation vector.
    """

    velocity: np.ndarray
    angular: np.ndarray


def read_rigid(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and translation (3,) metres of a KITTI calibration file with the lines ``R:`` and ``T:``."""
    lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    if not {"R", "T"} <= lines.keys():
        raise ValueError(f"{path}: expected lines R: and T:, got {sorted(lines)}")
    return np.array(lines["R"].split(), float).reshape(3, 3), np.array(lines["T"].split(), float)


def read_record(path: Path) -> np.ndarray:
    """One OXTS record (KITTI raw, ``dataformat.txt``): 30 float64, and at least those that are used here."""
    record = np.array(path.read_text().split(), float)
    if len(record) < _ANGULAR.stop:
        raise ValueError(f"{path}: expected an OXTS record of 30 numbers, got {len(record)}")
    return record


def read_twist(path: Path, rotation: np.ndarray, translation: np.ndarray) -> Twist:
    """The sensor's twist from one OXTS record (KITTI raw, ``dataformat.txt``).

    Args:
        rotation, translation: from the inertial unit's axes to the sensor's.
    """
    record = read_record(path)
    angular = record[_ANGULAR]
    lever = -rotation.T @ translation  # the sensor's place in the unit's axes
    velocity = record[_VELOCITY] + np.cross(angular, lever)
    return Twist(rotation @ velocity * SWEEP_S, rotation @ angular * SWEEP_S)


def random_twist(rng: np.random.Generator) -> Twist:
    """A car's motion at random: up to 20 m/s ahead, up to 0.6 rad/s of yaw, little else."""
    velocity = np.array([rng.uniform(0.05, 2.0), rng.normal(0, 0.02), rng.normal(0, 0.02)])
    return Twist(
        velocity, np.array([rng.normal(0, 0.002), rng.normal(0, 0.002), np.clip(rng.normal(0, 0.02), -0.06, 0.06)])
    )


def correct_motion(xyz: np.ndarray, twist: Twist) -> np.ndarray:
    """Points moved from the pose at their own time to the pose at mid-sweep.

    Args:
        xyz: (N, 3) float64 metres, in the sensor's axes (x ahead, y left, z up) at the time of each point.

    Returns:
        (N, 3) float64 metres.
    """
    share = sweep_share(xyz)
    return rotate(xyz, share[:, None] * twist.angular) + share[:, None] * twist.velocity


def sweep_share(xyz: np.ndarray) -> np.ndarray:
    """When each point (N, 3) was seen: (N,) shares of a sweep from -1/2 at its begin to 1/2 at its end."""
    return -np.arctan2(xyz[:, 1], xyz[:, 0]) / (2 * np.pi)


def rotate(xyz: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Rodrigues' rotation of each point (N, 3) by its own rotation vector (N, 3), radians."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    axis = vectors / np.maximum(angle, 1e-30)
    along = (axis * xyz).sum(1, keepdims=True)
    return xyz * np.cos(angle) + np.cross(axis, xyz) * np.sin(angle) + axis * along * (1 - np.cos(angle))
