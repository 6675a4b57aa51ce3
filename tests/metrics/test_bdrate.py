"""pcc.metrics.bdrate against curves whose delta is known, and against the package bjontegaard."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pcc.metrics.bdrate import BdDelta, bd_psnr, bd_rate, curve, mean_delta

pytest.importorskip("scipy", reason="the extra eval is not installed")
POINTS = [(0.1, 60.0), (0.2, 64.0), (0.5, 69.0), (0.9, 72.0)]


def scaled(points, factor, db=0.0):
    return curve([(rate * factor, psnr + db) for rate, psnr in points])


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.0, 1.25, 3.0])
def test_a_constant_factor_of_rate(factor):
    delta = bd_rate(curve(POINTS), scaled(POINTS, factor))
    assert delta.value == pytest.approx((factor - 1) * 100)
    assert (delta.low, delta.high, delta.overlap, delta.note) == (60.0, 72.0, 1.0, "")


def test_a_constant_gain():
    delta = bd_psnr(curve(POINTS), scaled(POINTS, 1.0, db=1.5))
    assert delta.value == pytest.approx(1.5)


def test_only_the_overlap_counts():
    """A line in log10(rate): 10 dB a decade. The part above 70 dB is twice as dear, but no other curve reaches it."""
    anchor = curve([(10 ** (psnr / 10), psnr) for psnr in (50.0, 60.0, 70.0)])
    test = curve([(0.5 * 10 ** (psnr / 10), psnr) for psnr in (60.0, 65.0, 70.0, 80.0)])
    delta = bd_rate(anchor, test)
    assert delta.value == pytest.approx(-50)
    assert (delta.low, delta.high) == (60.0, 70.0)
    assert delta.overlap == pytest.approx(1 / 3)
    assert "33%" in delta.note


def test_no_overlap_is_no_number():
    delta = bd_rate(curve(POINTS), scaled(POINTS, 1.0, db=20))
    assert delta.value is None
    assert delta.note.startswith("no overlap: 60.00 to 72.00 and 80.00 to 92.00 dB")
    assert bd_rate(curve(POINTS), curve(POINTS[:1])).value is None


def test_a_curve_does_not_turn_back():
    """Equal PSNR: the cheaper; dearer and worse: out; lossless points: no part of a curve."""
    made = curve([(0.5, 70.0), (0.2, 60.0), (0.4, 70.0), (0.6, 65.0), (1.0, math.inf), (0.3, 66.0)])
    assert (made.rates, made.psnrs) == ((0.2, 0.3, 0.4), (60.0, 66.0, 70.0))
    for bad in [(0.0, 60.0), (-1.0, 60.0), (1.0, math.nan)]:
        with pytest.raises(ValueError, match="positive rate"):
            curve([bad])


def test_means_leave_out_what_has_no_value():
    deltas = [BdDelta(-10.0, 0, 1, 1.0), BdDelta(None, None, None, 0.0, "no overlap"), BdDelta(-30.0, 0, 1, 1.0)]
    assert mean_delta(deltas) == (-20.0, 2, 1)
    assert mean_delta(deltas[1:2]) == (None, 0, 1)


def test_equals_the_package_bjontegaard(rng):
    bjontegaard = pytest.importorskip("bjontegaard", reason="the extra crosscheck is not installed")
    for _ in range(20):
        rates, psnrs = (np.sort(rng.uniform(0.1, 2, (2, 5)), axis=1) for _ in range(2))
        psnrs = 60 + 5 * psnrs
        ours = bd_rate(*(curve(list(zip(r, p, strict=True))) for r, p in zip(rates, psnrs, strict=True)))
        if ours.value is None:
            continue
        theirs = bjontegaard.bd_rate(
            rates[0], psnrs[0], rates[1], psnrs[1], method="pchip", min_overlap=0, require_matching_points=False
        )
        assert ours.value == pytest.approx(theirs, rel=1e-9)
