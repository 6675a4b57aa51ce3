"""The periods of a spinning LiDAR: azimuth steps in a turn, the range step, and where each laser's lattice begins.

Places on a lattice of the period p have |mean exp(2 pi i place / p)| = 1, others about 1 / sqrt(N); rounding by a noise
of the standard deviation s lowers it to exp(-(2 pi s / p)^2 / 2), which is known and taken into account. The steps are
told from *differences* between points of one laser that are at nearly one radius (azimuth) or near each other (range),
in which what is not known yet cancels; they are common to all lasers. Each laser's own numbers follow by `tilt`.
"""

from __future__ import annotations

import numpy as np

from pcc.errors import InvalidSensor
from pcc.sensors.points import ROUNDING

MAX_ASIDE = 120.0  # mm from a laser's line to the axis
_RANGE_STEPS = np.arange(64, 1, -1)  # quarters of a millimetre
_MIN_STEPS, _MAX_STEPS = 180, 1 << 17
_TURN_BINS = 1 << 19
_MAX_GAP = 5e-7  # 1/mm between the inverse radii of a pair
_LAGS = (1, 2, 3, 5, 8, 13)
_ENOUGH = 0.8  # of the best coherence, relative to what the noise leaves
_PRESENT = 0.4
_SIGMAS = 8.0
_MIN_PAIRS = 64
_FINE = 8  # bins and frequencies of `tilt` a period


def azimuth_candidates(laser: np.ndarray, radius: np.ndarray, azimuth: np.ndarray, noise: float) -> np.ndarray:
    """Numbers of steps in a turn by which azimuths of points at nearly one radius differ, rising, (K,) int64.

    The sensor's own is the smallest of them that also tells the columns, which are nearly regular, from the steps
    (`pcc.sensors.aim`).

    Args:
        laser: (N,) int64; radius: (N,) float64 mm; azimuth: (N,) float64 radians.
        noise: standard deviation of a coordinate in mm.

    Raises:
        InvalidSensor: the azimuths have no common step.
    """
    first, second = _pairs(laser, radius)
    turn = (azimuth[first] - azimuth[second]) / (2 * np.pi) % 1.0
    kept = np.abs(1 / radius[first] - 1 / radius[second]) < _MAX_GAP
    kept &= np.abs(turn - 0.5) < 0.49  # neighbours in azimuth are alike at any small number of steps
    first, second, turn = first[kept], second[kept], turn[kept]
    weight = np.minimum(radius[first], 30e3) ** 2
    sigma = noise * np.hypot(1 / radius[first], 1 / radius[second])
    density = np.bincount((turn * _TURN_BINS).astype(np.int64), weight, _TURN_BINS)
    number = np.arange(_MAX_STEPS + 1)
    middle = np.exp(-1j * np.pi * number / _TURN_BINS) / np.sinc(number / _TURN_BINS)  # of a bin, and for its width
    measured = (np.fft.rfft(density)[: _MAX_STEPS + 1] * middle).real
    measured[:_MIN_STEPS] = 0
    return number[_coherent(measured, number, sigma, weight, "azimuths")]


def range_step(laser: np.ndarray, distance: np.ndarray, noise: float) -> int:
    """The largest step in quarters of a millimetre by multiples of which distances within a laser differ.

    Steps of a millimetre or less do not show through rounding to 1 mm: where nothing shows, it is taken for 1 mm.

    Args:
        distance: (N,) float64 mm along the laser.

    Raises:
        InvalidSensor: there is none, though nothing was rounded.
    """
    first, second = _pairs(laser, distance)
    gap = np.abs(distance[first] - distance[second])
    gap = gap[(gap > 20) & (gap < 400)]
    frequency = 2 * np.pi * 4 / _RANGE_STEPS
    density = np.bincount((gap * 64).astype(np.int64))
    middle = (np.arange(len(density)) + 0.5) / 64
    measured = np.cos(frequency[:, None] * middle) @ density
    sigma = np.full(len(gap), noise * np.sqrt(2))
    try:
        return int(_RANGE_STEPS[_coherent(measured, frequency, sigma, np.ones(len(gap)), "ranges")[0]])
    except InvalidSensor:
        if noise < ROUNDING:
            raise
        return 4


def tilt(phase: np.ndarray, x: np.ndarray, weight: np.ndarray, most: float) -> tuple[float, float]:
    """The k in -most .. most for which ``phase - k x`` is nearest to one angle, and that angle.

    Args:
        phase: (N,) float64 radians; x: (N,) float64, any unit; weight: (N,) float64.
    """
    start = float(x.min())
    width = 2 * np.pi / (most * 2 * _FINE)
    bins = ((x - start) / width).astype(np.int64)
    num = int(bins.max()) + 1
    length = max(1 << int(np.ceil(np.log2(num * _FINE))), 4 * _FINE)
    vector = weight * np.exp(1j * phase)
    density = np.bincount(bins, vector.real, num) + 1j * np.bincount(bins, vector.imag, num)
    k = 2 * np.pi * np.fft.fftfreq(length) / width
    size = np.where(np.abs(k) <= most, np.abs(np.fft.fft(density, length)), -1.0)
    best = k[int(size.argmax())]
    total = (vector * np.exp(-1j * best * x)).sum()
    return float(best), float(np.angle(total))


def _pairs(laser: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of points of one laser that are near each other among its sorted ``values``."""
    order = np.lexsort((values, laser))
    first = np.concatenate([order[lag:] for lag in _LAGS])
    second = np.concatenate([order[:-lag] for lag in _LAGS])
    same = laser[first] == laser[second]
    return first[same], second[same]


def _coherent(
    measured: np.ndarray, frequency: np.ndarray, sigma: np.ndarray, weight: np.ndarray, what: str
) -> np.ndarray:
    """The frequencies, by number, at which the sum of cosines is about what noise leaves of full coherence.

    Args:
        measured: (F,) sums of the weighted cosines; frequency: (F,) radians a unit.
        sigma, weight: (P,) of each difference, in that unit.
    """
    if len(sigma) < _MIN_PAIRS:
        raise InvalidSensor(f"no spinning LiDAR: {len(sigma)} pairs of points are too few to tell the step of {what}")
    expected = _left_by_noise(frequency, sigma, weight)
    floor = _SIGMAS * np.sqrt((weight**2).sum() / 2)
    ratio = np.where(expected > floor, measured / np.maximum(expected, floor), 0)
    if ratio.max() < _PRESENT:
        raise InvalidSensor(f"no spinning LiDAR: the {what} have no common step (coherence {ratio.max():.2f})")
    return np.flatnonzero(ratio >= _ENOUGH * ratio.max())


def _left_by_noise(frequency: np.ndarray, sigma: np.ndarray, weight: np.ndarray, groups: int = 24) -> np.ndarray:
    """(F,) sums of ``weight exp(-(frequency sigma)^2 / 2)``, with the sigmas in groups."""
    order = np.argsort(sigma)
    parts = [part for part in np.array_split(order, groups) if len(part)]
    return sum(
        (weight[part].sum() * np.exp(-((frequency * sigma[part].mean()) ** 2) / 2) for part in parts),
        np.zeros(len(frequency)),
    )
