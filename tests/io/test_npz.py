"""npz: everything that a PointCloud holds, and nothing that executes."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io import read_points, write_points
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal, cloud_of


def test_every_dtype_and_shape_survives(tmp_path):
    fields = {np.dtype(t).name: np.ones(3, t) for t in "?bBhHiIqQefd"}
    fields |= {"file": np.zeros((3, 2)), "two words": np.zeros((3, 0), np.uint8), "xyz2": np.zeros((3, 1), bool)}
    cloud = PointCloud(np.arange(9).reshape(3, 3), fields)
    write_points(tmp_path / "a.npz", cloud)
    assert_equal(read_points(tmp_path / "a.npz"), cloud)


def test_equal_clouds_give_equal_files(tmp_path):
    write_points(tmp_path / "a.npz", cloud_of(5))
    write_points(tmp_path / "b.npz", cloud_of(5))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_compressed_and_big_endian_archives_are_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", xyz=np.ones((2, 3), ">f4"), ring=np.array([1, 2], ">u2"))
    expected = PointCloud(np.ones((2, 3), np.float32), {"ring": np.array([1, 2], np.uint16)})
    assert_equal(read_points(tmp_path / "a.npz"), expected)


@pytest.mark.parametrize(
    "arrays", [{"points": np.zeros((1, 3))}, {"xyz": np.zeros(3)}, {"xyz": np.zeros((2, 3)), "a": np.zeros(1)}, {}]
)
def test_wrong_arrays_are_an_invalid_cloud(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.npz")


def test_text_is_unsupported_and_pickles_are_never_loaded(tmp_path):
    np.savez(tmp_path / "a.npz", xyz=np.zeros((1, 3)), name=np.array(["a"]))
    with pytest.raises(UnsupportedField, match="'name'"):
        read_points(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", xyz=np.array([[object()]]))
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "b.npz")


def test_a_field_named_xyz_is_refused(tmp_path):
    with pytest.raises(UnsupportedField, match="xyz"):
        write_points(tmp_path / "a.npz", PointCloud(np.zeros((1, 3)), {"xyz": np.zeros(1)}))


def test_foreign_bytes_are_no_archive(tmp_path):
    """No advice about pickles for a file that is none."""
    path = tmp_path / "a.npz"
    for content in (b"", b"\x93NUMPY", b"\x80garbage" * 50):
        path.write_bytes(content)
        with pytest.raises(InvalidCloud, match="no zip archive"):
            read_points(path)
    with pytest.raises(FileNotFoundError):
        read_points(tmp_path / "absent.npz")
