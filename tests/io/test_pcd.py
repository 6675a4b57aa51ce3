"""PCD: through pypcd4; vectors, ascii and compressed files, and the library that is missing."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from pcc.errors import InvalidCloud, PccError
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
    with pytest.raises(PccError, match=r"pcc-codec\[io\]"):
        write_points(tmp_path / "a.pcd", cloud_of(1))


def test_a_damaged_header_is_one_line(tmp_path):
    pytest.importorskip("pypcd4", reason="the extra `io` is not installed")
    path = tmp_path / "a.pcd"
    path.write_bytes(b"")
    with pytest.raises(InvalidCloud, match=r"a\.pcd: not a readable PCD file") as raised:
        read_points(path)
    assert "\n" not in str(raised.value)
