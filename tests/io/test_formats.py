"""Every format: write, read, equal; and what a format cannot hold is an error that names it."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io import FORMATS, atomic_file, read_points, write_points
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal, cloud_of


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("num_points", [0, 1, 2, 1001])
def test_read_inverts_write(tmp_path, suffix, num_points):
    """read(write(cloud)) = cloud, for every format and for no points at all."""
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    cloud = cloud_of(num_points)
    write_points(tmp_path / f"a{suffix}", cloud)
    assert_equal(read_points(tmp_path / f"a{suffix}"), cloud)
    assert [p.name for p in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_extreme_values_survive(tmp_path, suffix):
    """NaN, infinities, -0.0 and the largest floats are kept bit for bit."""
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    xyz = np.array([[np.nan, np.inf, -np.inf], [-0.0, 3.4e38, 1e-45]], np.float32)
    cloud = PointCloud(xyz, {"intensity": np.array([-0.0, np.nan], np.float32)})
    write_points(tmp_path / f"a{suffix}", cloud)
    assert_equal(read_points(tmp_path / f"a{suffix}"), cloud)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("content", [b"\n", b"ply\n", b"PK\x03\x04", b"VERSION 0.7\nFIELDS x\n", bytes(range(255))])
def test_garbage_is_an_invalid_cloud(tmp_path, suffix, content):
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(InvalidCloud, match="a" + suffix):
        read_points(path)


@pytest.mark.parametrize("suffix", [".ply", ".npz", ".pcd"])
def test_an_empty_file_is_an_invalid_cloud(tmp_path, suffix):
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    (tmp_path / f"a{suffix}").touch()
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_truncated_file_is_an_invalid_cloud(tmp_path, suffix):
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path = tmp_path / f"a{suffix}"
    write_points(path, cloud_of(100))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InvalidCloud):
        read_points(path)


def test_an_unknown_suffix_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match=r"\.ply, \.bin, \.npz, \.pcd"):
        read_points(tmp_path / "a.xyz")
    with pytest.raises(ValueError, match="suffix"):
        write_points(tmp_path / "a", cloud_of(1))
    with pytest.raises(ValueError, match="ascii"):
        write_points(tmp_path / "a.npz", cloud_of(1), ascii=True)


@pytest.mark.parametrize("suffix", [".ply", ".bin", ".pcd"])
def test_an_unsupported_field_is_named_or_dropped(tmp_path, suffix):
    """write raises; with drop_unsupported the rest is written: fields(read) = fields - unsupported."""
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path = tmp_path / f"a{suffix}"
    cloud = cloud_of(3)
    extended = cloud.with_fields({**cloud.fields, "half": np.ones(3, np.float16)})
    with pytest.raises(UnsupportedField, match="'half'"):
        write_points(path, extended)
    assert not list(tmp_path.iterdir())
    write_points(path, extended, drop_unsupported=True)
    assert_equal(read_points(path), cloud)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(TypeError), atomic_file(path) as file:
        file.write("text into a binary file")  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"
