"""PLY: all scalar types, all encodings, other elements ignored, lists refused."""

from __future__ import annotations

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io import read_points, write_points
from pcc.io.ply import DTYPES
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal, cloud_of


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_survives(tmp_path, dtype, ascii):
    rng = np.random.default_rng(3)
    fields = {name: rng.integers(0, 100, 7).astype(name) for name in DTYPES}
    cloud = PointCloud(rng.integers(0, 100, (7, 3)).astype(dtype), fields)
    write_points(tmp_path / "a.ply", cloud, ascii=ascii)
    assert_equal(read_points(tmp_path / "a.ply"), cloud)


def test_ascii_floats_keep_every_bit(tmp_path):
    rng = np.random.default_rng(4)
    cloud = PointCloud(rng.normal(size=(100, 3)), {"f": rng.normal(size=100).astype(np.float32)})
    write_points(tmp_path / "a.ply", cloud, ascii=True)
    assert (tmp_path / "a.ply").read_bytes().startswith(b"ply\nformat ascii")
    assert_equal(read_points(tmp_path / "a.ply"), cloud)


def test_big_endian_values_come_in_native_order(tmp_path):
    table = np.array([(1, 2, 3, 500)], [("x", ">f4"), ("y", ">f4"), ("z", ">f4"), ("ring", ">u2")])
    PlyData([PlyElement.describe(table, "vertex")], byte_order=">").write(str(tmp_path / "a.ply"))
    expected = PointCloud(np.array([[1, 2, 3]], np.float32), {"ring": np.array([500], np.uint16)})
    assert_equal(read_points(tmp_path / "a.ply"), expected)


def test_axes_of_several_dtypes_meet_in_one_that_holds_all(tmp_path):
    (tmp_path / "a.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty int x\nproperty float y\nproperty uchar z\n"
        "end_header\n1 2.5 3\n"
    )
    cloud = read_points(tmp_path / "a.ply")
    assert cloud.xyz.dtype == np.float64
    assert cloud.xyz.tolist() == [[1, 2.5, 3]]


def test_faces_are_left_out_with_a_warning(tmp_path):
    (tmp_path / "a.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n1 2 3\n4 5 6\n3 0 1 1\n"
    )
    with pytest.warns(UserWarning, match="left out: face"):
        cloud = read_points(tmp_path / "a.ply")
    assert cloud.xyz.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_list_property_of_vertices_is_named(tmp_path):
    (tmp_path / "a.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
        "property list uchar int views\nend_header\n1 2 3 2 7 8\n"
    )
    with pytest.raises(UnsupportedField, match="'views'"):
        read_points(tmp_path / "a.ply")


@pytest.mark.parametrize(
    "header",
    [
        "element vertex 1\nproperty float x\nproperty float y\nend_header\n1 2\n",
        "element point 1\nproperty float x\nend_header\n1\n",
        "element vertex 9999999999999\nproperty float x\nproperty float y\nproperty float z\nend_header\n1 2 3\n",
        "element vertex 1\nproperty float x\nproperty float x\nproperty float z\nend_header\n1 2 3\n",
    ],
)
def test_bad_vertices_are_an_invalid_cloud(tmp_path, header):
    (tmp_path / "a.ply").write_text("ply\nformat ascii 1.0\n" + header)
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.ply")


@pytest.mark.parametrize("name", ["two words", "", "x", "größe"])
def test_a_name_that_ply_cannot_hold_is_refused(tmp_path, name):
    cloud = PointCloud(np.zeros((1, 3)), {name: np.zeros(1)})
    with pytest.raises(UnsupportedField, match="name"):
        write_points(tmp_path / "a.ply", cloud)


def test_vectors_and_wide_integers_are_refused(tmp_path):
    with pytest.raises(UnsupportedField, match="one number"):
        write_points(tmp_path / "a.ply", cloud_of(2).with_fields({"normal": np.zeros((2, 3), np.float32)}))
    with pytest.raises(UnsupportedField, match="xyz"):
        write_points(tmp_path / "a.ply", PointCloud(np.zeros((1, 3), np.int64)))


def test_a_real_dense_cloud(tmp_path, shared_data):
    """8iVFB soldier: float32 positions that are integers, three colour properties."""
    import subprocess
    import sys

    command = [sys.executable, str(shared_data / "unpack.py"), str(tmp_path), "8i_soldier_0690_partial"]
    subprocess.run(command, check=True, capture_output=True)
    cloud = read_points(next(tmp_path.rglob("*.ply")))
    assert len(cloud) == 898419
    assert list(cloud.fields) == ["red", "green", "blue"]
    assert {values.dtype.name for values in cloud.fields.values()} == {"uint8"}
    assert (cloud.xyz == np.round(cloud.xyz)).all()


def test_a_file_without_vertices(tmp_path):
    path = tmp_path / "a.ply"
    path.write_bytes(b"ply\nformat ascii 1.0\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n")
    with pytest.raises(InvalidCloud, match="no element 'vertex'"):
        read_points(path)
