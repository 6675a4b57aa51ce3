"""pcc.anchors.bypass: decompress(compress(cloud)) == cloud, value for value, in order."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.anchors.base import Setting
from pcc.anchors.bypass import Bypass
from pcc.errors import AnchorError
from pcc.pointcloud import PointCloud

METHODS = ["raw", "zlib", "xz", "zstd"]


def cloud(num_points: int) -> PointCloud:
    xyz = np.random.default_rng(1).normal(size=(num_points, 3)).astype(np.float32)
    return PointCloud(xyz, {"intensity": np.arange(num_points, dtype=np.uint8), "n": np.ones((num_points, 2))})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("num_points", [0, 1, 7])
def test_round_trip(method, num_points):
    original = cloud(num_points)
    result = Bypass(method).encode(original, Setting(fields="all", voxel_size=1.0))
    assert np.array_equal(result.decoded.xyz, original.xyz)
    assert result.decoded.xyz.dtype == np.float32
    assert {k: v.tolist() for k, v in result.decoded.fields.items()} == {
        k: v.tolist() for k, v in original.fields.items()
    }
    assert min(result.encode_s, result.decode_s) >= 0


def test_positions_only():
    assert not Bypass("raw").encode(cloud(3), Setting()).decoded.fields


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xff\xff\xff", b"\x02\x00\x00\x00[]", b"\x02\x00\x00\x00{}abc"])
def test_foreign_bytes(method, data):
    with pytest.raises(AnchorError, match=f"{method}: not a stream"):
        Bypass(method).decompress(data)


def test_unknown_method():
    with pytest.raises(ValueError, match="expected one of raw, zlib, xz, zstd, got 'rar'"):
        Bypass("rar")
