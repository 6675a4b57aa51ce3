"""LiDAR batches: cubes around points, thinned by whole levels, upright."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.batches import Pool
from pcc.datasets.lidar_batches import LidarBatches, LidarRecipe, nearest, place, turn_upright


@pytest.fixture
def frame(rng):
    """12000 points on a plane and on a wall, (N, 3) int32 millimetres."""
    ground = rng.uniform([-40e3, -40e3, -1.75e3], [40e3, 40e3, -1.72e3], (8000, 3))
    wall = rng.uniform([10e3, -20e3, -1.7e3], [10.05e3, 20e3, 4e3], (4000, 3))
    return np.rint(np.concatenate([ground, wall])).astype(np.int32)


def test_nearest_equals_a_full_sort(frame):
    """The kept rows are the smallest by max |p - centre|."""
    distance = np.abs(frame - frame[5]).max(1)
    kept = nearest(frame, frame[5], 100)
    assert sorted(np.abs(kept - frame[5]).max(1)) == sorted(distance)[:100]


def test_nearest_of_fewer_points_is_everything(frame):
    assert nearest(frame, frame[0], 10**6) is frame


def test_turn_upright_is_one_of_eight(rng):
    """z is kept; |x| and |y| are kept or exchanged."""
    seen = {tuple(turn_upright(np.array([[1, 2, 3]], np.int32), rng)[0]) for _ in range(300)}
    assert len(seen) == 8
    assert all(p[2] == 3 for p in seen)


@pytest.mark.parametrize("drop", [0, 1, 5])
def test_place_thins_on_a_shifted_grid(frame, drop, rng):
    """voxels = floor((p + shift) / 2^drop) up to a translation, inside [0, 2^depth)."""
    voxels, depth = place(frame, drop, rng)
    assert voxels.min() >= 0
    assert voxels.max() < 1 << depth
    extent = np.ptp(frame, axis=0) / 2**drop
    assert (np.abs(np.ptp(voxels, axis=0) - extent) <= 1).all()


def test_place_of_one_point(rng):
    voxels, depth = place(np.array([[5, -7, 9]], np.int32), 0, rng)
    assert voxels.shape == (1, 3)
    assert depth == 1


def test_batches_share_depth_and_offset(frame, rng):
    source = LidarBatches([Pool([frame])], LidarRecipe(crop_points=500, voxels_per_batch=2000))
    offsets = set()
    for _ in range(80):
        batch = source.sample(rng)
        offsets.add(batch.level_offset)
        assert batch.num_points >= 2000 or batch.num_crops == 8
        assert 3 * batch.depth + batch.num_crops.bit_length() <= 64
        assert (np.diff(batch.codes.astype(np.int64)) > 0).all()
    assert offsets == set(range(9))


def test_whole_frames_at_the_coarsest(frame, rng):
    """At max_drop the crop is the frame: the extent is the frame's."""
    batch = LidarBatches([Pool([frame])], LidarRecipe(coarse_fraction=1, max_drop=1, voxels_per_batch=10)).sample(rng)
    assert batch.num_crops == 1
    assert batch.level_offset == 1
    assert 0.9 * len(frame) < batch.num_points <= len(frame)
