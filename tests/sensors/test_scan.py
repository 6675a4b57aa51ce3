"""Every point is in one cell or apart; a cell's laser, azimuth and index are its point's; row features in integers."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.ops.lattice_map import Found
from pcc.sensors.scan import (
    NUM_QUARTILES,
    ROW_FEATS,
    RowStatistics,
    quartiles,
    reflectance_row_feats,
    row_feats,
    row_statistics,
    scan_of,
)
from pcc.sensors.table import SensorTable
from tests.lattices import small_turn
from tests.sensors.tables import small_table


def found_of(rng, table, size, columns=90):
    """Places of points: some in the same cell, of common firing columns."""
    laser = rng.integers(0, table.num_lasers, size).astype(np.uint8)
    firing = 10 * rng.integers(0, columns, size)
    step = ((firing + table.shift[laser]) % table.steps).astype(np.int32)
    return Found(laser, step, rng.integers(1, 60_000, size).astype(np.int32), rng.random(size))


@pytest.mark.parametrize("size", [0, 1, 7, 2000])
def test_points_are_in_one_cell_or_apart(rng, size):
    """scan.point and scan.apart are a partition; of points in a cell the first stays; the others are apart."""
    table = small_table()
    found, fits = found_of(rng, table, size), rng.random(size) < 0.9
    scan = scan_of(table, found, fits)
    inside = scan.point[scan.point >= 0]
    assert sorted([*inside, *scan.apart]) == list(range(size))
    assert fits[inside].all()
    np.testing.assert_array_equal(scan.point >= 0, scan.index > 0)
    laser, column = np.nonzero(scan.index)
    rows = scan.point[laser, column]
    np.testing.assert_array_equal(found.laser[rows], laser)
    np.testing.assert_array_equal(found.step[rows], scan.azimuths[laser, column])
    np.testing.assert_array_equal(found.index[rows], scan.index[laser, column])
    first = {}
    for row in np.flatnonzero(fits):
        first.setdefault((found.laser[row], found.step[row]), row)
    assert sorted(first.values()) == sorted(inside.tolist())


def test_types_and_columns(rng):
    """Columns are those that occur, ascending; deviations are small where lasers fire in common columns."""
    table = small_table()
    scan = scan_of(table, found_of(rng, table, 3000), np.ones(3000, bool))
    assert scan.firings.tolist() == list(range(0, 900, 10))
    assert [a.dtype for a in (scan.firings, scan.index, scan.point, scan.apart)] == [np.int32] * 2 + [np.int64] * 2
    assert scan.index.shape == scan.point.shape == (16, 90)
    assert np.abs(scan.deviations).max() <= 8
    assert scan.table.range_units == 4 * table.range_step


def test_nothing_fits(rng):
    table = small_table()
    scan = scan_of(table, found_of(rng, table, 20), np.zeros(20, bool))
    assert scan.index.shape == (16, 0)
    assert scan.apart.tolist() == list(range(20))
    statistics = scan.statistics
    assert statistics.noise.tolist() == statistics.fill.tolist() == [0] * 16


def test_without(rng):
    """Cells laser by laser; their points are apart, the others' cells and all columns stay."""
    table = small_table()
    scan = scan_of(table, found_of(rng, table, 500), np.ones(500, bool))
    inside = scan.point[scan.point >= 0]
    taken = rng.random(len(inside)) < 0.3
    less = scan.without(taken)
    np.testing.assert_array_equal(less.point[less.point >= 0], inside[~taken])
    assert less.apart.tolist() == sorted([*scan.apart, *inside[taken]])
    np.testing.assert_array_equal(less.index, np.where(less.point >= 0, scan.index, 0))
    np.testing.assert_array_equal(less.firings, scan.firings)
    assert (scan.point >= 0).sum() == len(inside)  # unchanged
    same = scan.without(np.zeros(len(inside), bool))
    np.testing.assert_array_equal(same.index, scan.index)


def two_lasers():
    """Slopes of 1 voxel: level, and 45 degrees up."""
    slope = np.array([[1 << 24, 0, 0], [0, 3 << 22, 3 << 22]], np.int64)
    return SensorTable("two", 900, 8, slope, np.zeros((2, 3), np.int64), np.zeros(2, np.int32))


