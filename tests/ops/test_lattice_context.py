"""contexts = contexts_reference, bit for bit, of every pass; the tables = their formulas with 60 digits."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pcc import _ext
from pcc.geometry.interlace import COLUMN_MARGIN, PASSES, ROW_MARGIN
from pcc.geometry.range_image import RangeImage
from pcc.ops import lattice_context as op
from pcc.ops.lattice_context import MOST_RANGE
from pcc.ops.lattice_net import spread_reference
from tests.lattices import random_image

TABLES = Path(__file__).resolve().parent.parent.parent / "cuda_ext" / "lattice_context" / "tables.h"
LAST = PASSES[-1]


def assert_equal(found, want):
    for field in fields(op.Contexts):
        a, b = (getattr(contexts, field.name) for contexts in (found, want))
        assert a.dtype == b.dtype, field.name
        np.testing.assert_array_equal(a, b, field.name)


@pytest.mark.parametrize("step", PASSES, ids=lambda step: step.name)
@pytest.mark.parametrize(("rows", "columns"), [(16, 90), (9, 130), (64, 40)], ids=str)
def test_equals_reference(rng, step, rows, columns):
    image = random_image(rng, rows, columns)
    found = op.contexts(image, step, 77)
    assert len(found.feats) == np.prod(step.shape(rows, columns))
    assert found.feats.shape[1] == op.num_feats(step, 5)
    assert found.guesses.shape[1] == op.num_guesses(step)
    assert_equal(found, op.contexts_reference(image, step, 77))


@pytest.mark.parametrize("step", PASSES, ids=lambda step: step.name)
@pytest.mark.parametrize(("rows", "columns", "row_feats"), [(1, 1, 5), (1, 40, 0), (3, 7, 1), (8, 1, 9)], ids=str)
def test_images_smaller_than_a_step(rng, step, rows, columns, row_feats):
    """Passes without a cell, too, and other features of rows."""
    image = random_image(rng, rows, columns, row_feats)
    assert_equal(op.contexts(image, step, 255), op.contexts_reference(image, step, 255))


@pytest.mark.parametrize("fill", [0, 1, MOST_RANGE])
def test_all_alike(fill):
    """Nothing is known; and the ends of what ranges there are."""
    image = RangeImage(np.full((16, 90), -1024, np.int16), np.zeros((16, 5), np.uint8))
    image.fill(np.full((16, 90), fill, np.int32))
    for step in PASSES:
        assert_equal(op.contexts(image, step, 0), op.contexts_reference(image, step, 0))


def test_ends_beside_each_other(rng):
    """Differences of +-(2^24 - 2), lines far beyond both ends."""
    image = RangeImage(np.zeros((16, 90), np.int16), np.zeros((16, 5), np.uint8))
    image.fill(rng.choice([0, 1, MOST_RANGE], (16, 90)).astype(np.int32))
    for step in PASSES:
        found = op.contexts(image, step, 0)
        assert_equal(found, op.contexts_reference(image, step, 0))
        assert found.guesses.min() >= 1
        assert found.guesses.max() == MOST_RANGE


def test_literal_cell():
    """Row 0, column 1 of the last pass: 1000 and 1500 beside it, 3000 three columns to the left."""
    ranges = np.zeros((4, 90), np.int32)
    ranges[0, 0], ranges[0, 2], ranges[0, 88] = 1000, 1500, 3000
    deviation = np.zeros((4, 90), np.int16)
    deviation[0, :3] = 30, 10, -200
    image = RangeImage(deviation, np.arange(20, dtype=np.uint8).reshape(4, 5))
    image.fill(ranges)
    seen = op.contexts(image, LAST, 9, (ROW_MARGIN, 1, 1, COLUMN_MARGIN + 1, 2, 1))
    n = len(LAST.neighbours)
    assert seen.base.tolist() == [1250]
    assert seen.differences[0, :4].tolist() == [-250, 250, 1750, 0]
    assert not seen.differences[0, 4:].any()
    # both beside, two of the rows before and after (unknown: base), harmonic mean, lines 1000 - 1000 -> 1, unknown
    assert seen.guesses.tolist() == [[1000, 1500, 1250, 1250, 1200, 1, 1250]]
    feats = seen.feats[0]
    # 20 asinh(m / 128): 250 + 64 = 314 in steps of 8 from 312, m = 251.5; 1750: m = 1759.5
    assert feats[:4].tolist() == [128 - 29, 128 + 29, 128 + 66, 128]
    assert feats[n : n + 4].tolist() == [255, 255, 255, 0]
    assert feats[2 * n : 2 * n + 6].tolist() == [148, 1, 128, 128, 128, 128]  # 20; -210, clamped; unknown
    assert feats[-10:-7].tolist() == [128 - 8, 128 - 60, 128]  # -50: m = 50.5; -1249: m = 1263.5
    assert feats[-7:].tolist() == [3, 9, 0, 1, 2, 3, 4]  # 1250 = 2^10 * 19.5 / 16


def test_some_cells(rng):
    """A stretch of a pass's cells has the rows of all cells that belong to it."""
    image = random_image(rng, 16, 90)
    first_row, row_step, rows, first_column, column_step, columns = image.cells(LAST)
    some = op.contexts(image, LAST, 3, (first_row + 2 * row_step, row_step, 5, first_column + 7 * column_step, 2, 20))
    every = op.contexts(image, LAST, 3)
    for field in fields(op.Contexts):
        whole = getattr(every, field.name).reshape(rows, columns, -1)[2:7, 7:27]
        np.testing.assert_array_equal(getattr(some, field.name).reshape(whole.shape), whole)


