"""pcc.anchors.draco: the decoded set equals the set of the voxelised input."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pcc.anchors.base import Setting
from pcc.anchors.draco import Draco
from pcc.anchors.grid import GRID_BYTES
from pcc.errors import AnchorError
from pcc.pointcloud import PointCloud

pytest.importorskip("DracoPy", reason="the extra eval is not installed")


def points_set(xyz) -> set:
    return set(map(tuple, xyz.tolist()))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.uint16])
@pytest.mark.parametrize("num_points", [1, 2, 500])
def test_integers_are_lossless(rng, dtype, num_points):
    """set(decoded) == set(input), in the input's dtype."""
    xyz = rng.integers(0, 1024, (num_points, 3)).astype(dtype)
    decoded = Draco().encode(PointCloud(xyz), Setting()).decoded
    assert decoded.xyz.dtype == dtype
    assert points_set(decoded.xyz) == points_set(xyz)


def test_a_millimetre_grid_is_lossless(rng):
    """float32 metres on a 1 mm grid come back bit for bit, far below zero too."""
    xyz = (rng.integers(-80_000, 80_000, (300, 3)) / 1000).astype(np.float32)
    assert points_set(Draco().encode(PointCloud(xyz), Setting()).decoded.xyz) == points_set(xyz)


def test_a_voxel_size_bounds_the_error(rng):
    """|decoded - nearest input| <= voxel_size / 2 an axis."""
    xyz = rng.uniform(-5, 5, (200, 3))
    decoded = Draco().encode(PointCloud(xyz), Setting(voxel_size=0.1)).decoded.xyz
    worst = np.abs(decoded[:, None] - xyz).max(axis=2).min(axis=1).max()
    assert worst <= 0.05 + 1e-9


def test_duplicates_become_one():
    """{p, p, q} -> {p, q}: Draco has no multiplicities."""
    xyz = np.array([[1, 2, 3], [1, 2, 3], [4, 5, 6]])
    assert sorted(Draco().encode(PointCloud(xyz), Setting()).decoded.xyz.tolist()) == [[1, 2, 3], [4, 5, 6]]


def test_what_it_cannot_do():
    one = PointCloud(np.zeros((1, 3), np.int32), {"intensity": np.zeros(1)})
    with pytest.raises(AnchorError, match="empty"):
        Draco().compress(PointCloud(np.zeros((0, 3))), Setting())
    with pytest.raises(AnchorError, match="positions only"):
        Draco().compress(one, Setting(fields="all"))


@pytest.mark.parametrize("keep", [0, GRID_BYTES - 1, GRID_BYTES, GRID_BYTES + 20])
def test_truncated(keep):
    data = Draco().compress(PointCloud(np.arange(30).reshape(10, 3)), Setting())
    with pytest.raises(AnchorError):
        Draco().decompress(data[:keep])


def test_missing_library(monkeypatch):
    """Without DracoPy the error names the extra."""
    monkeypatch.setitem(sys.modules, "DracoPy", None)
    with pytest.raises(AnchorError, match=r"pip install '\.\[eval\]'"):
        Draco().compress(PointCloud(np.zeros((1, 3))), Setting())
