"""pcc.evaluation.passage: what passes is counted; order and fields are seen, not assumed."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.anchors import Setting
from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.errors import AnchorError
from pcc.evaluation.passage import Passage, same_order
from pcc.io import write_points
from pcc.pointcloud import PointCloud


@pytest.fixture
def paths(tmp_path, rng):
    """Two frames of 200 points on the 1 mm grid, one of them twice, with intensity."""
    for i in range(2):
        xyz = np.float32(rng.integers(-9000, 9000, (200, 3)) / 1000)
        xyz[7] = xyz[8]
        write_points(tmp_path / f"{i}.bin", PointCloud(xyz, {"intensity": np.float32(rng.random(200))}))
    return sorted(tmp_path.glob("*.bin"))


def test_the_bypass_keeps_everything(paths):
    """bits = 128 a point and a header a frame."""
    passage = Passage(Bypass("raw"), Setting(fields="all"))
    steps = []
    decoded = list(passage.frames(paths, lambda: steps.append(1)))
    assert [len(frame) for frame in decoded] == [200, 200]
    assert (passage.num_frames, passage.num_points, passage.num_points_out) == (2, 400, 400)
    assert passage.order_kept
    assert passage.fields_kept
    assert passage.num_bytes == sum(len(Bypass("raw").compress(f, Setting(fields="all"))) for f in decoded)
    assert passage.bpp == 8 * passage.num_bytes / 400
    assert passage.megabits_per_second(10) == 8 * passage.num_bytes * 10 / 2 / 1e6
    assert len(steps) == 2


def test_draco_merges_reorders_and_drops(paths):
    pytest.importorskip("DracoPy", reason="the extra eval is not installed")
    passage = Passage(Draco(), Setting(max_error=0.01))
    list(passage.frames(paths))
    assert passage.num_points_out == 398
    assert not passage.order_kept
    assert not passage.fields_kept


def test_frames_are_made_as_they_are_taken(paths):
    passage = Passage(Bypass("raw"), Setting())
    next(passage.frames(paths))
    assert passage.num_frames == 1


def test_a_codec_s_error_comes_through(paths):
    with pytest.raises(AnchorError, match="positions only"):
        list(Passage(Draco(), Setting(fields="all")).frames(paths))


@pytest.mark.parametrize(
    ("setting", "moved", "kept"),
    [
        (Setting(), 0.0, True),
        (Setting(), 0.01, False),
        (Setting(max_error=0.01), 0.009, True),
        (Setting(max_error=0.01), 0.011, False),
        (Setting(voxel_size=0.01), 0.0086, True),
        (Setting(voxel_size=0.01), 0.0088, False),
    ],
)
def test_order_is_judged_by_the_bound(setting, moved, kept):
    xyz = np.array([[0.0, 0, 0], [5, 5, 5]])
    assert same_order(xyz, xyz + np.array([moved, 0, 0]), setting) == kept
    assert not same_order(xyz, xyz[::-1], setting)
    assert not same_order(xyz, xyz[:1], setting)
    assert same_order(xyz[:0], xyz[:0], setting)
