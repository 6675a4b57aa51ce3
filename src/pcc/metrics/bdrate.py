"""Bjontegaard deltas between two rate-distortion curves: by how much less rate, or how many dB more.

log10(rate) as a function of PSNR (and the reverse for BD-PSNR) is interpolated by PCHIP through the measured points and
integrated over what both curves cover; nothing is extrapolated. That is the method of the AI-PCC common test conditions
and of JCTVC-H0030's piecewise cubic; the cubic fit of VCEG-M33 differs by percentage points. Curves without overlap
have no delta: ``BdDelta.value`` is None, never a number to average.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pcc.extras import install

Axis = Sequence[float] | np.ndarray
MIN_OVERLAP = 0.75  # under it a delta is said to rest on little


@dataclass(frozen=True)
class Curve:
    """The points of one codec on one cloud, by rising PSNR.

    Attributes:
        rates: bits per point (or any rate), above 0.
        psnrs: dB, finite and distinct.
    """

    rates: tuple[float, ...]
    psnrs: tuple[float, ...]


@dataclass(frozen=True)
class BdDelta:
    """A Bjontegaard delta.

    Attributes:
        value: BD-rate in per cent (negative: less rate than the anchor) or BD-PSNR in dB; None without overlap.
        low, high: the interval that was compared: dB for BD-rate, log10(rate) for BD-PSNR; None without overlap.
        overlap: its share of the interval that both curves span together, 0..1.
        note: why there is no value, or why to doubt it; empty if neither.
    """

    value: float | None
    low: float | None
    high: float | None
    overlap: float
    note: str = ""


def curve(points: Iterable[tuple[float, float]]) -> Curve:
    """The curve through (rate, PSNR) points in any order.

    Lossless points (infinite PSNR) are not part of a curve. Of two points of equal PSNR the cheaper counts, and a
    point that costs more than another of higher PSNR is left out, because both would make the curve turn back.

    Raises:
        ValueError: a rate is not positive and finite, or a PSNR is NaN.
    """
    kept: list[tuple[float, float]] = []
    for rate, psnr in sorted(points, key=lambda point: (-point[1], point[0])):
        if not 0 < rate < math.inf or math.isnan(psnr):
            raise ValueError(f"expected a positive rate and a PSNR, got {rate} and {psnr}")
        if math.isfinite(psnr) and (not kept or (psnr < kept[-1][1] and rate < kept[-1][0])):
            kept.append((rate, psnr))
    kept.reverse()
    return Curve(tuple(rate for rate, _ in kept), tuple(psnr for _, psnr in kept))


def bd_rate(anchor: Curve, test: Curve) -> BdDelta:
    """By how many per cent ``test`` needs more rate than ``anchor`` for the same PSNR, on average over the overlap."""
    delta = _delta(anchor.psnrs, np.log10(anchor.rates), test.psnrs, np.log10(test.rates), "dB")
    return delta if delta.value is None else replace(delta, value=(10**delta.value - 1) * 100)


def bd_psnr(anchor: Curve, test: Curve) -> BdDelta:
    """By how many dB ``test`` is better than ``anchor`` at the same rate, on average over the overlap."""
    return _delta(np.log10(anchor.rates), anchor.psnrs, np.log10(test.rates), test.psnrs, "log10(rate)")


def mean_delta(deltas: Iterable[BdDelta]) -> tuple[float | None, int, int]:
    """The arithmetic mean of those that have a value, how many have, and how many have not."""
    deltas = list(deltas)
    values = [delta.value for delta in deltas if delta.value is not None]
    return (sum(values) / len(values) if values else None), len(values), len(deltas) - len(values)


def _delta(x_a: Axis, y_a: Axis, x_b: Axis, y_b: Axis, unit: str) -> BdDelta:
    if min(len(x_a), len(x_b)) < 2:
        return BdDelta(None, None, None, 0.0, "a curve has fewer than two points")
    low, high = max(x_a[0], x_b[0]), min(x_a[-1], x_b[-1])
    if high <= low:
        spans = f"{x_a[0]:.2f} to {x_a[-1]:.2f} and {x_b[0]:.2f} to {x_b[-1]:.2f} {unit}"
        return BdDelta(None, None, None, 0.0, f"no overlap: {spans}")
    overlap = (high - low) / (max(x_a[-1], x_b[-1]) - min(x_a[0], x_b[0]))
    value = (_area(x_b, y_b, low, high) - _area(x_a, y_a, low, high)) / (high - low)
    note = f"the curves share {overlap:.0%} of their span" if overlap < MIN_OVERLAP else ""
    return BdDelta(float(value), float(low), float(high), float(overlap), note)


def _area(x: Axis, y: Axis, low: float, high: float) -> float:
    try:
        from scipy.interpolate import PchipInterpolator
    except ImportError as error:
        raise ImportError(f"Bjontegaard deltas need scipy: {install('eval')}") from error
    return float(PchipInterpolator(x, y).integrate(low, high))
