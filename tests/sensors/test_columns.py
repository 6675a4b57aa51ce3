"""Shifted back, all lasers stand in common columns."""

import numpy as np
import pytest

from pcc.sensors.columns import column_shifts, num_columns


def firings(rng, shift, steps=1000, missing=0.1):
    """(laser, step): columns every 2 or 3 steps."""
    columns = np.cumsum(rng.integers(2, 4, steps // 3))
    laser = np.repeat(np.arange(len(shift)), len(columns))
    step = (np.tile(columns, len(shift)) + np.asarray(shift)[laser]) % steps
    kept = rng.random(len(laser)) > missing
    return laser[kept], step[kept]


def test_shifts_are_found_up_to_a_common_one(rng):
    shift = np.array([0, 5, -40, 17, 300, -2])
    frames = [firings(rng, shift) for _ in range(2)]
    found = column_shifts(frames, len(shift), 1000)
    assert np.unique(found - shift).size == 1
    assert int(np.median(found)) == 0
    assert num_columns(*frames[0], found, 1000) == pytest.approx(333, abs=2)


def test_complete_columns_need_no_shifts():
    laser = np.repeat(np.arange(4), 100)
    step = np.tile(np.arange(100), 4)
    assert column_shifts([(laser, step)], 4, 100).tolist() == [0, 0, 0, 0]


def test_lasers_without_points(rng):
    laser, step = firings(rng, [0, 3, 8])
    found = column_shifts([(laser, step)], 5, 1000)
    assert np.unique(found[:3] - [0, 3, 8]).size == 1
    assert len(found) == 5
