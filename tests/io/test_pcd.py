"""PCD: through pypcd4; vectors, ascii and compressed files, and the library that is missing."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from pcc.errors import InvalidCloud, PccError, PccWarning
from pcc.io import read_points, write_points
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal, cloud_of


def test_vectors_and_all_dtypes_survive(tmp_path):
    pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    fields = {np.dtype(t).name: np.arange(5).astype(t) for t in "bBhHiIqQfd"}
    fields["normal"] = np.arange(15, dtype=np.float32).reshape(5, 3)
    cloud = PointCloud(np.arange(15.0).reshape(5, 3), fields)
    write_points(tmp_path / "a.pcd", cloud)
    assert_equal(read_points(tmp_path / "a.pcd"), cloud)


def test_ascii_and_compressed_files_are_read(tmp_path):
    pypcd4 = pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    points = np.tile(np.array([[1, 2, 3, 7]], np.float32), (50, 1))
    library_cloud = pypcd4.PointCloud.from_points(points, ("x", "y", "z", "ring"), (np.float32,) * 3 + (np.uint16,))
    expected = PointCloud(points[:, :3], {"ring": np.full(50, 7, np.uint16)})
    for encoding in (pypcd4.Encoding.ASCII, pypcd4.Encoding.BINARY_COMPRESSED):
        library_cloud.save(tmp_path / "a.pcd", encoding=encoding)
        assert_equal(read_points(tmp_path / "a.pcd"), expected)


def test_a_missing_library_names_the_extra(tmp_path, monkeypatch):
    real_import = builtins.__import__

    def without_pypcd4(name, *args, **kwargs):
        if name.startswith("pypcd4"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pypcd4)
    with pytest.raises(PccError, match=r"pip install '\.\[io\]'"):
        write_points(tmp_path / "a.pcd", cloud_of(1))


def test_a_damaged_header_is_one_line(tmp_path):
    pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path = tmp_path / "a.pcd"
    path.write_bytes(b"")
    with pytest.raises(InvalidCloud, match=r"a\.pcd: not a readable PCD file") as raised:
        read_points(path)
    assert "\n" not in str(raised.value)


POINTS = np.arange(15, dtype=np.float32).reshape(5, 3) / 8
HEADER = "VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH 5\nHEIGHT 1\nPOINTS 5\nDATA binary\n"


def read(path, content):
    pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path.write_bytes(content)
    return read_points(path)


def test_a_file_without_count(tmp_path):
    assert_equal(read(tmp_path / "a.pcd", HEADER.encode() + POINTS.tobytes()), PointCloud(POINTS))


def test_padding_and_fields_that_take_no_bytes(tmp_path):
    """As a driver of spinning LiDARs writes them: COUNT 0, and padding twice."""
    header = HEADER.replace("x y z", "x y z _ i _").replace("F F F", "F F F U F U").replace("4 4 4", "4 4 4 1 4 1")
    header = header.replace("WIDTH", "COUNT 1 1 1 0 1 4\nWIDTH")
    table = np.zeros(5, [("p", "<f4", 3), ("i", "<f4"), ("_", "u1", 4)])
    table["p"], table["i"], table["_"] = POINTS, np.arange(5), 255
    expected = PointCloud(POINTS, {"i": np.arange(5, dtype=np.float32)})
    assert_equal(read(tmp_path / "a.pcd", header.encode() + table.tobytes()), expected)


def test_names_of_all_kinds_are_kept(tmp_path):
    names = ["größe", "scalar:time", "a__0000", "f0", "rgb"]
    header = HEADER.replace("x y z", " ".join(["x y z", *names])).replace("4 4 4", "4 4 4" + " 4" * 5)
    header = header.replace("F F F", "F F F" + " U" * 5)
    table = np.zeros(5, [("p", "<f4", 3), ("rest", "<u4", 5)])
    table["p"], table["rest"] = POINTS, np.arange(25).reshape(5, 5)
    expected = {name: np.arange(25, dtype=np.uint32).reshape(5, 5)[:, i] for i, name in enumerate(names)}
    assert_equal(read(tmp_path / "a.pcd", header.encode() + table.tobytes()), PointCloud(POINTS, expected))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_text_with_any_spaces(tmp_path, newline):
    header = HEADER.replace("binary", "Ascii").replace("POINTS 5", "POINTS 2")
    text = header + "1\t2   3 \n\n -4.5 nan 6e-3\n\n"
    cloud = read(tmp_path / "a.pcd", text.replace("\n", newline).encode())
    np.testing.assert_array_equal(cloud.xyz, np.array([[1, 2, 3], [-4.5, np.nan, 6e-3]], np.float32))


def test_an_organised_cloud_keeps_its_holes_and_fields(tmp_path):
    """WIDTH x HEIGHT, points unseen as NaN, packed colours bit for bit, NaN of all patterns among them."""
    header = HEADER.replace("WIDTH 5\nHEIGHT 1\nPOINTS 5\n", "WIDTH 2\nHEIGHT 3\n").replace("x y z", "x y z rgb")
    header = header.replace("4 4 4", "4 4 4 4").replace("F F F", "F F F F")
    table = np.full((6, 4), np.nan, np.float32)
    table[::2, :3] = 1.5
    table[:, 3] = np.array([0xFF102030, 0, 0x00FFFFFF, 0xFFFFFFFF, 0x7F800001, 0x80000000], np.uint32).view(np.float32)
    cloud = read(tmp_path / "a.pcd", header.encode() + table.tobytes())
    assert_equal(cloud, PointCloud(table[:, :3], {"rgb": table[:, 3]}))


def test_what_lies_behind_the_points(tmp_path):
    """PCL fills the last page with zeros; anything else is said."""
    content = HEADER.encode() + POINTS.tobytes()
    assert_equal(read(tmp_path / "a.pcd", content + bytes(4096)), PointCloud(POINTS))
    with pytest.warns(PccWarning, match="4 bytes behind the last point are not read"):
        assert_equal(read(tmp_path / "a.pcd", content + b"more"), PointCloud(POINTS))


@pytest.mark.parametrize(
    "body",
    [b"\x00" * 7, b"\x10\0\0\0\x3c\0\0\0" + b"\xff" * 16, b"\x02\0\0\0\x3c\0\0\0\0\0", b"\x02\0\0\0\0\0\0\0\0\0"],
)
def test_damaged_compressed_points(tmp_path, body):
    with pytest.raises(InvalidCloud, match="not a readable PCD file"):
        read(tmp_path / "a.pcd", HEADER.replace("binary", "binary_compressed").encode() + body)


def test_two_fields_of_one_name(tmp_path):
    with pytest.raises(InvalidCloud, match="two fields have the same name"):
        read(tmp_path / "a.pcd", HEADER.replace("x y z", "x z z").encode() + POINTS.tobytes())
