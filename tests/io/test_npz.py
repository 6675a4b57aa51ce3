"""npz: everything that a PointCloud holds, and nothing that executes."""

from __future__ import annotations

import io
import warnings
import zipfile

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


NAMES = [
    "a.npy", "a.npy.npy", ".npy", "", "xyz.npy.npy", "xyz ", "XYZ", "a/b", "/a", "../a", "a/", "a\\b", "C:a", "größe",
    "点", "\x1b[31m", "\n", "a\x7f", "n" * 65_531, "ö" * 32_765, "file", "mimetype", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:12]))
def test_every_name_that_zip_can_hold_survives(tmp_path, name):
    cloud = PointCloud(np.ones((2, 3)), {name: np.arange(2), "other": np.zeros(2)})
    write_points(tmp_path / "a.npz", cloud)
    assert_equal(read_points(tmp_path / "a.npz"), cloud)
    assert np.load(tmp_path / "a.npz")[name].tolist() == [0, 1]


@pytest.mark.parametrize("name", ["xyz", "xyz.npy", "b.npy", "a\0", "xyz.npy\0", "n" * 65_532, "ö" * 32_766, "\ud800"])
def test_other_names_are_refused_or_dropped(tmp_path, name):
    """xyz.npy is what numpy.load takes for the positions, b.npy for the field b."""
    cloud = PointCloud(np.ones((2, 3)), {"b": np.zeros(2)})
    extended = cloud.with_fields({**cloud.fields, name: np.arange(2)})
    with pytest.raises(UnsupportedField, match="--drop-unsupported"):
        write_points(tmp_path / "a.npz", extended)
    write_points(tmp_path / "a.npz", extended, drop_unsupported=True)
    assert_equal(read_points(tmp_path / "a.npz"), cloud)


def archive(path, members, method=zipfile.ZIP_STORED):
    """An archive of (name, bytes)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        with zipfile.ZipFile(path, "w", method) as file:
            for name, content in members:
                file.writestr(name, content)


def array(values) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(values))
    return file.getvalue()


def head(text: str, version: bytes = b"\1\0") -> bytes:
    """The start of a .npy file that says ``text``."""
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version == b"\1\0" else 4, "little") + text.encode()


def shaped(shape: str, descr: str = "'<f4'") -> bytes:
    return head(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n")


XYZ = array(np.zeros((2, 3)))


@pytest.mark.parametrize(
    "members",
    [
        [("xyz", b"342")],
        [("xyz.npy", XYZ), ("README.txt", b"read me")],
        [("xyz.npy", XYZ), ("inner.npz", b"PK\3\4" + bytes(50))],
        [("xyz.npy", XYZ), ("a.npy", b"")],
        [("xyz.npy", XYZ), ("xyz.npy", XYZ)],
        [("xyz.npy", XYZ), ("xyz", XYZ)],
        [("xyz.npy", XYZ[:-1])],
        [("xyz.npy", XYZ + b"\0")],
        [("xyz.npy", array(np.float64(1)))],
        [("xyz.npy", array(np.zeros((1, 1, 3))))],
        [("xyz.npy", shaped("(1000000000000, 3)") + bytes(100))],
        [("xyz.npy", shaped("(-1, -3)") + bytes(12))],
        [("xyz.npy", shaped("(1, 3)", "'<f4" + "9" * 30 + "'"))],
        [("xyz.npy", shaped("(1, 3)", "[" * 4000 + "]" * 4000))],
        [("xyz.npy", shaped("(1, 3)", "-" * 9000 + "1"))],
        [("xyz.npy", head("{}"))],
        [("xyz.npy", head("{'descr': ("))],
        [("xyz.npy", head("{'descr':\n  1"))],
        [("xyz.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(100))],
        [("xyz.npy", b"\x93NUMPY\x09\0" + bytes(100))],
        [("xyz.npy", XYZ), ("a.npy", shaped("(2,)", "'|O'") + b"cos\nsystem\n")],
    ],
)
def test_members_that_are_no_arrays(tmp_path, members):
    archive(tmp_path / "a.npz", members)
    with pytest.raises(InvalidCloud, match=r"a\.npz"):
        read_points(tmp_path / "a.npz")


@pytest.mark.parametrize("descr", ["'<U1'", "'|V0'", "'<M8[s]'", "'<c8'", "[('a', '<f4')]"])
def test_arrays_that_are_no_numbers(tmp_path, descr):
    archive(tmp_path / "a.npz", [("xyz.npy", XYZ), ("a.npy", shaped("(2,)", descr) + bytes(16))])
    with pytest.raises(UnsupportedField, match="'a'"):
        read_points(tmp_path / "a.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path, method):
    """Of these a byte may expand without bound."""
    archive(tmp_path / "a.npz", [("xyz.npy", XYZ)], method)
    with pytest.raises(InvalidCloud, match="compressed in another way"):
        read_points(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (8, b"\1"),
        (16, b"\0\0\0\0"),
        (20, b"\xf0\xff\xff\x03\xf0\xff\xff\x03"),
        (24, b"\0\1\0\0"),
        (42, b"\xff\xff\xff\x7f"),
    ],
)
def test_a_directory_that_lies(tmp_path, place, value):
    """Encrypted; another checksum; larger than the file; another size; elsewhere."""
    archive(tmp_path / "a.npz", [("xyz.npy", XYZ)])
    data = bytearray((tmp_path / "a.npz").read_bytes())
    entry = data.index(b"PK\1\2") + place
    data[entry : entry + len(value)] = value
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.npz")


def test_arrays_in_columns_are_read(tmp_path):
    """numpy writes the order of memory; the values are the same."""
    xyz = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.savez(tmp_path / "a.npz", xyz=xyz)
    assert_equal(read_points(tmp_path / "a.npz"), PointCloud(np.ascontiguousarray(xyz)))
