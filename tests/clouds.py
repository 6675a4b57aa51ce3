"""Small clouds for tests, and exact comparison of clouds."""

from __future__ import annotations

import numpy as np

from pcc.pointcloud import PointCloud


def assert_equal(a: PointCloud, b: PointCloud) -> None:
    """Equal positions, fields, names, dtypes and bits."""
    assert a.xyz.dtype == b.xyz.dtype
    assert list(a.fields) == list(b.fields)
    assert a.xyz.tobytes() == b.xyz.tobytes()
    for name, values in a.fields.items():
        assert (values.dtype, values.shape) == (b.fields[name].dtype, b.fields[name].shape)
        assert values.tobytes() == b.fields[name].tobytes()


def cloud_of(num_points: int, dtype: str = "float32") -> PointCloud:
    rng = np.random.default_rng(num_points)
    xyz = rng.integers(0, 100, (num_points, 3)).astype(dtype)
    return PointCloud(xyz, {"intensity": rng.random(num_points, dtype=np.float32)})
