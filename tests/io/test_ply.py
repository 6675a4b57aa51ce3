"""PLY: all scalar types, all encodings, other elements ignored, lists refused."""

from __future__ import annotations

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from pcc.errors import InvalidCloud, PccWarning, UnsupportedField
from pcc.io import read_points, write_points
from pcc.io.ply_header import DTYPES
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
    with pytest.warns(PccWarning, match="left out: face"):
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


HEADERS = {
    "comments and spaces": "ply\nformat {} 1.0\ncomment a\nobj_info b\nelement  vertex 3\ncomment c\n"
    "property short k\n{}end_header\n",
    "other elements": "ply\nformat {} 1.0\nelement vertex 3\nproperty short k\n{}element face 0\n"
    "property list uchar int vertex_indices\nend_header\n",
    "line ends of Windows": "ply\r\nformat {} 1.0\r\nelement vertex 3\r\nproperty short k\r\n{}end_header\r\n",
}
AXES_AS_TEXT = "".join(f"property float {axis}\n" for axis in "xyz")


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("ascii", [False, True])
def test_read_gives_what_plyfile_gives(tmp_path, name, ascii):
    """read(file) = plyfile's table, whichever of the two has read it; a field before the axes does not disturb."""
    values = [(-7, 0.1, 2, 3), (8, 4, 5, 6), (9, -1e-9, np.inf, 1e30)]
    table = np.array(values, [("k", "<i2"), ("x", "<f4"), ("y", "<f4"), ("z", "<f4")])
    header = HEADERS[name].format("ascii" if ascii else "binary_little_endian", AXES_AS_TEXT)
    if "\r" in header:
        header = header.replace("\r\n", "\n").replace("\n", "\r\n")
    text = "".join(" ".join(map(repr, row.tolist())) + "\n" for row in table).encode()
    (tmp_path / "a.ply").write_bytes(header.encode() + (text if ascii else table.tobytes()))
    expected = PlyData.read(str(tmp_path / "a.ply"))["vertex"].data
    cloud = read_points(tmp_path / "a.ply")
    assert cloud.xyz.dtype == np.float32
    assert np.array_equal(cloud.xyz, np.stack([expected[axis] for axis in "xyz"], axis=1))
    assert np.array_equal(cloud.fields["k"], expected["k"])


@pytest.mark.parametrize("fields", [{}, {"ring": np.arange(70_000).astype(np.uint16)}])
@pytest.mark.parametrize("ascii", [False, True])
def test_plyfile_reads_what_is_written(tmp_path, fields, ascii):
    """More rows than a block holds."""
    cloud = PointCloud(np.random.default_rng(0).normal(size=(70_000, 3)), fields)
    write_points(tmp_path / "a.ply", cloud, ascii=ascii)
    table = PlyData.read(str(tmp_path / "a.ply"))["vertex"].data
    assert np.array_equal(np.stack([table[axis] for axis in "xyz"], axis=1), cloud.xyz)
    assert all(np.array_equal(table[name], values) for name, values in fields.items())


def test_positions_at_any_stride_are_written(tmp_path):
    cloud = PointCloud(np.arange(12, dtype=np.float32).reshape(3, 4)[:, :3])
    write_points(tmp_path / "a.ply", cloud)
    assert_equal(read_points(tmp_path / "a.ply"), cloud)


@pytest.mark.parametrize("body", ["1 2\n", "1 2 3 4\n", "1 2 x\n", "1 2 300\n", "1 2 2.5\n", "1 2 3"])
def test_text_that_does_not_fit_is_refused_or_read_by_plyfile(tmp_path, body):
    """A line too short or too long, no number, out of range, a fraction; the last line may lack its end."""
    header = (
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty uchar x\nproperty uchar y\nproperty uchar z\nend_header\n"
    )
    (tmp_path / "a.ply").write_text(header + body)
    if body == "1 2 3":
        assert read_points(tmp_path / "a.ply").xyz.tolist() == [[1, 2, 3]]
        return
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.ply")


@pytest.mark.parametrize("body", ["1 2\n3 4 5 6\n", "1 2 3 4\n5 6\n", "\n1 2 3 4 5 6\n", "1 2 3\n\n4 5 6\n"])
def test_text_is_read_line_by_line(tmp_path, body):
    """As many values as there should be, on the wrong lines: no value is moved into another row."""
    header = "ply\nformat ascii 1.0\nelement vertex 2\nproperty int x\nproperty int y\nproperty int z\nend_header\n"
    (tmp_path / "a.ply").write_text(header + body)
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.ply")


def test_a_truncated_table_is_an_invalid_cloud(tmp_path):
    write_points(tmp_path / "a.ply", cloud_of(5))
    (tmp_path / "a.ply").write_bytes((tmp_path / "a.ply").read_bytes()[:-1])
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.ply")


def test_no_points_survive(tmp_path):
    for ascii in (False, True):
        write_points(tmp_path / "a.ply", PointCloud(np.zeros((0, 3), np.float32)), ascii=ascii)
        assert len(read_points(tmp_path / "a.ply")) == 0


