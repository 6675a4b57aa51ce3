"""Turns as batches: contexts are what a codec sees; variations are turns of another sensor, cell by cell."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from pcc.datasets.turns import (
    CellBatch,
    TurnBatches,
    TurnRecipe,
    cells_of,
    cut,
    join_cells,
    shade_row_feats,
    turn_of,
    varied,
    whole_turn,
)
from pcc.geometry.interlace import PASSES
from pcc.geometry.range_image import RangeImage
from pcc.ops.lattice_context import Contexts, contexts, reflectance_bytes, reflectance_feats, width_feat
from pcc.ops.lattice_map import positions
from pcc.sensors.bins import RangeBins
from pcc.sensors.scan import row_feats
from tests.lattices import small_turn, turn_in
from tests.sensors.tables import small_table


def uneven_turn():
    """Firing columns at random azimuths."""
    table = small_table()
    rng = np.random.default_rng(1)
    return turn_in(table, np.sort(rng.choice(table.steps, 90, replace=False)).astype(np.int32))


def measured(turn, sign=1):
    """What was measured: (elevation, azimuth step, index, level) of each filled cell, sorted."""
    scan = turn.scan
    laser, column = np.nonzero(scan.index)
    azimuth = sign * scan.azimuths[laser, column] % scan.table.steps
    cells = np.stack([azimuth, scan.index[laser, column], turn.reflectance[laser, column]], 1)
    slopes = scan.table.slope[laser]
    return sorted(map(tuple, np.concatenate([slopes, cells], 1).tolist()))


def assert_same(a: CellBatch, b: CellBatch):
    for field in fields(Contexts):
        np.testing.assert_array_equal(getattr(a.contexts, field.name), getattr(b.contexts, field.name))
    for name in ("target", "bin", "reflectance", "shades"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("group", [1, 8])
def test_contexts_are_a_codecs(group):
    """Pass by pass: those of an image that holds the passes before; of reflectances, one that holds all ranges."""
    turn = small_turn()
    scan, bins = turn.scan, RangeBins(turn.scan.table.range_units, group)
    numbers, feat = bins.numbers(scan.index), width_feat(bins.width)
    feats = row_feats(scan.table, scan.statistics)
    image, full = RangeImage(scan.deviations, feats), RangeImage(scan.deviations, shade_row_feats(turn))
    full.fill(bins.units(numbers))
    shades = np.zeros(image.range.shape, np.uint8)
    for number, (step, batch) in enumerate(zip(PASSES, whole_turn(turn, group), strict=True)):
        places, here = image.flat(image.cells(step)), image.of_pass(numbers, step)
        filled = here.reshape(-1) > 0
        seen = contexts(full, step, feat)
        extra = reflectance_feats(full, shades, step, places[filled], seen.base[filled])
        levels = image.of_pass(turn.reflectance, step)
        want = CellBatch(
            number, contexts(image, step, feat), bins.units(here.reshape(-1)),
            np.full(here.size, bins.width, np.int32), levels.reshape(-1)[filled],
            np.concatenate([seen.feats[filled], extra], 1),
        )  # fmt: skip
        assert batch.step == number
        assert batch.num_points == filled.sum()
        assert_same(batch, want)
        image.put(image.range, step, bins.units(here))
        image.put(shades, step, reflectance_bytes(levels, turn.most))


def test_whole_turns_have_every_cell():
    turn = small_turn()
    batches = whole_turn(turn)
    assert sum(len(batch.target) for batch in batches) == turn.scan.index.size
    assert sum(batch.num_points for batch in batches) == np.count_nonzero(turn.scan.index)
    total = sum(int(batch.reflectance.sum()) for batch in batches)
    assert total == int(turn.reflectance.sum())


@pytest.mark.parametrize("turn", [small_turn(), uneven_turn()], ids=["even", "uneven"])
def test_mirrored_turns(turn):
    """Azimuths change their signs, and nothing else does; twice mirrored is the same turn."""
    mirrored = cut(turn, mirrored=True)
    assert measured(mirrored) == measured(turn, -1)
    assert measured(mirrored) != measured(turn)
    assert (np.diff(mirrored.scan.firings) > 0).all()
    again = cut(mirrored, mirrored=True)
    np.testing.assert_array_equal(again.scan.firings, turn.scan.firings)
    np.testing.assert_array_equal(again.scan.index, turn.scan.index)
    np.testing.assert_array_equal(again.reflectance, turn.reflectance)


@pytest.mark.parametrize("turn", [small_turn(), uneven_turn()], ids=["even", "uneven"])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [(slice(0, None, 2), slice(None)), (slice(3, None, 4), slice(None)), (slice(None), slice(1, None, 2)),
     (slice(1, None, 4), slice(0, None, 2)), (slice(None), slice(None))],
    ids=str,
)  # fmt: skip
def test_thinned_turns(turn, rows, columns):
    """Every second laser or column: what these measured, where they measured it."""
    thin, scan = cut(turn, rows, columns), turn.scan
    lasers = range(scan.table.num_lasers)[rows]
    assert thin.scan.table.num_lasers == len(lasers)
    np.testing.assert_array_equal(thin.scan.firings, scan.firings[columns])
    kept = set(scan.firings[columns].tolist())
    laser, column = np.nonzero(scan.index)
    firing = (scan.azimuths[laser, column] - scan.table.shift[laser]) % scan.table.steps
    inside = [l in lasers and f in kept for l, f in zip(laser, firing.tolist(), strict=True)]
    index, reflectance = np.zeros_like(scan.index), np.zeros_like(turn.reflectance)
    cells = laser[inside], column[inside]
    index[cells], reflectance[cells] = scan.index[cells], turn.reflectance[cells]
    assert measured(thin) == measured(replace(turn, scan=replace(scan, index=index), reflectance=reflectance))
    assert np.abs(thin.scan.deviations).max() < 1024


def test_variations_follow_their_probabilities():
    turn, rng = small_turn(), np.random.default_rng(0)
    never, always = (TurnRecipe(thinned_rows=p, thinned_columns=p) for p in (0.0, 1.0))
    assert varied(turn, never, rng) is turn
    shapes = {varied(turn, always, rng).scan.index.shape for _ in range(20)}
    assert shapes == {(8, 45), (4, 45)}


def test_a_stretch_of_a_pass():
    """About as many cells as asked for, each as among all cells of the pass."""
    turn, rng = small_turn(16, 400), np.random.default_rng(0)
    every = {tuple(row) for row in cells_of(turn, 9).contexts.feats.tolist()}
    for _ in range(5):
        some = cells_of(turn, 9, most=700, rng=rng)
        assert 500 <= len(some.target) <= 700
        assert {tuple(row) for row in some.contexts.feats.tolist()} <= every


@pytest.mark.parametrize(("lasers", "columns"), [(1, 90), (4, 90), (16, 1), (1, 1)])
def test_passes_without_a_cell(lasers, columns):
    """Of sensors with few lasers, thinned ones among them: empty batches, not errors."""
    turn, rng = small_turn(lasers, columns), np.random.default_rng(0)
    sizes = [len(cells_of(turn, step, most=100, rng=rng).target) for step in range(len(PASSES))]
    assert 0 in sizes
    assert sizes[0] > 0


def test_join():
    """Rows one after the other; the pass is the same."""
    parts = [cells_of(small_turn(seed=seed), 9, group=group) for seed, group in ((0, 1), (1, 4))]
    joined = join_cells(parts)
    assert joined.step == 9
    assert joined.num_points == sum(part.num_points for part in parts)
    assert set(joined.bin.tolist()) == {32, 128}
    n = len(parts[0].target)
    for field in fields(Contexts):
        np.testing.assert_array_equal(getattr(joined.contexts, field.name)[:n], getattr(parts[0].contexts, field.name))
        np.testing.assert_array_equal(getattr(joined.contexts, field.name)[n:], getattr(parts[1].contexts, field.name))


def test_batches():
    """Turns and their mirror images; the same generator draws the same; shares choose passes."""
    recipe = TurnRecipe(cells=1000, turns=3, thinned_rows=0.5, thinned_columns=0.5)
    batches = TurnBatches([small_turn(), small_turn(seed=1)], recipe)
    assert len(batches.turns) == 4
    assert len(TurnBatches([small_turn()], replace(recipe, mirrored=False)).turns) == 1
    draws = [batches.sample(np.random.default_rng(3)) for _ in range(2)]
    assert_same(*draws)
    rng = np.random.default_rng(0)
    steps = {batches.sample(rng).step for _ in range(40)}
    assert len(steps) > 5
    last = TurnBatches(batches.turns, replace(recipe, pass_shares=(*[0.0] * 9, 1.0), mirrored=False))
    assert {last.sample(rng).step for _ in range(5)} == {9}
    widths = {int(width) for _ in range(30) for width in last.sample(rng).bin}
    assert 32 in widths
    assert max(widths) > 32


def test_turns_from_files(tmp_path):
    """A frame in metres and hundredths is the turn that it was made of."""
    turn = small_turn()
    scan = turn.scan
    laser, column = np.nonzero(scan.index)
    xyz, _ = positions(
        scan.table.lattice, laser.astype(np.uint8), scan.azimuths[laser, column], 2 * scan.index[laser, column]
    )
    rows = np.concatenate([xyz / 1000, turn.reflectance[laser, column, None] / 100], 1).astype(np.float32)
    (tmp_path / "0.bin").write_bytes(rows.tobytes())
    found = turn_of(tmp_path / "0.bin", scan.table)
    assert found.most == turn.most
    assert measured(found) == measured(turn)
    assert len(found.scan.apart) == 0
