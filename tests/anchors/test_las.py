"""pcc.anchors.las: decompress(compress(cloud)) == cloud on its grid, order, duplicates and dtypes included."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pcc.anchors.base import Setting
from pcc.anchors.las import LasZip
from pcc.errors import AnchorError
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal

pytest.importorskip("laspy", reason="the extra eval is not installed")
pytest.importorskip("lazrs", reason="the extra eval is not installed")
ALL = Setting(fields="all")
XYZ = np.array([[5, -2, 0], [5, -2, 0], [1, 1, 1]])


def round_trip(cloud: PointCloud, setting: Setting = ALL) -> PointCloud:
    return LasZip().encode(cloud, setting).decoded


@pytest.mark.parametrize("num_points", [1, 2, 500])
@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.float32, np.float64])
def test_positions(rng, num_points, dtype):
    xyz = rng.integers(-9000, 9000, (num_points, 3)) / (1000 if np.dtype(dtype).kind == "f" else 1)
    cloud = PointCloud(xyz.astype(dtype))
    assert_equal(round_trip(cloud), cloud)


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.25, 0.5, 1.0], np.float32),
        np.array([0.1234, 1 / 3, -7.5]),
        np.array([0, 65535, 1], np.uint16),
        np.array([0, 1, 255], np.uint8),
    ],
)
def test_intensity(values):
    """Whole numbers of 16 bits at some scale go to LAS's intensity, all others to an extra dimension: none is lost."""
    cloud = PointCloud(XYZ, {"intensity": values})
    assert_equal(round_trip(cloud), cloud)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_colours(dtype):
    cloud = PointCloud(XYZ, {name: np.array([0, 7, 255], dtype) for name in ("red", "green", "blue")})
    assert_equal(round_trip(cloud), cloud)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("name", ["ring", "X", "x y", "käse", "classification", "n" * 100])
def test_other_fields(dtype, name):
    """Any name, also one that LAS has a place of its own for, and any data type."""
    cloud = PointCloud(XYZ, {name: np.array([0, 1, 1]).astype(dtype)})
    assert_equal(round_trip(cloud), cloud)


def test_positions_only():
    assert not round_trip(PointCloud(XYZ, {"ring": np.zeros(3)}), Setting()).fields


@pytest.mark.parametrize("dtype", [np.float64, np.int32])
def test_a_voxel_size_bounds_the_error(rng, dtype):
    """|decoded - input| <= voxel_size / 2 an axis, or 1/2 more where integers are rounded again."""
    xyz = rng.uniform(-50, 50, (100, 3)).astype(dtype)
    decoded = round_trip(PointCloud(xyz), Setting(voxel_size=1.5))
    assert decoded.xyz.dtype == dtype
    assert np.abs(decoded.xyz - xyz).max() <= (0.75 if dtype == np.float64 else 1.25)
    assert len(decoded) == len(xyz)


@pytest.mark.parametrize("bound", [0.001, 0.3])
def test_bounds(rng, bound):
    """|decoded - xyz| <= bound, by the coarsest voxels that keep it; on a coarser grid nothing moves."""
    xyz = rng.uniform(-50, 50, (200, 3))
    errors = np.linalg.norm(round_trip(PointCloud(xyz), Setting(max_error=bound)).xyz - xyz, axis=1)
    assert 0.7 * bound < errors.max() <= bound
    whole = rng.integers(-50, 50, (200, 3)).astype(np.float32)
    assert np.array_equal(round_trip(PointCloud(whole), Setting(max_error=bound)).xyz, whole)


@pytest.mark.parametrize(
    ("xyz", "setting", "message"),
    [
        (np.zeros((0, 3)), Setting(), "empty"),
        (np.array([[np.nan, 0, 0]]), Setting(voxel_size=1.0), "finite"),
        (np.array([[np.pi, 0, 0]]), Setting(), "no grid"),
        (np.array([[1 << 31, 0, 0]]), Setting(), "32 bits"),
    ],
)
def test_what_it_cannot_do(xyz, setting, message):
    with pytest.raises(AnchorError, match=message):
        LasZip().compress(PointCloud(xyz), setting)


def test_fields_of_two_columns():
    with pytest.raises(AnchorError, match="field 'n' has more than one column"):
        LasZip().compress(PointCloud(XYZ, {"n": np.zeros((3, 2))}), ALL)


def test_truncated():
    """No part of a stream is a stream."""
    data = LasZip().compress(PointCloud(XYZ, {"intensity": np.zeros(3)}), ALL)
    for length in range(0, len(data), 11):
        with pytest.raises(AnchorError, match="not a stream"):
            LasZip().decompress(data[:length])


def test_a_las_file_of_others():
    """One without our record says nothing of data types."""
    import io

    import laspy

    file = io.BytesIO()
    laspy.LasData(laspy.LasHeader(version="1.4", point_format=6)).write(file)
    with pytest.raises(AnchorError, match="not a stream"):
        LasZip().decompress(file.getvalue())


@pytest.mark.parametrize("library", ["laspy", "lazrs"])
def test_missing_library(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(AnchorError, match=r"pip install '\.\[eval\]'"):
        LasZip().compress(PointCloud(XYZ), Setting())
