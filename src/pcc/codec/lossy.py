"""Searches for the operating point that meets a target, by the real coder (`pcc.codec.operating_points`)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pcc.codec.operating_points import Coded, PointCoder
from pcc.geometry.near import d1, psnr

CLOSE, CLOSE_DB = 0.01, 0.05  # of the bytes, and of the decibels: a search ends where no more than so much is left
GUESSES = 6  # that start from the usual rates and decibels; then the search halves what is left
# of people in 10 bits, where a search starts: quality, bits a point, D1
USUAL = np.array([
    (0, 0.0037, 56.7), (5, 0.0049, 58.4), (10, 0.0067, 60.2), (15, 0.0084, 61.7), (20, 0.0098, 62.6),
    (25, 0.0115, 63.5), (30, 0.0159, 65.3), (35, 0.0229, 67.2), (40, 0.0283, 68.5), (45, 0.033, 69.0),
    (50, 0.0394, 69.9), (55, 0.0525, 71.5), (60, 0.0735, 72.8), (65, 0.0911, 73.6), (70, 0.1075, 74.0),
    (75, 0.134, 74.7), (77.5, 0.162, 76.0), (80, 0.2165, 77.5), (85, 0.328, 80.4), (90, 0.439, 85.3),
    (95, 0.504, 96.2), (99.9, 0.515, 107),
])  # fmt: skip


def finest_within(coder: PointCoder, num_bytes: int) -> Coded | None:
    """The last point whose chunk takes no more bytes, or one that leaves hardly any; None: all take more."""
    usual = _usual(coder, np.log2(len(coder.voxels) / 8 * USUAL[:, 1]))
    limit = math.log2(max(num_bytes, 1))
    above = _search(lambda point: math.log2(coder.frontier_bytes(point)), limit, math.log2(1 - CLOSE), usual)
    for point in range(above - 1, -1, -1):  # what the frontier takes is known but for some bytes
        coded = coder.at(point)
        if coded.num_bytes <= num_bytes:
            return coded
    return None


def coarsest_reaching(coder: PointCoder, decibels: float, peak: float) -> Coded | None:
    """The first point whose D1 reaches so many decibels, or one that is hardly better; None: none does."""
    voxels, usual = coder.voxels, _usual(coder, USUAL[:, 2] + 20 * math.log10(peak / 1023))
    reached = _search(
        lambda point: psnr(d1(voxels.codes, coder.at(point).octree.codes), peak), decibels, CLOSE_DB, usual
    )
    return None if reached == coder.num_points else coder.at(reached)


def _usual(coder: PointCoder, values: np.ndarray) -> np.ndarray:
    """(points,) usual values at the points, by those at the qualities of `USUAL`."""
    points = [coder.point_of(quality) for quality in USUAL[:, 0]]
    return np.interp(np.arange(coder.num_points), points, values)


def _search(value: Callable[[int], float], wanted: float, close: float, usual: np.ndarray) -> int:
    """About the first point whose value, which rises, reaches what is wanted; the number of points: none does.

    Args:
        close: ends the search at a value that is no more than so much above what is wanted; where it is below 0, at one
            that is no more than that below, with the point after it.
        usual: (points,) values that differ from the real ones by about the same everywhere.
    """
    low, end, offset, guesses = 0, len(usual), 0.0, 0
    while low < end:
        guess = int(np.searchsorted(usual, wanted - offset)) if guesses < GUESSES else (low + end) // 2
        point = min(max(guess - (close < 0), low), end - 1)
        found = value(point)
        offset, guesses = found - usual[point], guesses + 1
        if found >= wanted:
            end = point
            if close > 0 and found <= wanted + close:
                return end
        else:
            low = point + 1
            if close < 0 and found >= wanted + close:
                return low
    return end
