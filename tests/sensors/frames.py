"""Frames of small sensors for tests of the fit, and of KITTI's."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np

from pcc.datasets.sensor_models import SensorModel, make_sensor
from pcc.datasets.sensors import sensor_frames
from pcc.pointcloud import PointCloud

EVERY = {"hdl64e-like": 6, "vlp16": 1, "os1-128": 8, "hesai-like": 3}


@lru_cache
def small_sensor(kind: str) -> SensorModel:
    """Some lasers of a sensor of that kind."""
    return make_sensor(kind, seed=1, every=EVERY[kind])


@lru_cache
def small_frames(kind: str, num: int = 1, seed: int = 3, rounded: bool = True) -> list[PointCloud]:
    """Frames of `small_sensor`, without fields."""
    frames = sensor_frames(small_sensor(kind), num, seed, rounded=rounded)
    return [PointCloud(frame.cloud.xyz) for frame in frames]


def shuffled(frame: PointCloud, seed: int = 0) -> PointCloud:
    return frame.take(np.random.default_rng(seed).permutation(len(frame)))


def kitti_frames(shared_data: Path, archive: str, rows: slice) -> list[PointCloud]:
    """Frames of an archive of the shared data."""
    spec = importlib.util.spec_from_file_location("unpack", shared_data / "unpack.py")
    assert spec is not None
    assert spec.loader is not None
    unpack = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(unpack)
    tables = [table for _, table in unpack.lidar(unpack.load(shared_data / f"{archive}.lidar.xz"))][rows]
    return [PointCloud(np.ascontiguousarray(table[:, :3]), {"intensity": table[:, 3].copy()}) for table in tables]
