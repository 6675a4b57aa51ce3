"""A short drive across a synthetic yard: frames, the scanner's poses, and the same as KITTI raw's files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pcc.datasets.drive import EARTH_RADIUS_M
from pcc.datasets.motion import rotate, sweep_share
from pcc.datasets.synthetic_lidar import Street, make_scanner, scan
from pcc.io import write_points
from pcc.pointcloud import PointCloud

LEVER = np.array([-0.8, 0.3, -0.8])  # from the inertial unit's axes to the scanner's, metres
LATITUDE, LONGITUDE, ALTITUDE = 49.0, 8.4, 112.0


def planar_poses(num: int, step_m: float = 0.5, turn: float = 0.01) -> np.ndarray:
    """(num, 4, 4): a bend on a plane, ``step_m`` metres and ``turn`` radians a frame, the first the identity."""
    step = np.eye(4)
    step[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    step[0, 3] = step_m
    poses = [np.eye(4)]
    for _ in range(num - 1):
        poses.append(poses[-1] @ step)
    return np.array(poses)


def drive_frames(poses: np.ndarray, num_beams: int = 24, num_columns: int = 400, seed: int = 5) -> list[PointCloud]:
    """What a scanner at ``poses`` sees, float32 metres on the 1 mm grid with intensity; it rests during each sweep."""
    rng = np.random.default_rng(seed)
    scanner, place = make_scanner(num_beams, num_columns, rng, top=15, bottom=-5), yard(rng)
    return [_without_ground(_cloud(*scan(scanner, seen_from(place, pose), rng))) for pose in poses]


def yard(rng: np.random.Generator, num_boxes: int = 60) -> Street:
    """Boxes at every angle around a clear middle: smooth walls on both sides would tell nothing of the way ahead."""
    away, bearing = rng.uniform(7, 30, num_boxes), rng.uniform(-np.pi, np.pi, num_boxes)
    centre = np.stack([away * np.cos(bearing), away * np.sin(bearing)], 1)
    sizes = np.stack([rng.uniform(0.5, 2, num_boxes), rng.uniform(0.5, 2, num_boxes), rng.uniform(2, 6, num_boxes)], 1)
    boxes = np.column_stack([centre, sizes, rng.uniform(-np.pi, np.pi, num_boxes)])
    return Street(boxes, np.empty((0, 4)), np.zeros(2))


def skewed(frame: PointCloud, step_m: float) -> PointCloud:
    """``frame``, taken at mid-sweep, as a scanner sees it that drives ``step_m`` metres ahead while it turns."""
    still = frame.xyz.astype(np.float64)
    seen = still
    for _ in range(10):  # the azimuth at which a point is seen depends on the motion and vice versa
        seen = still - sweep_share(seen)[:, None] * [step_m, 0, 0]
    return PointCloud(seen.astype(np.float32), frame.fields)


def seen_from(street: Street, pose: np.ndarray) -> Street:
    """``street`` in the axes of a scanner at ``pose`` (4, 4)."""
    yaw = np.arctan2(pose[1, 0], pose[0, 0])
    boxes, poles = street.boxes.copy(), street.poles.copy()
    for shapes in (boxes, poles):
        moved = np.column_stack([shapes[:, :2] - pose[:2, 3], np.zeros(len(shapes))])
        shapes[:, :2] = rotate(moved, np.tile([0, 0, -yaw], (len(shapes), 1)))[:, :2]
    boxes[:, 5] -= yaw
    return replace(street, boxes=boxes, poles=poles)


def write_drive(folder: Path, frames: list[PointCloud], poses: np.ndarray) -> dict[str, Path]:
    """Files as KITTI raw has them; the arguments of ``kitti_drive``."""
    places = {"frames": folder / "data", "oxts": folder / "oxts", "imu_to_velo": folder / "calib_imu_to_velo.txt"}
    places["frames"].mkdir(parents=True)
    places["oxts"].mkdir()
    places["imu_to_velo"].write_text("R: 1 0 0 0 1 0 0 0 1\nT: " + " ".join(map(str, LEVER)) + "\n")
    for i, (frame, pose) in enumerate(zip(frames, poses, strict=True)):
        write_points(places["frames"] / f"{i:010d}.bin", frame)
        (places["oxts"] / f"{i:010d}.txt").write_text(" ".join(map(repr, oxts_record(pose).tolist())))
    return places


def oxts_record(pose: np.ndarray) -> np.ndarray:
    """(30,) record of the unit that belongs to a scanner at ``pose``: east, north, up are its world's axes."""
    place = pose[:3, 3] + pose[:3, :3] @ LEVER
    record = np.zeros(30)
    scale = np.cos(np.deg2rad(LATITUDE))
    origin = EARTH_RADIUS_M * scale * np.log(np.tan(np.deg2rad(90 + LATITUDE) / 2))
    record[0] = 2 * np.rad2deg(np.arctan(np.exp((origin + place[1]) / EARTH_RADIUS_M / scale))) - 90
    record[1] = LONGITUDE + np.rad2deg(place[0] / EARTH_RADIUS_M / scale)
    record[2] = ALTITUDE + place[2]
    record[5] = np.arctan2(pose[1, 0], pose[0, 0])
    record[23] = 0.4
    return record


def _without_ground(cloud: PointCloud) -> PointCloud:
    """The ground is ripples and rings that go along with the scanner, which a still scanner would see."""
    return cloud.take(cloud.xyz[:, 2] > -1.4)


def _cloud(millimetres: np.ndarray, hundredths: np.ndarray) -> PointCloud:
    return PointCloud(np.float32(millimetres / 1000), {"intensity": np.float32(hundredths / 100)})
