"""Lossy positions of dense clouds: how much of the octree is coded for a rate, a quality or a number of decibels.

    quality 100: all levels whole | 75: the last one inferred, none of it coded | 50: the last two | 25: three | 0: four

Between these the coarsest of the inferred levels, the frontier, is coded in part (`pcc.codec.inferred`). One number,
the operating point, goes through all of it; targets are met by search with the real coder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pcc.codec.inferred import MOST_LEAN, Inferred
from pcc.codec.octree import LossyOctree, encode_lossy
from pcc.codec.target import Target
from pcc.errors import InvalidCloud
from pcc.geometry.near import d1
from pcc.geometry.voxels import Voxels
from pcc.inference.program import Program
from pcc.ops import octree

MOST_LEVELS = 4  # that are inferred
OVERHEAD_BYTES = 26  # of the chunk, but for two a level
POINTS = 256  # operating points where one level is inferred: all codes of a share
FEWER_POINTS = 160  # where more are: with a larger share the level had better be whole
EVEN, MOST_TRIES = 0.003, 3  # of the number of voxels, what it may be off; and how often a lean is looked for
FIRST_SLOPE, MOST_STEP = 600, 24  # units of lean for a whole number more, about; and the most that a try goes on
CLOSE_BPP, CLOSE_DB = 0.01, 0.03  # of the target: a search ends where it is met and no more than so much is left


@dataclass(frozen=True, eq=False)
class Coded:
    """Voxels coded at an operating point."""

    octree: LossyOctree
    inferred: Inferred

    @property
    def num_bits(self) -> int:
        """Of the whole chunk: digest and what is said of the levels, too."""
        return 8 * (len(self.octree.data) + OVERHEAD_BYTES + 2 * len(self.inferred.shares))


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
        reached = _search(coder.num_points, coder.psnr, target.psnr, CLOSE_DB)
        return None if reached == coder.num_points else coder.at(reached)
    assert target.bpp is not None
    limit = target.bpp * int(voxels.counts.sum())
    above = _search(coder.num_points, coder.frontier_bits, limit, -CLOSE_BPP * limit)
    for point in range(above - 1, -1, -1):  # what the frontier takes is known but for some bytes
        coded = coder.at(point)
        if coded.num_bits <= limit:
            return None if point == coder.num_points - 1 and _whole_fits(coder, limit) else coded
    raise InvalidCloud(f"the lowest quality needs {coder.at(0).num_bits / limit * target.bpp:.3g} bits a point")


def _whole_fits(coder: PointCoder, limit: float) -> bool:
    """Whether all levels whole keep to a limit that the last point keeps to: they take hardly more."""
    return coder.at(coder.num_points - 1).num_bits * 1.05 <= limit


class PointCoder:
    """Codes voxels at operating points, 0 the lowest, with about as many voxels as there were on every level.

    What is inferred leans so far that their number comes out, level by level from the frontier down; the leans of one
    point are the start of the next.

    Args:
        voxels: two or more.
        program: with lossy levels.
    """

    def __init__(self, voxels: Voxels, program: Program) -> None:
        self.voxels, self.program = voxels, program
        self.num_levels = min(MOST_LEVELS, voxels.depth)
        self.num_points = (self.num_levels - 1) * FEWER_POINTS + POINTS
        self._levels = [voxels.codes]  # the last first
        for _ in range(self.num_levels - 1):
            self._levels.append(octree.parents(self._levels[-1])[0])
        self._lean: dict[tuple[int, int], int] = {}  # by the number of inferred levels, and of those below
        self._coded: dict[int, Coded] = {}
        self._bits: dict[int, int] = {}

    def at(self, point: int) -> Coded:
        """The voxels at a point."""
        if point not in self._coded:
            self._coded[point] = self._balanced(point)
        return self._coded[point]

    def frontier_bits(self, point: int) -> float:
        """About what a point takes, from the levels down to the frontier alone: those below take nothing."""
        if point in self._coded:
            return self._coded[point].num_bits
        if point not in self._bits:
            levels, share = self._of_point(point)
            lean = self._lean.get((levels, levels - 1), usual_lean(share, levels, levels - 1))
            self._bits[point] = self._code(share, levels, (lean,)).num_bits
        return self._bits[point]

    def psnr(self, point: int) -> float:
        """D1 at a point in decibels."""
        return psnr(self.voxels, self.at(point).octree.codes)

    def point_of(self, quality: float) -> int:
        """The point of a quality below 100: a quarter of the scale for each number of inferred levels."""
        steps = quality / 100 * MOST_LEVELS - (MOST_LEVELS - self.num_levels)
        done = min(max(int(steps), 0), self.num_levels - 1)
        points = POINTS if done == self.num_levels - 1 else FEWER_POINTS
        return done * FEWER_POINTS + min(int(max(steps - done, 0.0) * points), points - 1)

    def _of_point(self, point: int) -> tuple[int, int]:
        """Inferred levels, and the share of the first."""
        done = min(point // FEWER_POINTS, self.num_levels - 1)
        return self.num_levels - done, point - done * FEWER_POINTS

    def _balanced(self, point: int) -> Coded:
        levels, share = self._of_point(point)
        leans: tuple[int, ...] = ()
        for below in range(levels - 1, -1, -1):
            coded = self._lean_of_level(share, levels, leans, below)
            leans = coded.inferred.leans
        return coded

    def _lean_of_level(self, share: int, levels: int, above: tuple[int, ...], below: int) -> Coded:
        """The cloud down to a level with ``below`` levels under it, in about the right number."""
        tried: dict[int, tuple[float, Coded]] = {}
        lean, wanted = self._lean.get((levels, below), usual_lean(share, levels, below)), len(self._levels[below])
        most = MOST_TRIES if levels < 3 else 2 * MOST_TRIES  # levels far above the last take no time
        while len(tried) < most and lean not in tried:
            coded = self._code(share, levels, (*above, lean))
            excess = len(coded.octree.codes) / wanted - 1
            tried[lean] = excess, coded
            if abs(excess) <= EVEN:
                break
            lean = _next_lean({lean: found for lean, (found, _) in tried.items()})
        self._lean[levels, below], (_, best) = min(tried.items(), key=lambda item: abs(item[1][0]))
        return best

    def _code(self, share: int, levels: int, leans: tuple[int, ...]) -> Coded:
        """The cloud without the last levels, of which no lean is given."""
        cut = levels - len(leans)
        codes, shares = self._levels[cut], (share, *(len(leans) - 1) * (0,))
        inferred = Inferred(shares, leans, codes)
        return Coded(encode_lossy(codes, self.voxels.depth - cut, self.program, inferred, cut), inferred)


def _next_lean(tried: dict[int, float]) -> int:
    """The lean at which the excess should be 0, by those tried."""
    if len(tried) == 1:
        ((lean, excess),) = tried.items()
        step = round(-excess * FIRST_SLOPE) or (-1 if excess > 0 else 1)
    else:
        (lean, excess), (other, before) = sorted(tried.items(), key=lambda item: abs(item[1]))[:2]
        step = round(-excess * (lean - other) / (excess - before)) if excess != before else 0
    return int(np.clip(lean + np.clip(step, -MOST_STEP, MOST_STEP), -MOST_LEAN, MOST_LEAN))


def usual_lean(share: int, levels: int, below: int) -> int:
    """What is tried first: as dense bodies have it with the model that ships.

    Args:
        share: of the first of ``levels`` inferred levels.
        below: levels under the one that leans.
    """
    if below + 1 == levels:
        early, middle, late = (-4, -7, -5) if levels == 1 else (0, -4, -6)
        return early if share < 35 else middle if share < 90 else late
    if below + 2 < levels:
        return -5
    return -9 if share < 10 else -8 if share < 40 else -6 if share < 80 else -4


def psnr(voxels: Voxels, codes: np.ndarray) -> float:
    """D1 of decoded voxels (M,) in decibels, with the peak 2^depth - 1; infinite where they are the same."""
    worst, peak = d1(voxels.codes, codes), (1 << voxels.depth) - 1
    return math.inf if worst == 0 else 10 * math.log10(3 * peak**2 / worst)


def _search(high: int, value: Callable[[int], float], wanted: float, close: float) -> int:
    """About the first point in 0..high - 1 whose value, which rises, reaches what is wanted; ``high``: none does.

    Args:
        close: ends the search at a value that is no more than so much above what is wanted; where it is below 0, at one
            that is no more than that below, with the point after it.
    """
    low, end = 0, high
    while low < end:
        middle = (low + end) // 2
        found = value(middle)
        if found >= wanted:
            end = middle
            if close > 0 and found <= wanted + close:
                break
        else:
            low = middle + 1
            if close < 0 and found >= wanted + close:
                return low
    return end
