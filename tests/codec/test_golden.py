"""Frozen streams: what version 1 wrote once, every later version decodes to the same values."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.info import describe
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal

ONE_POINT = """
    89504343 0d0a1a0a 01 0000 bbf31121
    48 19 00 00 0a 000000000000f03f 0000000000000040 06 07 0c 00 01 01 fc313ca3
    41 09 03 726564 02 00 00 01 c8 542dfd42
    44 10 90548648469380b41ff10e702fe417f6 15d235f8
"""
THREE_DUPLICATES = """
    89504343 0d0a1a0a 01 0000 bbf31121
    48 1a 00 01 0a 000000000000f03f 0000000000000040 06 07 0c 00 03 01 02 4291d08e
    4d 09 00 01 02 01 00 01 00 01 00 8c784e81
    41 0e 04 72696e67 04 00 00 00 07 07 09 01 00 a87be3fa
    41 0a 01 6e 01 03 00 01 01 00 01 ff 80749b28
    44 10 e158d4f41cac450e564cb9c104bb0cb8 176fe9c1
"""
XYZ = np.array([[1.5, -2, 3]], np.float32)


@pytest.mark.parametrize(
    ("stream", "cloud", "timestamp_ns"),
    [
        (ONE_POINT, PointCloud(XYZ, {"red": np.array([200], np.uint8)}), None),
        (
            THREE_DUPLICATES,
            PointCloud(
                np.repeat(XYZ, 3, axis=0),
                {"ring": np.array([7, 7, 9], np.uint16), "n": np.array([[1, -1]] * 3, np.int8)},
            ),
            1,
        ),
    ],
    ids=["one point", "three duplicates"],
)
def test_frozen_streams(stream, cloud, timestamp_ns):
    """decode(bytes of the document) = cloud, and the encoder still writes these bytes."""
    data = bytes.fromhex(stream)
    assert_equal(pcc.decode(data), cloud)
    assert describe(data)[0].header.timestamp_ns == timestamp_ns
    assert pcc.encode(cloud, timestamp_ns=timestamp_ns) == data