def test_literal_row_feats():
    """128 + 172 tan, gaps of 3667 / 2^12 a 2^-12 of tan, 255 beyond the ends and at most; 4 noise, 17 fill."""
    statistics = RowStatistics(np.array([0, 63], np.uint8), np.array([15, 1], np.uint8))
    feats = row_feats(two_lasers(), statistics)
    assert feats.dtype == np.uint8
    assert feats.tolist() == [[128, 255, 255, 0, 255], [255, 255, 255, 252, 17]]
    assert feats.shape[1] == ROW_FEATS


@pytest.mark.parametrize("table", [small_table(), small_table(64), small_table(1)], ids=lambda t: str(t.num_lasers))
def test_row_feats_follow_elevations(table):
    """Within 1 of their formulas in floats; both sides of a gap have it."""
    none = np.zeros(table.num_lasers, np.uint8)
    feats = row_feats(table, RowStatistics(none, none)).astype(int)
    tangent = np.tan(table.elevation)
    np.testing.assert_allclose(feats[:, 0], np.clip(128 + 172 * tangent, 0, 255), atol=1.05)
    gaps = np.clip(3667 * np.diff(tangent), 0, 255)
    np.testing.assert_allclose(feats[1:, 1], gaps, atol=1.95)
    np.testing.assert_array_equal(feats[1:, 1], feats[:-1, 2])
    assert feats[0, 1] == feats[-1, 2] == 255


def test_lasers_straight_up():
    """A slope without a horizontal part, both ways: no division by 0, features at their ends."""
    slope = np.array([[0, 0, -(1 << 24)], [0, 0, 1 << 24]], np.int64)
    table = SensorTable("poles", 900, 8, slope, np.zeros((2, 3), np.int64), np.zeros(2, np.int32))
    none = np.zeros(2, np.uint8)
    assert row_feats(table, RowStatistics(none, none))[:, :3].tolist() == [[0, 255, 255], [255, 255, 255]]


def test_statistics_literal():
    """Median bends of 12 units: 4 log2(1 + 3) = 8; one cell in three is 5 of 15; nothing is 0."""
    turn = small_turn(lasers=3, columns=90)
    scan = turn.scan
    index = np.zeros_like(scan.index)
    index[0] = 5000 + np.arange(90)  # straight
    index[1, ::3] = 7
    bent = np.zeros(90, np.int64)
    bent[::2] = 6  # units: 32 a step, bends of 2 * 6 * 32 = 384
    index[2] = 5000 + bent
    found = row_statistics(type(scan)(scan.table, scan.firings, index, scan.point, scan.apart))
    assert found.noise.dtype == found.fill.dtype == np.uint8
    assert found.noise.tolist() == [0, 0, round(4 * np.log2(1 + 384 / 4))]
    assert found.fill.tolist() == [15, 5, 15]


def test_statistics_stay_in_range(rng):
    """Of the wildest ranges, too: what the stream's bytes may be."""
    turn = small_turn()
    index = rng.choice([0, 1, 1 << 20], turn.scan.index.shape).astype(np.int32)
    found = row_statistics(type(turn.scan)(turn.scan.table, turn.scan.firings, index, index, turn.scan.apart))
    assert found.noise.max() == 63
    assert found.fill.max() < 16


def test_quartiles():
    """Of the cells with points only; rows without any have 0; as features they are shares of the largest level."""
    levels = np.array([[10, 20, 30, 40, 50, 99], [7, 7, 7, 7, 7, 7]], np.uint8)
    filled = np.array([[1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0]], bool)
    found = quartiles(levels, filled)
    assert found.dtype == np.uint8
    assert found.tolist() == [[20, 30, 40], [0, 0, 0]]
    feats = reflectance_row_feats(np.full((2, ROW_FEATS), 9, np.uint8), found, 50)
    assert feats.dtype == np.uint8
    assert feats.shape[1] == ROW_FEATS + NUM_QUARTILES
    assert feats.tolist() == [[9] * 5 + [102, 153, 204], [9] * 5 + [0, 0, 0]]
