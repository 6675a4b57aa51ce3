"""``agree``: what counts as the same cloud, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.header import FrameHeader
from pcc.commands.verify import agree
from pcc.errors import CorruptStream
from pcc.geometry.voxels import Grid
from pcc.pointcloud import PointCloud

XYZ = np.array([[2, 0, 0], [0, 0, 0], [2, 0, 0]], np.int32)
ORIGINAL = PointCloud(XYZ, {"i": np.array([5, 6, 7], np.uint8)})
DECODED = PointCloud(XYZ[[1, 0, 2]], {"i": np.array([6, 5, 7], np.uint8)})
HEADER = FrameHeader(Grid(1.0, 1.0, (0, 0, 0), np.dtype(np.int32)), 2, 3, 2)


def test_the_same_multiset_is_lossless():
    assert agree(ORIGINAL, DECODED, HEADER).lossless
    text = agree(ORIGINAL, PointCloud(DECODED.xyz), HEADER).text
    assert text == "the same points and values; fields not in the stream: i"


@pytest.mark.parametrize(
    "decoded",
    [
        PointCloud(DECODED.xyz[:2]),
        PointCloud(DECODED.xyz + np.int32(1)),
        PointCloud(DECODED.xyz.astype(np.int64)),
        PointCloud(DECODED.xyz, {"i": np.array([6, 7, 5], np.uint8)}),
        PointCloud(DECODED.xyz, {"i": np.array([6, 5, 7], np.int8)}),
        PointCloud(DECODED.xyz, {"other": np.zeros(3)}),
    ],
)
def test_any_difference_is_noticed(decoded):
    with pytest.raises(CorruptStream):
        agree(ORIGINAL, decoded, HEADER)


def test_merged_points_keep_the_first():
    header = FrameHeader(HEADER.grid, 2, 2, 2, num_merged=1)
    agreement = agree(ORIGINAL, DECODED.take(np.array([0, 1])), header)
    assert (agreement.lossless, agreement.max_error) == (False, 0.0)


def test_a_bound_is_measured():
    """max_error = the largest Euclidean distance; half a voxel an axis is the most that is let through."""
    original = PointCloud(np.array([[0.4, 0.3, 0.0], [1.1, 1.0, 1.0]]))
    header = FrameHeader(Grid(1.0, 1.0, (0, 0, 0), np.dtype(float)), 1, 2, 2, quantized=True)
    decoded = PointCloud(np.array([[0.0, 0, 0], [1, 1, 1]]))
    assert agree(original, decoded, header).max_error == pytest.approx(0.5)
    with pytest.raises(CorruptStream, match="half a voxel"):
        agree(original, PointCloud(decoded.xyz + 0.7), header)
