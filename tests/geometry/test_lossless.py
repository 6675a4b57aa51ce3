"""The grid of a cloud that is to lose nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.geometry.lossless import has_negative_zero, narrowed, own_grid, strays, too_wide

FLAT = np.round(np.random.default_rng(3).random((400, 3)) * 30, 3)
FREE = np.random.default_rng(4).random((400, 3)) * 30


def test_known_grids_restore_all():
    own = own_grid(FLAT)
    assert own.restores
    assert (own.grid.num, own.grid.den, own.grid.axes) == (1.0, 1000.0, None)
    integers = own_grid(np.array([[0, 0, 0], [2**40, 5, 7]]))
    assert integers.restores
    assert integers.grid.is_integer
    assert too_wide(np.array([[0, 0, 0], [2**40, 5, 7]]), integers.grid)


def test_each_axis_has_its_own():
    values = np.stack([FLAT[:, 0] * 2.54, np.full(400, 7.3), FREE[:, 2]], 1)
    own = own_grid(values)
    assert not own.restores
    x, y, z = own.grid.axes
    assert x.step == pytest.approx(0.00254)
    assert (y.num, y.offset) == (1.0, 7.3)
    assert z.step == 2.0 ** round(np.log2(z.step))  # no grid: a power of two, near the others'
    assert 0.5 < z.step / x.step < 2


def test_floats_on_no_grid_get_voxels_somewhat_finer_than_they_are_apart():
    (step,) = {axis.step for axis in own_grid(FREE).grid.axes}
    assert step == 2.0**-5  # 30 m in 2^10 voxels: 9 bits of 400 points halved, and 5 levels
    assert not own_grid(FREE).restores


def test_doubles_that_are_single():
    own = own_grid(FREE.astype(np.float32).astype(np.float64))
    assert own.values.dtype == np.float32
    assert own.grid.dtype == np.float64
    assert narrowed(FREE).dtype == np.float64


def test_negative_zeros_are_not_restored():
    xyz = FLAT.copy()
    xyz[3, 1] = -0.0
    assert has_negative_zero(xyz)
    assert not own_grid(xyz).restores
    assert not has_negative_zero(FLAT)


def test_strays():
    """Few points, many times as far from the others as these are wide."""
    assert not strays(FREE).any()
    far = np.concatenate([FREE, [[3000.0, 0, 0], [0, 1e300, 0]]])
    np.testing.assert_array_equal(np.flatnonzero(strays(far)), [400, 401])
    halves = np.concatenate([FREE, FREE + 1e6])
    assert not strays(halves).any()
    assert not strays(np.zeros((5, 3))).any()
