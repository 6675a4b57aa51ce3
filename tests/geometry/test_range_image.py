"""padded[r, c] = values[r, c mod C]: images go round, and what is put comes back; azimuths and their deviations."""

import numpy as np
import pytest

from pcc.geometry.interlace import COLUMN_MARGIN, PASSES, ROW_MARGIN
from pcc.geometry.range_image import MAX_DEVIATION, RangeImage, azimuths_of, deviations_of, roll_of

SHAPES = [(1, 1), (3, 7), (16, 90), (5, 159), (5, 161), (2, 500)]


def around(values):
    """Values (R, C) with the image's margins, by their definition."""
    rows, columns = values.shape
    out = np.zeros((rows + 2 * ROW_MARGIN, columns + 2 * COLUMN_MARGIN), values.dtype)
    for column in range(out.shape[1]):
        out[ROW_MARGIN : ROW_MARGIN + rows, column] = values[:, (column - COLUMN_MARGIN) % columns]
    return out


def image_of(rng, rows, columns):
    deviation = rng.integers(-1024, 1025, (rows, columns)).astype(np.int16)
    return RangeImage(deviation, rng.integers(0, 256, (rows, 5)).astype(np.uint8)), deviation


@pytest.mark.parametrize(("rows", "columns"), SHAPES, ids=str)
def test_images_go_round(rng, rows, columns):
    """All at once, pass by pass, and of other values than ranges."""
    image, deviation = image_of(rng, rows, columns)
    ranges = rng.integers(1, 1 << 24, (rows, columns)).astype(np.int32)
    np.testing.assert_array_equal(image.deviation, around(deviation))
    assert not image.range.any()
    for step in PASSES:
        image.put(image.range, step, image.of_pass(ranges, step))
    np.testing.assert_array_equal(image.range, around(ranges))
    image.fill(ranges + 1)
    np.testing.assert_array_equal(image.range, around(ranges + 1))
    shades = rng.integers(0, 256, (rows, columns)).astype(np.uint8)
    padded = image.padded(shades)
    assert padded.dtype == np.uint8
    np.testing.assert_array_equal(padded, around(shades))


def test_rows_beyond_are_empty(rng):
    image, _ = image_of(rng, 3, 40)
    image.fill(np.full((3, 40), 9, np.int32))
    for values in (image.range, image.deviation, image.row_feats):
        assert not values[:ROW_MARGIN].any()
        assert not values[-ROW_MARGIN:].any()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (16, 90), (7, 65)], ids=str)
def test_flat_cells_are_those_of_the_pass(rng, rows, columns):
    """range[flat(cells(pass))] = of_pass(ranges), row by row; also where a pass has no cell."""
    image, _ = image_of(rng, rows, columns)
    ranges = rng.integers(1, 1 << 24, (rows, columns)).astype(np.int32)
    image.fill(ranges)
    for step in PASSES:
        places = image.flat(image.cells(step))
        assert places.dtype == np.int64
        np.testing.assert_array_equal(image.range.reshape(-1)[places], image.of_pass(ranges, step).reshape(-1))


def test_of_pass_is_a_view():
    image = RangeImage(np.zeros((16, 90), np.int16), np.zeros((16, 5), np.uint8))
    values = np.zeros((16, 90), int)
    for number, step in enumerate(PASSES):
        image.of_pass(values, step)[...] = number + 1
    assert values.all()


def test_roll_rounds_to_columns():
    """roll = round(shift C / U), halves up: 15 steps of 900 are 1.5 of 90 columns."""
    shift = np.array([0, 10, 14, 15, -10, -14, -15, -16, 449], np.int32)
    assert roll_of(shift, 900, 90).tolist() == [0, 1, 1, 2, -1, -1, -1, -2, 45]


def test_azimuths_are_shifted_firings(rng):
    """As a set, azimuths of laser l = (firings + shift[l]) mod U, in columns near their azimuth."""
    firings = np.sort(rng.choice(900, 90, replace=False)).astype(np.int32)
    shift = np.array([0, 3, -40, 449, -900, 12345], np.int32)
    azimuths = azimuths_of(firings, shift, 900)
    assert azimuths.shape == (6, 90)
    assert azimuths.dtype == np.int32
    for row, by in zip(azimuths, shift, strict=True):
        assert sorted(row.tolist()) == sorted(((firings + by) % 900).tolist())
    even = azimuths_of(np.arange(0, 900, 10, dtype=np.int32), shift[:3], 900)
    assert even[0, :4].tolist() == [0, 10, 20, 30]
    assert even[1, :4].tolist() == [3, 13, 23, 33]
    assert even[2, :4].tolist() == [0, 10, 20, 30]


def test_literal_deviations():
    """In 1/16 column of 10 steps, the short way round, halves up, within +-1024."""
    azimuths = np.zeros((2, 90), np.int32)
    azimuths[0] = np.arange(0, 900, 10)
    azimuths[1] = (np.arange(0, 900, 10) + 5) % 900
    azimuths[0, :4] = 3, 895, 20, 450  # 3 steps beyond; 15 before column 1; none; 42 columns beyond
    found = deviations_of(azimuths, 900)
    assert found.dtype == np.int16
    assert found[0, :5].tolist() == [5, -24, 0, 672, 0]
    assert (found[1] == 8).all()
    far = deviations_of(np.full((1, 400), 200, np.int32), 400)
    assert far.min() == -MAX_DEVIATION
    assert far.max() == MAX_DEVIATION
    assert far[0, 199:202].tolist() == [16, 0, -16]
