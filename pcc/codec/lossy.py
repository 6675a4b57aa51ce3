"""Lossy positions of dense clouds: how much of the octree is coded for a rate, a quality or a number of decibels.

    quality 100: all levels whole | 75: the last one inferred, none of it coded | 50: the last two | 25: three | 0: four

Between these the coarsest of the inferred levels is coded in part. One number, the operating point
(`pcc.codec.operating_points`), goes through all of it; targets are met by search with the real coder.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pcc.codec.operating_points import Coded, PointCoder
from pcc.codec.target import Target
from pcc.errors import InvalidCloud
from pcc.geometry.near import d1
from pcc.geometry.voxels import Voxels
from pcc.inference.program import Program

CLOSE_BPP, CLOSE_DB = 0.01, 0.03  # of the target: a search ends where it is met and no more than so much is left
GUESSES = 6  # that start from the usual rates and decibels; then the search halves what is left
# of people in 10 bits, where a search starts: quality, bits a point, D1
USUAL = np.array([
    (0, 0.0037, 55.8), (5, 0.005, 57.7), (10, 0.0067, 59.6), (15, 0.0086, 61.2), (20, 0.0104, 62.2), (25, 0.0116, 62.7),
    (30, 0.0166, 64.9), (35, 0.0237, 66.8), (40, 0.0293, 67.8), (45, 0.0349, 68.6), (50, 0.0395, 69.7),
    (55, 0.0531, 71.5), (60, 0.0744, 72.7), (65, 0.092, 73.4), (70, 0.11, 73.9), (75, 0.134, 74.6),
    (77.5, 0.163, 76.0), (80, 0.218, 77.5), (85, 0.331, 80.6), (90, 0.444, 85.6), (95, 0.5085, 96.8),
    (99.9, 0.519, 107),
])  # fmt: skip


def encode_target(voxels: Voxels, program: Program, target: Target) -> Coded | None:
    """The coarsest way that meets a target of quality or decibels, or the finest one that keeps to a rate.

    Returns:
        None where all levels have to be whole: nothing is to be lost.

    Raises:
        InvalidCloud: not even the lowest quality keeps to the rate.
    """
    coder = PointCoder(voxels, program)
    if target.quality is not None:
        return None if target.quality == 100 else coder.at(coder.point_of(target.quality))
    if target.psnr is not None:
        usual = _usual(coder, USUAL[:, 2] + 6.02 * (voxels.depth - 10))
        reached = _search(lambda point: psnr(voxels, coder.at(point).octree.codes), target.psnr, CLOSE_DB, usual)
        return None if reached == coder.num_points else coder.at(reached)
    assert target.bpp is not None
    num_points = int(voxels.counts.sum())
    limit, usual = target.bpp * num_points, _usual(coder, np.log2(num_points * USUAL[:, 1]))
    above = _search(
        lambda point: math.log2(coder.frontier_bits(point)), math.log2(limit), math.log2(1 - CLOSE_BPP), usual
    )
    for point in range(above - 1, -1, -1):  # what the frontier takes is known but for some bytes
        coded = coder.at(point)
        if coded.num_bits <= limit:
            return None if point == coder.num_points - 1 and _whole_fits(coder, limit) else coded
    raise InvalidCloud(f"the lowest quality needs {coder.at(0).num_bits / limit * target.bpp:.3g} bits a point")


def _whole_fits(coder: PointCoder, limit: float) -> bool:
    """Whether all levels whole keep to a limit that the last point keeps to: they take hardly more."""
    return coder.at(coder.num_points - 1).num_bits * 1.05 <= limit


def psnr(voxels: Voxels, codes: np.ndarray) -> float:
    """D1 of decoded voxels (M,) in decibels, with the peak 2^depth - 1; infinite where they are the same."""
    worst, peak = d1(voxels.codes, codes), (1 << voxels.depth) - 1
    return math.inf if worst == 0 else 10 * math.log10(3 * peak**2 / worst)


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
