"""Cells come out laser by laser where the lattice has them; points in Morton order, the first of equal ones first."""

import numpy as np
import pytest

from pcc.codec.lattice.layout import Listed, Motion, Placed, place_cells, put_in_order
from pcc.ops import morton
from pcc.ops.lattice_map import positions_reference
from pcc.ops.twist_map import FIXED_BITS, twist_of_floats
from pcc.sensors.bins import RangeBins
from tests.lattices import small_turn

NO_MOTION = twist_of_floats(np.zeros(6))


@pytest.mark.parametrize("group", [1, 2, 5, 64])
def test_cells_are_placed(group):
    """voxel(laser, column) = position of (laser, azimuth, halves / 2), in the order of np.nonzero."""
    scan = small_turn().scan
    bins = RangeBins(scan.table.range_units, group)
    numbers = bins.numbers(scan.index)
    placed = place_cells(scan.table, scan.firings, bins, numbers)
    laser, column = np.nonzero(scan.index)
    half = np.array([2 * group * n - (group - 1) for n in numbers[laser, column]], np.int32)
    want = positions_reference(scan.table.lattice, laser, scan.azimuths[laser, column], half)
    np.testing.assert_array_equal(placed.voxels, want[0])
    np.testing.assert_array_equal(placed.place, want[1])


def test_no_cell():
    scan = small_turn().scan
    placed = place_cells(scan.table, scan.firings, RangeBins(32), np.zeros_like(scan.index))
    assert placed.voxels.shape == placed.place.shape == (0, 3)


def test_corrections_are_added(rng):
    placed = Placed(rng.integers(-100, 100, (9, 3)).astype(np.int32), np.zeros((9, 3), np.uint8))
    delta = rng.integers(-1, 2, (9, 3)).astype(np.int8)
    assert placed.corrected(None) is placed
    np.testing.assert_array_equal(placed.corrected(delta).voxels, placed.voxels + delta)
    assert placed.corrected(delta).voxels.dtype == np.int32


def test_motion():
    """None, and a motion of nothing, leave voxels where they are: in the middle of themselves."""
    rng = np.random.default_rng(0)
    placed = Placed(rng.integers(-(10**5), 10**5, (50, 3)).astype(np.int32), rng.integers(0, 256, (50, 3), np.uint8))
    assert placed.moved(None) is placed
    still = placed.moved(Motion(NO_MOTION, np.zeros(50, np.int8)))
    np.testing.assert_array_equal(still.voxels, placed.voxels)
    assert (still.place == 128).all()
    far = placed.moved(Motion(twist_of_floats(np.array([1000.0, 0, 0, 0, 0, 0])), np.zeros(50, np.int8)))
    turns = np.arctan2(placed.voxels[:, 1], placed.voxels[:, 0]) / (2 * np.pi)
    np.testing.assert_allclose((far.voxels - placed.voxels)[:, 0], 1000 * turns, atol=0.6)
    np.testing.assert_array_equal(far.voxels[:, 1:], placed.voxels[:, 1:])


def test_fixed_positions(rng):
    """Voxels in 2^-24; those that a motion leads to keep the fractions that it gives them, others do not."""
    voxels = rng.integers(-(10**5), 10**5, (30, 3))
    np.testing.assert_array_equal(Listed(voxels, np.zeros((0, 3), np.int32), None).fixed(), voxels << FIXED_BITS)
    raw = Placed(voxels[:20].astype(np.int32), np.zeros((20, 3), np.uint8))
    motion = Motion(twist_of_floats(np.array([900.0, -30, 4, 0.001, 0.002, 0.03])), np.zeros(20, np.int8))
    listed = np.concatenate([raw.moved(motion).voxels, voxels[20:]]).astype(np.int64)
    listed[3] += 1
    fixed = Listed(listed, raw.voxels, motion).fixed()
    np.testing.assert_array_equal((fixed + (1 << FIXED_BITS - 1)) >> FIXED_BITS, listed)
    whole = (fixed == listed << FIXED_BITS).all(1)
    assert whole[20:].all()
    assert whole[3]
    assert whole[:20].sum() < 5


@pytest.mark.parametrize("size", [0, 1, 500])
def test_points_in_order(rng, size):
    """codes ascend and are distinct; coords[order] are their points, as often as counts say, and stable."""
    coords = rng.integers(0, 6, (size, 3)).astype(np.int32)
    ordered = put_in_order(coords)
    codes = morton.encode(coords)
    np.testing.assert_array_equal(codes[ordered.order], np.repeat(ordered.codes, ordered.counts))
    np.testing.assert_array_equal(ordered.order, np.argsort(codes, kind="stable"))
    assert (np.diff(ordered.codes.astype(np.int64)) > 0).all()
