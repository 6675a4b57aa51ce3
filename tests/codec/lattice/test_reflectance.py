"""parse(write(levels)) = the field's values, of cells and of points apart; damaged chunks are CorruptStreams."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.lattice.levels import LevelField, find_levels
from pcc.codec.lattice.reflectance import Shown, parse_reflectance, write_reflectance
from pcc.errors import CorruptStream, PccError
from pcc.geometry.range_image import RangeImage, roll_of
from pcc.sensors.bins import RangeBins
from pcc.sensors.scan import row_feats
from tests.lattices import small_turn


def shown_of(program, turn, num_apart=0):
    scan = turn.scan
    bins, feats = RangeBins(scan.table.range_units), row_feats(scan.table, scan.statistics)
    image = RangeImage(scan.deviations, feats)
    image.fill(bins.units(scan.index))
    rolls = roll_of(scan.table.shift, scan.table.steps, len(scan.firings))
    return Shown(program, image, bins.width, feats, scan.index > 0, num_apart, rolls)


def levels_of(turn, rng, num_apart):
    """Of the cells, then of points apart."""
    apart = rng.integers(0, turn.most + 1, num_apart)
    return np.concatenate([turn.reflectance[turn.scan.index > 0], apart]).astype(np.uint8)


@pytest.mark.parametrize("num_apart", [0, 1, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int32])
def test_round_trip(program, rng, num_apart, dtype):
    turn = small_turn()
    levels = levels_of(turn, rng, num_apart)
    values = (levels / 100).astype(dtype) if np.dtype(dtype).kind == "f" else levels.astype(dtype)
    field, found = find_levels({"intensity": values})
    data = write_reflectance(shown_of(program, turn, num_apart), field, found)
    name, back = parse_reflectance(memoryview(data), shown_of(program, turn, num_apart))
    assert name == "intensity"
    assert back.dtype == values.dtype
    assert back.tobytes() == values.tobytes()


def test_eight_bits(program, rng):
    """The lowest bit lies beside the network's."""
    turn = small_turn()
    levels = levels_of(turn, rng, 7)
    levels = (2 * levels + rng.integers(0, 2, len(levels))).astype(np.uint8)
    field = LevelField("i", np.dtype(np.uint8), 1.0, 1.0, 1, int(levels.max()) >> 1)
    data = write_reflectance(shown_of(program, turn, 7), field, levels)
    _, back = parse_reflectance(memoryview(data), shown_of(program, turn, 7))
    np.testing.assert_array_equal(back, levels)


def test_a_shown_turn_serves_again(program, rng):
    """Row features of reflectances are set anew each time: the bytes are the same."""
    turn = small_turn()
    field = LevelField("i", np.dtype(np.uint8), 1.0, 1.0, 0, turn.most)
    shown, levels = shown_of(program, turn), levels_of(turn, rng, 0)
    first = write_reflectance(shown, field, levels)
    assert write_reflectance(shown, field, levels) == first
    np.testing.assert_array_equal(parse_reflectance(memoryview(first), shown)[1], levels)


def test_every_cut(program, rng):
    turn = small_turn(3, 12)
    field = LevelField("i", np.dtype(np.uint8), 1.0, 1.0, 1, 127)
    data = write_reflectance(shown_of(program, turn, 3), field, levels_of(turn, rng, 3))
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            parse_reflectance(memoryview(data)[:size], shown_of(program, turn, 3))


def test_damaged_bytes(program, rng):
    """As many values as points, or an error of ours."""
    turn = small_turn(3, 12)
    field = LevelField("i", np.dtype(np.float32), 1.0, 100.0, 0, 99)
    levels = levels_of(turn, rng, 3)
    data = write_reflectance(shown_of(program, turn, 3), field, levels)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        try:
            with np.errstate(all="ignore"):
                _, values = parse_reflectance(memoryview(damaged), shown_of(program, turn, 3))
        except PccError:
            continue
        assert values.shape == (len(levels),)


def test_quartiles_beyond_the_largest(program, rng):
    """Which would wrap as features of rows."""
    turn = small_turn()
    field = LevelField("i", np.dtype(np.uint8), 1.0, 1.0, 0, turn.most)
    data = bytearray(write_reflectance(shown_of(program, turn), field, levels_of(turn, rng, 0)))
    data[2 + 1 + 16 + 1] = 1  # the largest level
    with pytest.raises(CorruptStream, match="a quartile beyond the frame's largest"):
        parse_reflectance(memoryview(data), shown_of(program, turn))