AXES_HEADER = "".join(f"property float {axis}\n" for axis in "xyz").encode()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_comments_in_any_bytes(tmp_path, form, newline):
    """By both readers: the quick one, and plyfile for big-endian files."""
    lines = [b"ply", f"format {form} 1.0".encode(), "comment größe".encode(), b"comment \xff\x00\x80", b"obj_info \xe9"]
    head = newline.join([*lines, b"element vertex 2", *AXES_HEADER.split(b"\n")[:3], b"end_header", b""])
    body = b"1 2 3\n4 5 6\n" if form == "ascii" else np.arange(1, 7).astype(">f4" if "big" in form else "<f4").tobytes()
    (tmp_path / "a.ply").write_bytes(head + body)
    assert read_points(tmp_path / "a.ply").xyz.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("form", ["binary_little_endian", "binary_big_endian"])
def test_names_that_are_not_ascii_are_read(tmp_path, form, encoding):
    head = f"ply\nformat {form} 1.0\nelement vertex 1\n".encode() + AXES_HEADER
    body = np.arange(1, 4).astype(">f4" if "big" in form else "<f4").tobytes() + b"\x07"
    (tmp_path / "a.ply").write_bytes(head + "property uchar größe\nend_header\n".encode(encoding) + body)
    cloud = read_points(tmp_path / "a.ply")
    assert cloud.xyz.tolist() == [[1, 2, 3]]
    assert {name: values.tolist() for name, values in cloud.fields.items()} == {"größe": [7]}


def test_two_names_that_become_one(tmp_path):
    head = b"ply\nformat ascii 1.0\nelement vertex 1\n" + AXES_HEADER
    names = b"property uchar \xc3\xa9\nproperty uchar \xe9\nend_header\n1 2 3 4 5\n"
    (tmp_path / "a.ply").write_bytes(head + names)
    with pytest.raises(InvalidCloud, match="two properties have the same name"):
        read_points(tmp_path / "a.ply")


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("name", ["scalar:time", "a.b", "list", "!", "~", "comment", "end_header", "n" * 5000])
def test_printable_names_survive(tmp_path, name, ascii):
    cloud = PointCloud(np.zeros((2, 3), np.float32), {name: np.array([1, 2], np.uint8)})
    write_points(tmp_path / "a.ply", cloud, ascii=ascii)
    assert_equal(read_points(tmp_path / "a.ply"), cloud)


@pytest.mark.parametrize("name", ["two words", "", "x", "größe", "a\x00", "a\x1b[31m", "tab\t", "\x7f"])
def test_other_names_are_dropped_when_asked(tmp_path, name):
    cloud = PointCloud(np.zeros((1, 3), np.float32), {name: np.zeros(1, np.uint8)})
    with pytest.raises(UnsupportedField, match="--drop-unsupported"):
        write_points(tmp_path / "a.ply", cloud)
    write_points(tmp_path / "a.ply", cloud, drop_unsupported=True)
    assert_equal(read_points(tmp_path / "a.ply"), cloud.with_fields({}))


def test_a_header_that_would_not_be_read_is_not_written(tmp_path):
    cloud = PointCloud(np.zeros((1, 3), np.float32), {"n" * (1 << 20): np.zeros(1, np.uint8)})
    with pytest.raises(UnsupportedField, match="header"):
        write_points(tmp_path / "a.ply", cloud)


def test_faces_before_the_vertices(tmp_path):
    head = b"ply\r\nformat binary_little_endian 1.0\r\nelement face 2\r\nproperty list uchar int vertex_indices\r\n"
    head += b"element vertex 1\r\n" + AXES_HEADER.replace(b"\n", b"\r\n") + b"end_header\r\n"
    (tmp_path / "a.ply").write_bytes(head + b"\x01\x07\0\0\0\x00" + np.array([1, 2, 3], "<f4").tobytes())
    with pytest.warns(PccWarning, match="left out: face"):
        assert read_points(tmp_path / "a.ply").xyz.tolist() == [[1, 2, 3]]


def test_text_of_any_line_ends_and_the_damaged_of_any_size(tmp_path):
    """A last line without an end; the ends of old Macs; a wrong word at the end of a long text."""
    head = b"ply\nformat ascii 1.0\nelement vertex 2\n" + AXES_HEADER + b"end_header\n"
    for content in (head + b"1 2 3\n4 5 6", (head + b"1 2 3\n4 5 6").replace(b"\n", b"\r")):
        (tmp_path / "a.ply").write_bytes(content)
        assert read_points(tmp_path / "a.ply").xyz.tolist() == [[1, 2, 3], [4, 5, 6]]
    for lines in (10, 200_000):
        damaged = head.replace(b"vertex 2", b"vertex %d" % lines) + b"1 2 3\n" * (lines - 1) + b"1 2 three\n"
        (tmp_path / "a.ply").write_bytes(damaged)
        with pytest.raises(InvalidCloud, match="not a readable PLY file"):
            read_points(tmp_path / "a.ply")
