"""Scales and offsets of axes, found from values as programs write them; none where there is none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pcc.geometry.grid import Axis
from pcc.geometry.steps import count_missed, recognise_axis

K = np.random.default_rng(0).integers(0, 100_000, 5000)
SINGLE = np.float32(0.0187)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ((K + 63_700_000) * 0.01, 0.01),  # LAS without an offset
        (K * 0.001 + 600_000.0, 0.001),
        (K * 1e-7 - 112.0, 1e-7),  # degrees
        (K * 0.0254, 0.0254),  # inches
        (K * (1200 / 3937), 1200 / 3937),  # feet of the US survey
        (K * 4.656612873e-7 + 637_000.0, 4.656612873e-7),  # a scale that a program chose
        ((K - 50_000) * 0.002, 0.002),
        (((K - 50_000) * 0.002).astype(np.float32), 0.002),
        (np.float32(0.001) * (K - 50_000).astype(np.float32), float(np.float32(0.001))),
        (K * 25.0, 25.0),
        (np.array([3, 17, 99, 1042]) * 0.01 + 5, 0.01),
        (K * 1e-20, 1e-20),
        (np.random.default_rng(1).integers(0, 10**10, 3000) * 0.001, 0.001),  # too far apart for a common divisor
    ],
)
def test_scales_that_programs_use(values, step):
    """Restored to the bit, but for what a sum of two roundings costs."""
    axis = recognise_axis(values)
    assert axis is not None
    assert axis.step == pytest.approx(step, rel=1e-9)
    assert count_missed(values, axis) == 0


def test_scales_of_programs_in_single_precision():
    """min + index * step in float32, as Draco decodes: found to the bit."""
    values = K[:3000].astype(np.float32) % np.float32(2048) * SINGLE + np.float32(-13.96)
    axis = recognise_axis(values)
    assert axis is not None
    assert axis.single
    assert count_missed(values, axis) == 0


def test_other_offsets_miss_few():
    """An offset that no one can guess leaves units in the last place, which are coded beside the grid."""
    values = K * 0.001 + 635_619.85
    axis = recognise_axis(values)
    assert axis is not None
    assert axis.step == pytest.approx(0.001, rel=1e-9)
    index = axis.indices(values)
    assert np.abs(axis.values(index, values.dtype) - values).max() <= 2 * np.spacing(values.max())
    assert count_missed(values, axis) < len(values) / 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_scale_is_made_up(rng, dtype):
    assert recognise_axis((rng.random(5000) * 100).astype(dtype)) is None
    assert recognise_axis(rng.normal(size=5000).astype(dtype)) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_degenerate_values(dtype):
    assert recognise_axis(np.zeros(0, dtype)) is None
    assert recognise_axis(np.full(9, 7.25, dtype)) == Axis(1.0, 1.0, 7.25)
    tiny, huge = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in ([0, tiny, 2 * tiny], [huge, -huge], [0, huge], [tiny, huge], [1, huge]):
            axis = recognise_axis(np.array(values, dtype))
            assert axis is None or axis.step > 0
