"""Positions are finite, or the frame is corrupt; a cube that reaches too far is none where its voxels do not."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.container import DIGEST, HEADER, write_chunk
from pcc.codec.digest import decoded_digest
from pcc.codec.finite import all_finite
from pcc.codec.header import FrameHeader, write_header, write_preamble
from pcc.errors import CorruptStream, InvalidCloud
from pcc.geometry.voxels import Grid

TINY = np.finfo(np.float64).tiny


def grid(num: float, den: float, origin: int, dtype: str) -> Grid:
    return Grid(num, den, (origin, 0, 0), np.dtype(dtype))


@pytest.mark.parametrize(
    ("dtype", "num", "den", "origin", "finite"),
    [
        ("float16", 1.0, 1.0, 65503, True),
        ("float16", 1.0, 1.0, 65519, True),  # rounds to 65504
        ("float16", 1.0, 1.0, 65520, False),
        ("float16", 1.0, 1.0, -65520, False),
        ("float32", 1e38, 1.0, 3, True),
        ("float32", 1e38, 1.0, 4, False),
        ("float64", 1e308, 1.0, 1, True),
        ("float64", 1e308, 1.0, 2, False),
        ("float64", 1e308, 1e-10, 0, True),
        ("float64", 1e308, 1e-10, 1, False),
        ("float64", TINY, 1e300, 1, True),
        ("int32", 1e308, 1e-10, 1, True),  # clipped
    ],
)
def test_one_voxel(dtype, num, den, origin, finite):
    """finite(origin * num / den), as the dtype has it."""
    assert all_finite(np.zeros(1, np.uint64), grid(num, den, origin, dtype), 0) == finite


def test_only_voxels_that_there_are_count():
    """float16 from 65472 on: the cube of 8^6 ends at 65535, which is none; its voxel 63 may not be there."""
    reach = grid(1.0, 1.0, 65472, "float16")
    assert all_finite(np.array([0, 1], np.uint64), reach, 6)
    assert not all_finite(np.array([0, 8**6 - 1], np.uint64), reach, 6)
    assert all_finite(np.zeros(0, np.uint64), reach, 6)


def one_point(place: Grid) -> bytes:
    """A stream with the right digest."""
    digest = decoded_digest(place, np.zeros(1, np.uint64), np.ones(1, np.int64), {})
    chunks = [(HEADER, write_header(FrameHeader(place, 0, 1, 1))), (DIGEST, digest)]
    return write_preamble() + b"".join(write_chunk(*chunk) for chunk in chunks)


def test_a_position_that_is_infinite_is_corrupt():
    assert pcc.decode(one_point(grid(1e308, 1.0, 1, "float64"))).xyz.tolist() == [[1e308, 0, 0]]
    with pytest.raises(CorruptStream, match="beyond the finite float64"):
        pcc.decode(one_point(grid(1e308, 1.0, 2, "float64")))


def test_the_largest_values_survive():
    cloud = pcc.PointCloud(np.array([[65504, -65504, 0], [1, 2, 3]], np.float16))
    np.testing.assert_array_equal(np.unique(pcc.decode(pcc.encode(cloud, sensor="none")).xyz), np.unique(cloud.xyz))


def test_no_stream_is_written_that_would_be_corrupt():
    """65504 is nearest to 66 voxels of 1000, which float16 does not hold."""
    cloud = pcc.PointCloud(np.array([[65504, 0, 0], [1, 2, 3]], np.float16))
    with pytest.raises(InvalidCloud, match="beyond the finite float16"):
        pcc.encode(cloud, voxel_size=1000.0, sensor="none")
    assert pcc.decode(pcc.encode(cloud, voxel_size=500.0, sensor="none")).xyz.max() == 65504
