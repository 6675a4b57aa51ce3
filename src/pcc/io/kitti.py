"""KITTI ``.bin``: float32 x, y, z in metres and intensity, 16 bytes a point, no header.

An empty file is therefore an empty cloud.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io.columns import holdable
from pcc.pointcloud import PointCloud

BYTES_PER_POINT = 16


def read(path: Path) -> PointCloud:
    """See ``pcc.io.read_points``; the one field is ``intensity``, (N,) float32."""
    data = path.read_bytes()
    if len(data) % BYTES_PER_POINT:
        raise InvalidCloud(f"{path}: expected 16 bytes a point (a multiple of 16), got {len(data)}")
    table = np.frombuffer(data, "<f4").reshape(-1, 4).astype(np.float32, copy=False)
    return PointCloud(np.ascontiguousarray(table[:, :3]), {"intensity": table[:, 3].copy()})


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool) -> None:
    """See ``pcc.io.write_points``; a cloud without ``intensity`` gets intensity 0."""
    if cloud.xyz.dtype != np.float32:
        raise UnsupportedField(f"xyz: KITTI .bin holds float32, not {cloud.xyz.dtype}; use .ply or .npz")
    fields = holdable(cloud, _problem, drop_unsupported)
    table = np.zeros((len(cloud), 4), "<f4")
    table[:, :3] = cloud.xyz
    if "intensity" in fields:
        table[:, 3] = fields["intensity"]
    file.write(table.tobytes())


def _problem(name: str, values: np.ndarray) -> str | None:
    if name != "intensity":
        return "KITTI .bin holds intensity only"
    if values.dtype != np.float32 or values.ndim != 1:
        return "KITTI .bin holds intensity as one float32 a point"
    return None
