"""unpacked(0xAARRGGBB) = RR, GG, BB, whatever the dtype; no other field is taken for colours."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.metrics.packed_colours import is_packed, unpacked
from pcc.pointcloud import PointCloud

# With and without alpha; as floats: zero, a subnormal, a NaN of its own pattern, infinity.
BITS = np.array([0, 0x00102030, 0xFFFF0001, 0x7F800000], np.uint32)
EXPECTED = {"red": [0, 16, 255, 128], "green": [0, 32, 0, 0], "blue": [0, 48, 1, 0]}


@pytest.mark.parametrize("name", ["rgb", "rgba"])
@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.int32])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_literal_values(name, dtype, shape):
    cloud = PointCloud(np.zeros((4, 3)), {name: BITS.view(dtype).reshape(shape)})
    found = unpacked(cloud)
    assert {colour: found.fields[colour].tolist() for colour in EXPECTED} == EXPECTED
    assert all(found.fields[colour].dtype == np.uint8 for colour in EXPECTED)
    assert found.fields[name] is not None
    assert found.fields[name].tobytes() == BITS.tobytes()


def test_no_points():
    cloud = PointCloud(np.zeros((0, 3)), {"rgb": np.zeros(0, np.float32)})
    assert len(unpacked(cloud).fields["red"]) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"colour": BITS},
        {"rgb": BITS.astype(np.float64)},
        {"rgb": BITS.astype(np.uint8)},
        {"rgb": np.zeros((4, 3), np.float32)},
        {"rgb": BITS, "red": np.zeros(4, np.uint8)},
    ],
)
def test_what_is_not_packed(fields):
    """Other names, dtypes and shapes; colours of their own come first."""
    cloud = PointCloud(np.zeros((4, 3)), fields)
    assert unpacked(cloud) is cloud
    assert is_packed(cloud, "rgb") == ("red" in fields)
