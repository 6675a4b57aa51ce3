"""Operating points of a lossy octree, and the leans with which about as many voxels come out as went in.

    point 0: four levels inferred, none of them coded | 160: three | 320: two | 480: one | 735: nearly all of that coded

At every point the coarsest of the inferred levels, the frontier, is coded in part (`pcc.codec.inferred`), its share one
more than at the point before. The levels above are coded once for all points, and a level that is tried with several
leans goes on from the one above.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import copysign, log

import numpy as np

from pcc.codec.container import chunk_bytes
from pcc.codec.geometry import GeometryHeader, write_geometry_header
from pcc.codec.inferred import MOST_LEAN, Inferred
from pcc.codec.octree import LossyOctree, encode_lossy
from pcc.geometry.voxels import Voxels
from pcc.inference.program import Program
from pcc.ops import octree

MOST_LEVELS = 4  # that are inferred
POINTS = 256  # operating points where one level is inferred: all codes of a share
FEWER_POINTS = 160  # where more are: with a larger share the level had better be whole
EVEN, MOST_TRIES = 0.006, 3  # of the number of voxels, what it may be off; and how many leans are tried for it
MORE_NODES = 0.02  # than there were, above the last of three inferred levels: what they lack, many voxels lack
FAR, MORE_TRIES = 0.02, 12  # off by more, more are tried
GUESSED_SLOPE = 150, 8  # units of lean for e times as many voxels, and how many more for one more of the share
LEAST_AWAY, MOST_AWAY = 6, 16  # of the level above, half of which counts, and of that half
FIRST_STEP = 24  # the most from the first lean to the second; from then on twice as far each time


@dataclass(frozen=True, eq=False)
class Coded:
    """Voxels coded at an operating point, or their frontier alone."""

    octree: LossyOctree
    header: GeometryHeader

    @cached_property
    def payload(self) -> bytes:
        """Of the geometry chunk."""
        return write_geometry_header(self.header) + self.octree.data

    @property
    def inferred(self) -> Inferred:
        """The levels of which not all is coded."""
        assert self.header.inferred is not None
        return self.header.inferred

    @property
    def num_bytes(self) -> int:
        """Of the geometry chunk."""
        return chunk_bytes(len(self.payload))


class PointCoder:
    """Codes voxels at operating points, 0 the lowest, with about as many voxels as there were on every level.

    What is inferred leans so far that their number comes out, level by level from the frontier down. As far from the
    usual lean as that is the next point starts, and half as far the next level.

    Args:
        voxels: two or more.
        program: with lossy levels.

    Attributes:
        num_levels: that are inferred at point 0.
        num_points: how many points there are.
    """

    def __init__(self, voxels: Voxels, program: Program) -> None:
        self.voxels, self.program = voxels, program
        self.num_levels = min(MOST_LEVELS, voxels.depth)
        self.num_points = (self.num_levels - 1) * FEWER_POINTS + POINTS
        self._levels = [voxels.codes]  # the last first
        for _ in range(self.num_levels):
            self._levels.append(octree.parents(self._levels[-1])[0])
        self._whole: dict[int, LossyOctree | None] = {}  # by the number of levels below
        self._away: dict[tuple[int, int], int] = {}  # leans from the usual ones, by inferred levels, and those below
        self._frontier: tuple[int, int, LossyOctree] | None = None  # point, lean
        self._coded: dict[int, Coded] = {}
        self._bytes: dict[int, int] = {}

    def at(self, point: int) -> Coded:
        """The voxels at a point."""
        if point not in self._coded:
            self._coded[point] = self._balanced(point)
        return self._coded[point]

    def frontier_bytes(self, point: int) -> int:
        """About what a point takes, from the levels down to the frontier alone: those below take two bytes each."""
        if point in self._coded:
            return self._coded[point].num_bytes
        if point not in self._bytes:
            levels, share = self.levels_of(point)
            frontier = self._code(point, (self._first_lean(levels, share, levels - 1),), None)
            self._bytes[point] = frontier.num_bytes + 2 * (levels - 1)
        return self._bytes[point]

    def point_of(self, quality: float) -> int:
        """The point of a quality below 100: a quarter of the scale for each number of inferred levels."""
        steps = quality / 100 * MOST_LEVELS - (MOST_LEVELS - self.num_levels)
        done = min(max(int(steps), 0), self.num_levels - 1)
        points = POINTS if done == self.num_levels - 1 else FEWER_POINTS
        return done * FEWER_POINTS + min(int(max(steps - done, 0.0) * points), points - 1)

    def levels_of(self, point: int) -> tuple[int, int]:
        """Inferred levels, and the share of the first."""
        done = min(point // FEWER_POINTS, self.num_levels - 1)
        return self.num_levels - done, point - done * FEWER_POINTS

    def _balanced(self, point: int) -> Coded:
        levels, _ = self.levels_of(point)
        coded = None
        for below in range(levels - 1, -1, -1):
            coded = self._lean_of_level(point, coded, below)
        assert coded is not None
        return coded

    def _lean_of_level(self, point: int, above: Coded | None, below: int) -> Coded:
        """The cloud down to a level with ``below`` levels under it, in about the number that is wanted."""
        levels, share = self.levels_of(point)
        leans = () if above is None else above.inferred.leans
        slope = GUESSED_SLOPE[0] + (GUESSED_SLOPE[1] * share if above is None else 0)
        more = 0.0 if levels < 3 or not below else MORE_NODES * (1 - share / FEWER_POINTS if above is None else 1)
        wanted = len(self._levels[below]) * (1 + more)
        tried: dict[int, float] = {}
        lean, best = self._first_lean(levels, share, below), None
        while lean not in tried:
            coded = self._code(point, (*leans, lean), None if above is None else above.octree)
            tried[lean] = log(len(coded.octree.codes) / wanted)
            off = min(map(abs, tried.values()))
            if best is None or abs(tried[lean]) == off:
                best, self._away[levels, below] = coded, lean - usual_lean(share, levels, below)
            if off <= EVEN or len(tried) >= (MOST_TRIES if off <= FAR else MORE_TRIES):
                break
            lean = _next_lean(tried, slope)
        assert best is not None
        return best

    def _first_lean(self, levels: int, share: int, below: int) -> int:
        away = self._away.get((levels, below))
        if away is None:
            above = self._away.get((levels, below + 1), 0)
            away = min(max(above // 2, -MOST_AWAY), MOST_AWAY) if abs(above) >= LEAST_AWAY else 0
        return min(max(usual_lean(share, levels, below) + away, -MOST_LEAN), MOST_LEAN)

    def _code(self, point: int, leans: tuple[int, ...], above: LossyOctree | None) -> Coded:
        """The cloud without the last levels, of which no lean is given; ``above``: all but the last level coded."""
        levels, share = self.levels_of(point)
        cut = levels - len(leans)
        inferred = Inferred((share, *(len(leans) - 1) * (0,)), leans, self._levels[cut])
        header = GeometryHeader(self.program.digest, inferred=inferred)
        if above is None and self._frontier is not None and self._frontier[:2] == (point, leans[0]):
            return Coded(self._frontier[2], header)
        start = self._coded_whole(levels) if above is None else above
        coded = encode_lossy(self._levels[cut], self.voxels.depth - cut, self.program, inferred, cut, start)
        if above is None:
            self._frontier = point, leans[0], coded
        return Coded(coded, header)

    def _coded_whole(self, below: int) -> LossyOctree | None:
        """The octree down to the last level that has so many below it; None where there is none."""
        if below not in self._whole:
            above = self._coded_whole(below + 1) if below < self.num_levels else None
            depth = self.voxels.depth - below
            self._whole[below] = (
                encode_lossy(self._levels[below], depth, self.program, None, below, above) if depth else None
            )
        return self._whole[below]


def usual_lean(share: int, levels: int, below: int) -> int:
    """What is tried first: as dense bodies have it with the model that ships.

    Args:
        share: of the first of ``levels`` inferred levels.
        below: levels under the one that leans.
    """
    shares, leans = _USUAL_LEANS[levels, below]
    return round(float(np.interp(share, shares, leans)))


# By the number of inferred levels, and of those below: shares, and leans there. They jump where the share's weights do.
_USUAL_LEANS = {
    (1, 0): ((0, 8, 16, 31, 32, 63, 64), (-2, -3, -3.5, -4, -6, -6.5, -9)),
    (2, 1): ((0, 16, 32, 48, 63, 80, 100, 128, 150), (-1.5, 1, 1, -1, -3, -4.5, -9.5, -17, -29)),
    (2, 0): ((0, 8, 16, 31, 32, 63, 64), (-10, -9, -7.5, -7.5, -5, -5.5, -2.5)),
    (3, 2): ((0, 31, 32, 63, 64, 96, 128, 159), (-3.5, -5.5, -1.5, -8.5, -9.5, -26, -42, -61)),
    (3, 1): ((0, 16, 31, 32, 63, 64), (-9, -8, -7, -4, -4, 0.5)),
    (3, 0): ((0, 31, 32, 63, 64), (-4, -5, -7, -7.5, -10.5)),
    (4, 3): ((0, 16, 32, 63, 64, 159), (0.5, 2.5, 10.5, 7, 17, 5)),
    (4, 2): ((0, 31, 32, 63, 64, 128), (-11, -9, -7, -7, -2.5, -1.5)),
    (4, 1): ((0, 31, 64), (-5.5, -6.5, -7.5)),
    (4, 0): ((0, 31, 32, 63, 64), (2, 2, 1, 1, -0.5)),
}


def _next_lean(tried: dict[int, float], slope: float) -> int:
    """The lean at which nothing should be off, by what was with those tried; one of them: there is none better.

    Args:
        tried: logarithms of how many times too many voxels came out, which rise with the lean.
        slope: the guess where one was tried.
    """
    nearest = min(tried, key=lambda lean: abs(tried[lean]))
    off = tried[nearest]
    others = [lean for lean in tried if tried[lean] * off < 0] or [lean for lean in tried if lean != nearest]
    if others:
        other = min(others, key=lambda lean: abs(lean - nearest))
        slope = (other - nearest) / (tried[other] - off) if tried[other] != off else 0.0
    step = -off * max(slope, 1.0)
    if abs(step) < 1 and not any(tried[lean] * off < 0 for lean in tried):
        step = copysign(1, -off)
    most = FIRST_STEP << len(tried) - 1
    return int(np.clip(nearest + round(np.clip(step, -most, most)), -MOST_LEAN, MOST_LEAN))