@pytest.mark.parametrize(
    "cells",
    [(0, 1, 1, 160, 1, 1), (-1, 1, 1, 160, 1, 1), (24, 1, 41, 160, 1, 1), (24, 1, 1, 160, 1, 251),
     (24, 0, 2, 160, 1, 1), (24, 1, 2, 160, 0, 1), (63, 1, 1, 160, 1, 1),
     (24, 1, 1 << 40, 160, 1, 1 << 40)],
    ids=str,
)  # fmt: skip
def test_cells_out_of_reach(rng, cells):
    """Where the cell or a neighbour lies outside of the image."""
    with pytest.raises(ValueError, match="cells"):
        context_of(rng, cells)


def test_a_pass_is_six_numbers(rng):
    with pytest.raises(TypeError):
        context_of(rng, (24, 1, 1))


def context_of(rng: np.random.Generator, cells: tuple[int, ...]) -> None:
    image = random_image(rng, 16, 90)
    arrays = (
        np.empty((1, 60), np.uint8),
        np.empty((1, 18), np.int16),
        np.empty(1, np.int32),
        np.empty((1, 7), np.int32),
    )
    around = op.surroundings(PASSES[1], image.range.shape[1])
    _ext.lattice_context(around, image.range, image.deviation, image.row_feats, list(cells), 0, *arrays)


@pytest.mark.parametrize("seed", range(3))
def test_reflectance_feats(seed):
    """By their definition, cell by cell."""
    rng = np.random.default_rng(seed)
    image = random_image(rng, 16, 90)
    shades = image.padded(rng.integers(0, 256, (16, 90)).astype(np.uint8))
    for step in PASSES[1::4]:
        places = image.flat(image.cells(step))
        places = places[image.range.reshape(-1)[places] > 0]
        base = rng.integers(1, MOST_RANGE, len(places)).astype(np.int32)
        found = op.reflectance_feats(image, shades, step, places, base)
        assert found.dtype == np.uint8
        for feats, place, b in list(zip(found, places, base, strict=True))[:30]:
            row, column = divmod(int(place), image.range.shape[1])
            own = int(image.range[row, column])
            beside = [int(image.range[row + down, column + right]) for down, right in op.NEXT_TO]
            bends = [op.compand_reference(np.array([v - own if v else 0]))[0] for v in beside]
            shown = [shades[row + down, column + right] for down, right in step.neighbours]
            assert feats.tolist() == [op.compand_reference(np.array([own - int(b)]))[0], *shown, *bends]


def test_reflectance_bytes():
    """Shares of 255, rounded down; the largest level is 255."""
    assert op.reflectance_bytes(np.array([0, 1, 50, 99], np.uint8), 99).tolist() == [0, 2, 128, 255]
    assert op.reflectance_bytes(np.array([0, 1], np.uint8), 1).tolist() == [0, 255]
    assert op.reflectance_bytes(np.array([127, 126], np.uint8), 127).tolist() == [255, 252]


def test_width_feat_rises():
    """16 log2(width), in steps of 1/16 octave; 2 mm are 32 units."""
    assert [op.width_feat(width) for width in (1, 2, 3, 32, 48, 1 << 15, (1 << 16) - 1, 1 << 30)] == [
        0, 16, 24, 80, 88, 240, 255, 255,
    ]  # fmt: skip
    feats = [op.width_feat(width) for width in range(1, 5000)]
    assert all(a <= b for a, b in pairwise(feats))


def test_compand_literals():
    """20 asinh(d / 128), odd, in 1..255."""
    d = np.array([0, 1, -1, 128, -128, 12800, 1 << 24, -(1 << 24)])
    assert op.compand_reference(d).tolist() == [128, 128, 128, 146, 110, 234, 255, 1]


def table(name):
    body = TABLES.read_text().split(f"{name}[", 1)[1].split("{", 1)[1].split("}", 1)[0]
    return [int(value) for value in re.findall(r"\d+", body)]


def asinh(x):
    return (x + (x * x + 1).sqrt()).ln()


def rounded(exact, margin):
    """To the nearest integer, when none is within ``margin`` of a half."""
    assert min(abs(value % 1 - Decimal("0.5")) for value in exact) > Decimal(margin)
    return [int(value.to_integral_value()) for value in exact]


def test_the_compand_table_recomputed():
    """T = round(20 asinh(m / 128)), at most 127, and none within 1/10000 of a half; numpy's reference has the same."""
    with localcontext() as context:
        context.prec = 60
        exact = []
        for octave in range(6, 25):
            for low in range(32 << octave - 5, 64 << octave - 5, 1 << octave - 5):
                middle = low + Decimal((1 << octave - 5) - 1) / 2 - 64
                exact.append(20 * asinh(middle / 128))
        want = [min(value, 127) for value in rounded(exact, "0.0001")]
    assert table("kCompand") == want
    edges = np.array([(32 + k << octave - 5) - 64 for octave in range(6, 25) for k in range(32)])
    assert (np.abs(op.compand_reference(edges[1:]) - 128)).tolist() == want[1:]


def test_the_spread_table_recomputed():
    """round(128 sinh(i / 320)), none within 1/20000 of a half; numpy's reference has the same."""
    with localcontext() as context:
        context.prec = 60
        powers = [(Decimal(i) / 320).exp() for i in range(3585)]
        want = rounded([64 * (power - 1 / power) for power in powers], "0.00005")
    assert table("kSpread") == want
    assert spread_reference(np.arange(3585)).tolist() == want
    assert spread_reference(-np.arange(3585)).tolist() == [-value for value in want]
