"""Dense batches: crops equal the cloud's cubes up to a symmetry; whole clouds equal the thinned cloud."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.cells import CellCloud
from pcc.datasets.dense_batches import DenseBatches, DenseRecipe, jitter, turn


@pytest.fixture
def sheet():
    """A wavy surface of 200 x 150 columns, (V, 3) int16."""
    x, y = np.mgrid[:200, :150].reshape(2, -1)
    z = np.rint(20 + 10 * np.sin(x / 15) + 5 * np.cos(y / 9))
    return np.stack([x, y, z], 1).astype(np.int16)


@pytest.mark.parametrize("low", [(0, 0, 0), (-30, 40, -5), (37, 91, 3), (500, 0, 0), (-100, 0, 0)])
def test_box_equals_a_scan_of_all_voxels(sheet, low):
    """box(low, side) = {p - low : low <= p < low + side}."""
    low = np.array(low)
    relative = sheet.astype(int) - low
    expected = relative[((relative >= 0) & (relative < 64)).all(1)]
    actual = CellCloud.of(sheet).box(low, 64)
    assert actual.dtype == np.int32
    assert sorted(actual.tolist()) == sorted(expected.tolist())


def test_cells_of_an_empty_cloud():
    empty = CellCloud.of(np.zeros((0, 3), np.int16))
    assert len(empty) == 0
    assert empty.box(np.zeros(3, int), 64).shape == (0, 3)


def test_turn_is_a_symmetry(rng):
    """Distances to the cube's centre, axis by axis and unordered, are kept; all 48 symmetries occur."""
    point = np.array([[0, 3, 5]])
    seen = {tuple(turn(point, 8, rng)[0]) for _ in range(1000)}
    assert len(seen) == 48
    assert all(sorted(abs(2 * v - 7) for v in p) == [1, 3, 7] for p in seen)


def test_crop_batches_hold_what_was_asked(sheet, rng):
    source = DenseBatches([sheet], recipe=DenseRecipe(whole_cloud_fraction=0, voxels_per_batch=9000))
    batch = source.sample(rng)
    assert (batch.depth, batch.level_offset) == (6, 0)
    assert 9000 <= batch.num_points < 9000 + 64 * 64 * 2
    assert (np.diff(batch.codes.astype(np.int64)) > 0).all()
    crops, sizes = np.unique(batch.codes >> np.uint64(18), return_counts=True)
    assert crops.tolist() == list(range(batch.num_crops))
    assert sizes.min() >= 200


def test_whole_clouds_drop_levels(sheet, rng):
    """num_points <= the cloud's voxels / 4^level_offset, about, and every offset occurs."""
    source = DenseBatches([sheet], recipe=DenseRecipe(whole_cloud_fraction=1))
    batches = [source.sample(rng) for _ in range(40)]
    assert {b.level_offset for b in batches} == {1, 2, 3, 4}
    assert all(b.num_crops == 1 and b.num_points < 2.5 * len(sheet) / 4**b.level_offset + 50 for b in batches)
    assert all(b.depth <= 9 - b.level_offset for b in batches)


def test_whole_cloud_budget(sheet, rng):
    source = DenseBatches([sheet], recipe=DenseRecipe(whole_cloud_fraction=1, max_whole_voxels=100))
    assert source.sample(rng).num_points < 500


def test_sparse_batches(sheet, rng):
    """Whole cubes of 2^8, of which between a hundredth and all is kept; as many crops as make the number asked for."""
    recipe = DenseRecipe(whole_cloud_fraction=0, sparse_fraction=1, sparse_voxels=3000, sparse_offset=14)
    source = DenseBatches([sheet], recipe=recipe)
    sizes = []
    for _ in range(6):
        batch = source.sample(rng)
        assert (batch.depth, batch.level_offset) == (8, 14)
        assert 3000 <= batch.num_points < 3000 + len(sheet)
        assert (np.diff(batch.codes.astype(np.int64)) > 0).all()
        crops, counts = np.unique(batch.codes >> np.uint64(24), return_counts=True)
        assert crops.tolist() == list(range(batch.num_crops))
        sizes.extend(counts)
    assert max(sizes) > 10 * min(sizes)


def test_jitter(rng):
    """Standard deviation sigma an axis; what leaves the cube is dropped; sigma 0 changes nothing."""
    coords = np.full((20_000, 3), 32, np.int32)
    moved = jitter(coords, 3.0, 64, rng)
    assert moved.dtype == np.int32
    assert len(moved) == len(coords)
    np.testing.assert_allclose((moved - 32).std(0), 3, rtol=0.05)
    edge = jitter(np.zeros((20_000, 3), np.int32), 3.0, 64, rng)
    assert 0.1 < len(edge) / 20_000 < 0.25  # an eighth and what rounds to 0
    assert edge.min() == 0
    np.testing.assert_array_equal(jitter(coords, 0.0, 64, rng), coords)
    assert jitter(coords[:0], 3.0, 64, rng).shape == (0, 3)


def test_scans_are_drawn_with_their_share(rng):
    """Voxels of scans are told apart by their density here: a full slab against single voxels."""
    slab = np.argwhere(np.ones((64, 64, 2), bool)).astype(np.int16)
    recipe = DenseRecipe(scan_fraction=0.25, whole_cloud_fraction=0, sparse_fraction=0, voxels_per_batch=1)
    source = DenseBatches([slab], [slab[::7]], recipe)
    sparse = [source.sample(rng).num_points < 1200 for _ in range(400)]
    assert 0.15 < np.mean(sparse) < 0.36


@pytest.mark.parametrize("cloud", [np.zeros((1, 3), np.int16), np.array([[0, 0, 0], [900, 0, 0]], np.int16)])
def test_tiny_clouds_still_give_batches(cloud, rng):
    source = DenseBatches([cloud], recipe=DenseRecipe(voxels_per_batch=3, sparse_voxels=3))
    for _ in range(20):
        assert source.sample(rng).num_points >= 1


def test_no_clouds_at_all():
    with pytest.raises(ValueError, match="pools"):
        DenseBatches([])
