"""What a file claims is held against its size and the limits before memory is taken, in every format alike."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest

from pcc.errors import InvalidCloud, LimitExceeded
from pcc.io import FORMATS, ReaderLimits, read_points, write_points
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal, cloud_of

PLY_XYZ = b"property float x\nproperty float y\nproperty float z\n"


def array_of(content: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, content)
    return file.getvalue()


@pytest.mark.parametrize("suffix", FORMATS)
def test_points_and_numbers_per_point(tmp_path, suffix):
    """A limit of exactly what is there is none."""
    if suffix == ".pcd":
        pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path, cloud = tmp_path / f"a{suffix}", cloud_of(500)
    write_points(path, cloud)
    assert_equal(read_points(path, limits=ReaderLimits(max_points=500, max_values=4)), cloud)
    with pytest.raises(LimitExceeded, match="500 points, the limit is 499"):
        read_points(path, limits=ReaderLimits(max_points=499))
    with pytest.raises(LimitExceeded, match="the limit is"):
        read_points(path, limits=ReaderLimits(max_values=1 if suffix == ".npz" else 3))
    with pytest.raises(LimitExceeded, match="bytes"):
        read_points(path, limits=ReaderLimits(max_bytes=100))


@pytest.mark.parametrize(
    "header",
    [
        b"format binary_little_endian 1.0\nelement vertex 4000000000\n" + PLY_XYZ,
        b"format ascii 1.0\nelement vertex 999999999999999999\n" + PLY_XYZ,
        b"format binary_big_endian 1.0\nelement vertex 4000000000\n" + PLY_XYZ,
        b"format ascii 1.0\nelement face 4000000000\nproperty list uchar int i\nelement vertex 1\n" + PLY_XYZ,
        b"format ascii 1.0\nelement junk 999999999999\nelement vertex 1\n" + PLY_XYZ,
        b"format binary_little_endian 1.0\nelement junk 999999999999\nelement vertex 1\n" + PLY_XYZ,
    ],
)
def test_a_ply_that_promises_more_than_it_has(tmp_path, header):
    (tmp_path / "a.ply").write_bytes(b"ply\n" + header + b"end_header\n" + bytes(120))
    with pytest.raises(InvalidCloud):
        read_points(tmp_path / "a.ply")


@pytest.mark.parametrize("content", [b"ply\n" + b"comment " + b"a" * 2_000_000, b"ply\n" * 500_000])
def test_a_ply_header_without_an_end(tmp_path, content):
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(InvalidCloud, match="no end"):
        read_points(tmp_path / "a.ply")


PCD = "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 {count}\nPOINTS {points}\nDATA {data}\n"


@pytest.mark.parametrize(
    ("count", "points", "data", "error"),
    [
        (1_000_000_000, 2, "ascii", InvalidCloud),
        (1_000_000_000, 0, "ascii", LimitExceeded),
        (1, 999_999_999_999_999_999, "binary", InvalidCloud),
        (1, 9_999_999_999, "ascii", InvalidCloud),
        (1, 300_000_000, "binary_compressed", InvalidCloud),
    ],
)
def test_a_pcd_that_promises_more_than_it_has(tmp_path, count, points, data, error):
    pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    body = struct.pack("<II", 8, 3_600_000_000) + bytes(8) if data == "binary_compressed" else b"1 2 3\n4 5 6\n"
    (tmp_path / "a.pcd").write_bytes(PCD.format(count=count, points=points, data=data).encode() + body)
    with pytest.raises(error):
        read_points(tmp_path / "a.pcd")


def test_an_npz_bomb_is_refused_and_a_cloud_that_shrinks_well_is_not(tmp_path):
    """300 MB of zeros in 300 kB; 12 MB in 12 kB."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xyz.npy", array_of(np.zeros((100_000_000, 3), np.uint8)))
    with pytest.raises(LimitExceeded, match="decoded bytes of a file of"):
        read_points(tmp_path / "a.npz")
    np.savez_compressed(tmp_path / "b.npz", xyz=np.zeros((1_000_000, 3), np.float32))
    assert len(read_points(tmp_path / "b.npz")) == 1_000_000


def test_overlapping_members_count_each(tmp_path):
    """Entries of one archive that share their bytes: together they are what they decode to."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xyz.npy", array_of(np.zeros((1 << 22, 3), np.uint8)))
    data = content.getvalue()
    entry, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = b"".join(data[entry:end].replace(b"xyz.npy", b"%03d.npy" % i) for i in range(1, 20))
    directory = data[entry:end] + entries
    tail = struct.pack("<HHIIH", 20, 20, len(directory), entry, 0)
    (tmp_path / "a.npz").write_bytes(data[:entry] + directory + data[end : end + 8] + tail)
    with pytest.raises(LimitExceeded, match="251,6"):
        read_points(tmp_path / "a.npz")


def test_no_points_are_within_every_limit(tmp_path):
    write_points(tmp_path / "a.npz", PointCloud(np.zeros((0, 3))))
    assert len(read_points(tmp_path / "a.npz", limits=ReaderLimits(max_points=0))) == 0
