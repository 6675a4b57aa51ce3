"""|halves(numbers(n)) / 2 - n| <= (group - 1) / 2; units are the middles of the mixture's bins."""

import numpy as np
import pytest

from pcc.sensors.bins import RangeBins

INDEX = np.concatenate([np.arange(1, 3000), [65_535, 65_536, 65_537, (1 << 20) - 1]])


@pytest.mark.parametrize("group", [1, 2, 3, 4, 7, 64, 1000, 65_536])
def test_no_index_moves_by_more_than_half_a_group(group):
    """And some move by as much; bins of one group are distinct and follow each other."""
    bins = RangeBins(32, group)
    numbers = bins.numbers(INDEX)
    assert numbers.dtype == np.int32
    assert numbers.min() >= 1
    away = bins.halves(numbers) - 2 * INDEX
    assert np.abs(away).max() <= group - 1
    if group <= 1000:
        assert np.abs(away).max() == group - 1
        assert set(np.diff(numbers[:2999])) <= {0, 1}


def test_groups_of_one_lose_nothing():
    bins = RangeBins(32)
    np.testing.assert_array_equal(bins.numbers(INDEX), INDEX)
    np.testing.assert_array_equal(bins.halves(INDEX), 2 * INDEX)
    assert bins.width == 32


@pytest.mark.parametrize(("range_step", "group"), [(32, 1), (32, 2), (4, 3), (36, 16), (4092, 5)])
def test_units_are_the_middles_that_a_mixture_codes(range_step, group):
    """units(b) = first + b step = halves(b) range_step / 2, without a remainder; 0 where there is no point."""
    bins, numbers = RangeBins(range_step, group), np.arange(1, 500)
    coded = bins.coded(9)
    assert coded.bits == 9
    assert coded.step == bins.width == group * range_step
    np.testing.assert_array_equal(bins.units(numbers), coded.first + numbers * coded.step)
    np.testing.assert_array_equal(2 * bins.units(numbers), bins.halves(numbers) * range_step)
    assert bins.units(np.array([0, 1, 0])).tolist() == [0, coded.first + coded.step, 0]
    assert bins.numbers(np.array([0, 0])).tolist() == [0, 0]


def test_literal_bins():
    """Groups of 3 in 2 mm: 1..3 are bin 1 with the middle 2; groups of 2: 1, 2 have the middle 1.5."""
    three, two = RangeBins(32, 3), RangeBins(32, 2)
    assert three.numbers(np.array([0, 1, 3, 4])).tolist() == [0, 1, 1, 2]
    assert three.halves(np.array([1, 2])).tolist() == [4, 10]
    assert three.units(np.array([0, 1, 2])).tolist() == [0, 64, 160]
    assert two.halves(np.array([1, 2])).tolist() == [3, 7]
    assert two.units(np.array([1])).tolist() == [48]
    assert (two.coded(4).first, two.coded(4).step) == (-16, 64)


def test_units_of_ranges_that_no_sensor_has():
    """What a damaged stream may say: units end at 2^24 - 1, the most that networks take."""
    numbers = np.array([1, 1 << 14, (1 << 20) - 1], np.int32)
    assert RangeBins(4092, 2).units(numbers).tolist() == [6138, (1 << 24) - 1, (1 << 24) - 1]
