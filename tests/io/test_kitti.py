"""KITTI .bin: literal bytes, sizes, and what it refuses."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io import read_points, write_points
from pcc.pointcloud import PointCloud


def test_literal_bytes(tmp_path):
    (tmp_path / "a.bin").write_bytes(struct.pack("<8f", 1, 2, 3, 0.5, 4, 5, 6, 0.25))
    cloud = read_points(tmp_path / "a.bin")
    assert cloud.xyz.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert cloud.fields["intensity"].tolist() == [0.5, 0.25]


def test_a_missing_intensity_is_written_as_zero(tmp_path):
    write_points(tmp_path / "a.bin", PointCloud(np.array([[1, 2, 3]], np.float32)))
    assert (tmp_path / "a.bin").read_bytes() == struct.pack("<4f", 1, 2, 3, 0)


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
