"""What a stream says of itself without its points being decoded."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.info import describe
from pcc.codec.limits import Limits, within
from pcc.errors import CorruptStream, LimitExceeded
from pcc.pointcloud import PointCloud


def test_sizes_add_up_to_the_file():
    """preamble + frames = file; parts of a frame are within it."""
    cloud = PointCloud(np.zeros((5, 3), np.int16), {"a": np.arange(5), "b": np.zeros((5, 2), bool)})
    data = pcc.append(pcc.encode(cloud), cloud)
    frames = describe(data)
    table = data[15 + sum(frame.num_bytes for frame in frames) :]
    assert table[:1] == b"t"
    assert [(spec.name, spec.dtype, spec.columns) for spec, _ in frames[0].fields] == [
        ("a", "int64", None),
        ("b", "?", 2),
    ]
    assert frames[0].num_bytes > frames[0].multiplicity_bytes + sum(size for _, size in frames[0].fields)
    assert frames[0].geometry_bpp == 8 * frames[0].multiplicity_bytes / 5


def test_an_empty_frame_has_no_rate():
    assert describe(pcc.encode(PointCloud(np.empty((0, 3)))))[0].geometry_bpp == 0


def test_damage_and_limits():
    data = pcc.encode(PointCloud(np.zeros((5, 3), np.int16)))
    with pytest.raises(LimitExceeded, match="points: 5 in the stream, the limit is 4"):
        describe(data, Limits(max_points=4))
    with pytest.raises(CorruptStream):
        describe(data[:-1])
    assert within("points", 4, 4) == 4
