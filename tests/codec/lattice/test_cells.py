"""All cells of a turn through a coder: decoded = encoded, pass by pass, whatever the group; streams are hostile."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.lattice.cells import REVERSED, code_ranges, code_reflectances
from pcc.entropy.coders import BitEstimator, RansDecoder, RansEncoder
from pcc.errors import CorruptStream, PccError
from pcc.geometry.range_image import RangeImage
from pcc.sensors.bins import RangeBins
from pcc.sensors.scan import reflectance_row_feats, row_feats
from tests.lattices import small_turn


def empty_image(turn):
    scan = turn.scan
    return RangeImage(scan.deviations, row_feats(scan.table, scan.statistics))


def ranges_of(turn, group=1):
    """Bins, their bits, and the numbers of the turn."""
    bins = RangeBins(turn.scan.table.range_units, group)
    numbers = bins.numbers(turn.scan.index)
    return bins, max(int(numbers.max()).bit_length(), 1), numbers


def encoded_ranges(program, turn, group=1):
    bins, bits, numbers = ranges_of(turn, group)
    coder = RansEncoder()
    found = code_ranges(program, coder, empty_image(turn), bins, bits, numbers)
    np.testing.assert_array_equal(found, numbers)
    return coder.finish()


def decoded_ranges(program, turn, data, group=1):
    bins, bits, _ = ranges_of(turn, group)
    coder, image = RansDecoder(data), empty_image(turn)
    numbers = code_ranges(program, coder, image, bins, bits, None)
    coder.finish()
    return numbers, image


@pytest.mark.parametrize("group", [1, 2, 16, 65_536])
def test_ranges(isa, threads, program, group):
    """The image has all ranges in the end, on both sides."""
    turn = small_turn(16, 90)
    bins, _, numbers = ranges_of(turn, group)
    found, image = decoded_ranges(program, turn, encoded_ranges(program, turn, group), group)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, numbers)
    want = empty_image(turn)
    want.fill(bins.units(numbers))
    np.testing.assert_array_equal(image.range, want.range)


@pytest.mark.parametrize(("lasers", "columns"), [(1, 1), (1, 90), (3, 7), (16, 1), (40, 130)], ids=str)
def test_ranges_of_any_turn(program, lasers, columns):
    """Also where passes have no cell, and where no cell has a point."""
    turn = small_turn(lasers, columns)
    found, _ = decoded_ranges(program, turn, encoded_ranges(program, turn))
    np.testing.assert_array_equal(found, turn.scan.index)
    turn.scan.index[...] = 0
    found, _ = decoded_ranges(program, turn, encoded_ranges(program, turn))
    assert not found.any()


def test_estimated_bits_are_written(program):
    """|8 bytes / bits - 1| <= 1 % of a turn of about 1400 points."""
    turn, estimator = small_turn(), BitEstimator()
    bins, bits, numbers = ranges_of(turn)
    code_ranges(program, estimator, empty_image(turn), bins, bits, numbers)
    assert 8 * len(encoded_ranges(program, turn)) == pytest.approx(estimator.bits, rel=0.01)


def test_every_cut_of_ranges(program):
    turn = small_turn(4, 20)
    data = encoded_ranges(program, turn)
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            decoded_ranges(program, turn, data[:size])


def test_damaged_ranges(program, rng):
    """Any cells, or a CorruptStream; a point without a range is one."""
    turn, messages = small_turn(4, 20), set()
    data = encoded_ranges(program, turn)
    for _ in range(200):
        damaged = bytearray(data)
        damaged[rng.integers(1, len(data))] = rng.integers(256)
        try:
            found, _ = decoded_ranges(program, turn, bytes(damaged))
        except PccError as error:
            messages.add(type(error))
            continue
        assert found.min() >= 0
    assert messages == {CorruptStream}


class Zeros:
    """A coder whose every cell is occupied and has the number 0, or whose every level is the largest."""

    def binary(self, logits, symbols):
        return np.ones(len(logits), np.uint8)

    def mixture(self, mixture, bins, numbers):
        return np.zeros(len(mixture), np.int32)

    def tree(self, logits, certain, values):
        return np.full(len(logits), 127, np.uint8)


class Far(Zeros):
    """All in the last bin."""

    def mixture(self, mixture, bins, numbers):
        return np.full(len(mixture), (1 << bins.bits) - 1, np.int32)


def test_a_point_without_a_range(program):
    turn = small_turn(4, 20)
    with pytest.raises(CorruptStream, match="a point without a range"):
        code_ranges(program, Zeros(), empty_image(turn), RangeBins(32), 15, None)


@pytest.mark.parametrize("bins", [RangeBins(4092), RangeBins(4, 1 << 16)], ids=str)
def test_ranges_farther_than_any(program, bins):
    """2^26 units, as a stream may say: what networks see of them ends at 2^24 - 1."""
    bits, image = (1 << 26).bit_length() - bins.width.bit_length(), empty_image(small_turn(16, 90))
    numbers = code_ranges(program, Far(), image, bins, bits, None)
    assert (numbers == (1 << bits) - 1).all()
    assert image.range.max() == (1 << 24) - 1


def shown_image(turn, most):
    """With all ranges, and what is told of reflectances."""
    image, bins = empty_image(turn), RangeBins(turn.scan.table.range_units)
    image.fill(bins.units(turn.scan.index))
    feats = row_feats(turn.scan.table, turn.scan.statistics)
    image.set_row_feats(reflectance_row_feats(feats, turn.quartiles, most))
    return image


def encoded_reflectances(program, turn, most):
    coder = RansEncoder()
    found = code_reflectances(program, coder, shown_image(turn, most), 32, most, turn.reflectance)
    np.testing.assert_array_equal(found, turn.reflectance)
    return coder.finish()


def decoded_reflectances(program, turn, data, most):
    coder = RansDecoder(data)
    found = code_reflectances(program, coder, shown_image(turn, most), 32, most, None)
    coder.finish()
    return found


@pytest.mark.parametrize("spare", [0, 20])
def test_reflectances(isa, threads, program, spare):
    turn = small_turn()
    most = turn.most + spare
    found = decoded_reflectances(program, turn, encoded_reflectances(program, turn, most), most)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, turn.reflectance)


@pytest.mark.parametrize(("lasers", "columns"), [(1, 1), (3, 7), (16, 1)], ids=str)
def test_reflectances_of_any_turn(program, lasers, columns):
    turn = small_turn(lasers, columns)
    found = decoded_reflectances(program, turn, encoded_reflectances(program, turn, 127), 127)
    np.testing.assert_array_equal(found, turn.reflectance)


def test_every_cut_of_reflectances(program):
    turn = small_turn(4, 20)
    data = encoded_reflectances(program, turn, 127)
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            decoded_reflectances(program, turn, data[:size], 127)


def test_a_level_beyond_the_largest(program):
    turn = small_turn(4, 20)
    with pytest.raises(CorruptStream, match="beyond the frame's largest"):
        code_reflectances(program, Zeros(), shown_image(turn, 99), 32, 99, None)


def test_reversed_bits():
    """An involution of 0..127 that turns 1 into 64."""
    assert REVERSED[[0, 1, 2, 64, 127, 96]].tolist() == [0, 64, 32, 1, 127, 3]
    np.testing.assert_array_equal(REVERSED[REVERSED], np.arange(128))
