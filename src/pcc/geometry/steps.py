"""The step that the coordinates of one axis are multiples of, whatever it is: found from the values alone.

    sample --differences--> about the greatest common divisor --least squares--> the step as finely as values tell it
           --numbers that people write, offsets of theirs--> the scale and offset that restore most values bit for bit

LAS readers give whole number * scale + offset in float64, depth cameras multiples of a sensor's unit, others inches or
degrees. Values carry the rounding of their dtype, so a divisor is one up to some units in the last place. What is not
restored by the best scale is off by a unit or two, and `pcc.codec.exact` codes that.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from pcc.geometry.grid import MAX_INDEX, Axis

_SAMPLE = 4096
_LEAST_STEP = 16  # units in the last place: finer ones tell nothing that the values' own grid does not
_ROUNDS = 200  # of the search for a divisor; each makes it smaller by half at least, but for noise
_SURE = 0.05  # of a step: what an index may be wrong by through the step's own error
_MOST_ERROR = 0.2  # of a divisor
_MOST_MISSED = 0.75  # share of the values that a scale may fail to restore to the bit
_MOST_DIGITS = 15
_MOST_RATIO = 10_000  # denominators of steps that are fractions: a foot of the survey is 1200 / 3937 m
_TINY = 1e-12
_LEAST, _MOST = 1e-290, 1e290  # of steps in float64, and in float32: no overflow anywhere
_LEAST_SINGLE, _MOST_SINGLE = 1e-37, 1e37
_SINGLES = 8  # float32 steps on either side that programs in single precision may have had
_DECIMALS = [float(f"1e{k}") for k in range(3, -10, -1)]


@np.errstate(over="ignore", invalid="ignore")
def recognise_axis(values: np.ndarray) -> Axis | None:
    """Scale and offset of which ``values`` (N,) float32 or float64, finite, are multiples up to a few roundings."""
    part = values[:: max(1, len(values) // _SAMPLE)]
    sample = np.unique(np.append(part, values.min(initial=np.inf))).astype(np.float64) if len(values) else part
    if len(sample) < 2:
        return Axis(1.0, 1.0, float(sample[0])) if len(sample) and (values == values[0]).all() else None
    rounding = float(np.spacing(np.abs(sample).max().astype(values.dtype)))
    if not sample[-1] - sample[0] < np.inf:
        return None
    for find in (_divisor, _decimal):
        step = find(sample, rounding)
        axis = None if step is None else _best_axis(part, sample, step, rounding)
        if axis is not None:
            return axis
    return None


def _best_axis(part: np.ndarray, ordered: np.ndarray, step: float, rounding: float) -> Axis | None:
    """The candidate near a step that misses the fewest of the values ``part``; None where it misses most."""
    step, error = _refined(ordered, step, rounding)
    best, fewest = None, len(part) * _MOST_MISSED
    for axis in _candidates(ordered, step, error, rounding) if _LEAST < step < _MOST else ():
        missed = count_missed(part, axis)
        if missed < fewest:
            best, fewest = axis, missed
        if missed == 0:
            break
    return best


def count_missed(values: np.ndarray, axis: Axis) -> int:
    """How many of the values (N,) the axis does not restore, zero without its sign."""
    index = axis.indices(values)
    if not np.abs(index).max(initial=0) < MAX_INDEX:
        return len(values)
    return int(np.count_nonzero(axis.values(index, values.dtype) != values))


def _divisor(ordered: np.ndarray, rounding: float) -> float | None:
    """About the largest number of which all differences of ``ordered`` (N,) are multiples, but for roundings.

    Euclid's algorithm on numbers with an error: differences that are too long for the divisor's own error wait.
    """
    gaps = np.diff(ordered)
    gaps = np.unique(gaps[gaps > 2 * rounding])
    if not len(gaps):
        return None
    divisor, error = float(gaps[0]), 2 * rounding
    for _ in range(_ROUNDS):
        if divisor < _LEAST_STEP * rounding or error > _MOST_ERROR * divisor:
            return None
        near = gaps[: max(int(np.searchsorted(gaps, _SURE * divisor * divisor / error)), 1)]
        times = np.rint(near / divisor)
        rest = np.abs(near - times * divisor)
        left = np.flatnonzero(rest > 2 * rounding + times * error)
        if not len(left):
            return divisor
        least = left[np.argmin(rest[left])]
        divisor, error = float(rest[least]), 2 * rounding + float(times[least]) * error
    return None


def _decimal(ordered: np.ndarray, rounding: float) -> float | None:
    """The largest power of ten of which all differences are multiples: for values too far apart for a divisor."""
    away = ordered - ordered[0]
    for step in _DECIMALS:
        if step < _LEAST_STEP * rounding:
            return None
        if np.abs(away - np.rint(away / step) * step).max() <= 3 * rounding:
            return step
    return None


def _refined(ordered: np.ndarray, step: float, rounding: float) -> tuple[float, float]:
    """The step by least squares over more and more of the values, and about its largest error."""
    away, index, reach = ordered - ordered[0], np.zeros(1), 16 * step
    while index[-1] < 1 or len(index) < len(away):
        near = away[: max(int(np.searchsorted(away, reach, side="right")), 2)]
        index = np.rint(near / step)
        if index[-1] < 1:
            break
        step = float((index * near).sum() / (index * index).sum())
        reach = max(_SURE * step * float(index[-1]) * step / (2 * rounding), 2 * reach)
    return step, 2 * rounding / max(float(index[-1]), 1.0)


def _candidates(ordered: np.ndarray, step: float, error: float, rounding: float) -> Iterator[Axis]:
    """Scales that people write, with offsets of theirs, that are as near as the values tell; the likeliest first."""
    for num, den in _scales(step, error):
        for offset in _offsets(ordered, num / den, rounding):
            yield Axis(num, den, offset)
    low = float(ordered[0])
    if np.float32(low) == low and _LEAST_SINGLE < step < _MOST_SINGLE:
        near = np.float32(step)
        for _ in range(_SINGLES):
            near = np.nextafter(near, np.float32(0))
        for _ in range(2 * _SINGLES):
            near = np.nextafter(near, np.float32(np.inf))
            yield Axis(float(near), 1.0, low, single=True)
            yield Axis(float(near), 1.0, single=True)


def _scales(step: float, error: float) -> Iterator[tuple[float, float]]:
    """Numerators and denominators."""
    within = 2 * error + 4 * np.spacing(step)
    inverse = round(1 / step) if step > _TINY else 0
    if 1 <= inverse < 1 << 40 and abs(1 / inverse - step) <= within:
        yield 1.0, float(inverse)
    digits = next((d for d in range(_MOST_DIGITS) if abs(float(f"{step:.{d}e}") - step) <= within), None)
    if digits is not None:
        decimal = float(f"{step:.{digits}e}")
        yield decimal, 1.0
        mantissa, exponent = f"{step:.{digits}e}".split("e")
        power = digits - int(exponent)
        if 0 < power <= 22:
            yield float(mantissa.replace(".", "")), 10.0**power
        single = float(np.float32(decimal)) if _LEAST_SINGLE < decimal < _MOST_SINGLE else decimal
        if single != decimal:
            yield single, 1.0
    ratio = Fraction(step).limit_denominator(_MOST_RATIO) if step > _TINY else Fraction(0)
    if ratio and abs(float(ratio) - step) <= within:
        yield float(ratio), 1.0
    yield step, 1.0


def _offsets(ordered: np.ndarray, step: float, rounding: float) -> list[float]:
    """Numbers that differ from the values by multiples of the step; 0 first, then round ones, then the values' own."""
    low, middle = float(ordered[0]), float(ordered[len(ordered) // 2])
    rest = low - np.rint(low / step) * step
    found = []
    if abs(rest) <= max(4 * rounding, 1e-6 * step) + abs(low) * 1e-14:
        found.append(0.0)
        powers = [10.0**k for k in range(7)]
        found += [np.floor(end / power) * power for power in powers for end in (low, float(ordered[-1]))]
    digits = next((d for d in range(_MOST_DIGITS) if abs(round(rest, d) - rest) <= 4 * rounding), _MOST_DIGITS)
    found += [round(rest, digits), low, middle, low - step * np.rint(low / step)]
    return [float(offset) for offset in dict.fromkeys(found)]
