"""Raw .bin: literal bytes, sizes, layouts that come back as they were, and what it refuses."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io import read_points, write_points
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal
from tests.io.test_raw_columns import columns_of


def test_literal_bytes(tmp_path):
    (tmp_path / "a.bin").write_bytes(struct.pack("<8f", 1, 2, 3, 0.5, 4, 5, 6, 0.25))
    cloud = read_points(tmp_path / "a.bin")
    assert cloud.xyz.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert cloud.fields["intensity"].tolist() == [0.5, 0.25]


def test_a_missing_intensity_is_written_as_zero(tmp_path):
    write_points(tmp_path / "a.bin", PointCloud(np.array([[1, 2, 3]], np.float32)))
    assert (tmp_path / "a.bin").read_bytes() == struct.pack("<4f", 1, 2, 3, 0)
    write_points(tmp_path / "a.pcd.bin", PointCloud(np.array([[1, 2, 3]], np.float32)))
    assert (tmp_path / "a.pcd.bin").read_bytes() == struct.pack("<5f", 1, 2, 3, 0, 0)


@pytest.mark.parametrize("size", [1, 15, 17, 12 * 5])
def test_a_size_that_is_no_multiple_of_16_is_refused(tmp_path, size):
    (tmp_path / "a.bin").write_bytes(bytes(size))
    with pytest.raises(InvalidCloud, match=f"multiple of 16.*{size}"):
        read_points(tmp_path / "a.bin")


def test_no_points_is_an_empty_file(tmp_path):
    (tmp_path / "a.bin").touch()
    assert len(read_points(tmp_path / "a.bin")) == 0


def test_other_dtypes_are_refused(tmp_path):
    with pytest.raises(UnsupportedField, match="float64"):
        write_points(tmp_path / "a.bin", PointCloud(np.zeros((1, 3))))
    with pytest.raises(UnsupportedField, match="'intensity'"):
        write_points(tmp_path / "a.bin", PointCloud(np.zeros((1, 3), np.float32), {"intensity": np.zeros(1)}))


@pytest.mark.filterwarnings("ignore::pcc.errors.PccWarning")
@pytest.mark.parametrize("name", ["a.bin", "a.pcd.bin"])
@pytest.mark.parametrize(
    "parts", ["intensity", "intensity ring", "intensity column5", "rgb", "normals", "intensity ring column6"]
)
def test_a_recognised_layout_comes_back_byte_for_byte(tmp_path, rng, parts, name):
    """write(read(file)) = file; KITTI's columns in a file that is called nuScenes' get a ring of 0."""
    content = columns_of(parts, 1200, rng).tobytes()
    (tmp_path / name).write_bytes(content)
    cloud = read_points(tmp_path / name)
    write_points(tmp_path / f"b{name}", cloud)
    if (parts, name) == ("intensity", "a.pcd.bin"):
        assert len((tmp_path / f"b{name}").read_bytes()) == 1200 * 20
        write_points(tmp_path / f"b{name}", cloud, columns=("x", "y", "z", "intensity"))
    assert (tmp_path / f"b{name}").read_bytes() == content


def test_columns_are_taken_as_named(tmp_path):
    """In any order, some skipped, whatever the content is; and written so."""
    content = struct.pack("<10f", 9, 3, 2, 1, 1e-40, 8, 6, 5, 4, 3e38)
    (tmp_path / "a.bin").write_bytes(content)
    names = ("first", "z", "y", "x", "last")
    cloud = read_points(tmp_path / "a.bin", columns=names)
    assert cloud.xyz.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert list(cloud.fields) == ["first", "last"]
    write_points(tmp_path / "b.bin", cloud, columns=names)
    assert (tmp_path / "b.bin").read_bytes() == content
    skipped = read_points(tmp_path / "a.bin", columns=("_", "z", "y", "x", "_"))
    assert_equal(skipped, cloud.with_fields({}))
    write_points(tmp_path / "b.bin", skipped, columns=("x", "y", "z"))
    assert (tmp_path / "b.bin").read_bytes() == struct.pack("<6f", 1, 2, 3, 4, 5, 6)


def test_columns_that_do_not_fit(tmp_path):
    (tmp_path / "a.bin").write_bytes(bytes(32))
    with pytest.raises(InvalidCloud, match="20 bytes per point"):
        read_points(tmp_path / "a.bin", columns=("x", "y", "z", "a", "b"))
    with pytest.raises(ValueError, match="x, y and z"):
        read_points(tmp_path / "a.bin", columns=("a", "b", "c", "d"))
    write_points(tmp_path / "a.ply", PointCloud(np.zeros((1, 3), np.float32)))
    with pytest.raises(ValueError, match=r"only a raw \.bin"):
        read_points(tmp_path / "a.ply", columns=("x", "y", "z"))


def test_no_field_is_left_out_or_made_up_unasked(tmp_path):
    cloud = PointCloud(np.ones((1, 3), np.float32), {"a": np.ones(1, np.float32), "b": np.ones(1, np.uint8)})
    for columns in (None, ("x", "y", "z"), ("x", "y", "z", "a")):
        with pytest.raises(UnsupportedField, match="--drop-unsupported"):
            write_points(tmp_path / "a.bin", cloud, columns=columns)
    with pytest.raises(UnsupportedField, match="no field 'c'"):
        write_points(tmp_path / "a.bin", cloud, columns=("x", "y", "z", "c"), drop_unsupported=True)
    write_points(tmp_path / "a.bin", cloud, columns=("x", "y", "z", "a"), drop_unsupported=True)
    assert (tmp_path / "a.bin").read_bytes() == struct.pack("<4f", 1, 1, 1, 1)
    write_points(tmp_path / "a.bin", cloud, drop_unsupported=True)
    assert (tmp_path / "a.bin").read_bytes() == struct.pack("<4f", 1, 1, 1, 0)
