"""Which way a cloud goes that may lose something: with levels inferred, in coarser voxels, or whole.

    quality 100: all levels whole | 75: the last one inferred, none of it coded | 50: the last two | 25: three | 0: four

Between these the coarsest of the inferred levels is coded in part. Whatever is asked for, the whole cloud is taken
where it needs no more bytes. Sparse clouds have little to infer: coarser voxels are taken where they are better, and a
quality is first that of voxels of 2, 4, 8 or 16 times the edge.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pcc.codec.choice import estimate_bytes, is_dense
from pcc.codec.lossy import coarsest_reaching, finest_within
from pcc.codec.operating_points import Coded, PointCoder
from pcc.codec.positions import Positions, inferred_positions, octree_positions
from pcc.codec.target import Target
from pcc.errors import InvalidCloud, LimitExceeded
from pcc.geometry.near import d1, psnr
from pcc.geometry.voxels import Voxels, voxelize
from pcc.inference.program import Program
from pcc.ops import morton

LIKELY = 0.8  # of what the whole cloud takes by an estimate: from here on it is coded to see


def choose_way(
    xyz: np.ndarray, voxels: Voxels, program: Program, target: Target, merge: bool, whole_model: Program | str = "auto"
) -> Positions:
    """The way that meets a target.

    Args:
        xyz: (N, 3), what the voxels were made of.
        voxels: of at most 2^19 an axis.
        program: one that codes lossy levels.
        merge: one point a voxel, also where nothing else is lost.
        whole_model: codes what is not inferred; as in `octree_positions`.

    Raises:
        InvalidCloud: no way keeps to the rate that is asked for.
    """
    ways = _Ways(xyz, voxels, program, merge, whole_model)
    if len(voxels) == 1 and target.bpp is None:
        return ways.whole
    if target.quality is not None:
        return ways.at_quality(target.quality)
    if target.psnr is not None:
        peak = float((1 << voxels.depth) - 1) if target.peak is None else target.peak
        return ways.at_psnr(target.psnr, peak)
    assert target.bpp is not None
    return ways.at_rate(target.bpp)


@dataclass(frozen=True, eq=False)
class _Ways:
    xyz: np.ndarray
    voxels: Voxels
    program: Program
    merge: bool
    whole_model: Program | str

    def at_quality(self, quality: float) -> Positions:
        coarse = None if self.dense else self._coarser(max(round(2 ** ((100 - quality) / 25)), 2))
        if coarse is None:
            way = self._inferred(self.coder.at(self.coder.point_of(quality)))
            return self.whole if way is None else self._whole_within(way.num_bytes) or way
        whole = self._whole_within(coarse.num_bytes)
        if whole is not None:
            return whole
        way = self._inferred(finest_within(self.coder, coarse.num_bytes))
        return coarse if way is None or self._d1(coarse) <= self._d1(way) else way

    def at_rate(self, bpp: float) -> Positions:
        num_bytes = int(bpp * len(self.xyz) / 8)
        whole = self._whole_within(num_bytes)
        if whole is not None:
            return whole
        way = self._inferred(finest_within(self.coder, num_bytes))
        if way is not None:
            return self._nearest(way, num_bytes)
        coarse = self._finest_coarser(num_bytes)
        if coarse is None:
            raise InvalidCloud(f"positions cannot be coded in {bpp:g} bits a point: {num_bytes} bytes in all")
        return coarse

    def at_psnr(self, decibels: float, peak: float) -> Positions:
        if self.dense:
            way = self._inferred(coarsest_reaching(self.coder, decibels, peak))
            return self.whole if way is None else self._whole_within(way.num_bytes) or way
        coarse = self._coarsest_coarser(decibels, peak)
        best = self.whole if coarse is None else self._whole_within(coarse.num_bytes) or coarse
        way = self._inferred(finest_within(self.coder, best.num_bytes - 1))
        return best if way is None or psnr(self._d1(way), peak) < decibels else way

    @cached_property
    def dense(self) -> bool:
        return is_dense(self.voxels.codes)

    @cached_property
    def coder(self) -> PointCoder:
        return PointCoder(self.voxels, self.program)

    @cached_property
    def whole(self) -> Positions:
        """Nothing is lost, or duplicates alone."""
        return octree_positions(self.voxels, self.whole_model, True, self.merge)

    def _whole_within(self, num_bytes: int) -> Positions | None:
        """All voxels, where they take no more bytes; without the duplicates among points if those are too much."""
        if num_bytes < LIKELY * estimate_bytes(self.voxels, self.program):
            return None
        if self.whole.num_bytes <= num_bytes:
            return self.whole
        if self.merge or len(self.voxels) == len(self.xyz):
            return None
        merged = octree_positions(self.voxels, self.whole_model, True, merge=True)
        return merged if merged.num_bytes <= num_bytes else None

    def _inferred(self, coded: Coded | None) -> Positions | None:
        """None where not even two voxels come out, which no octree codes."""
        if coded is None or len(coded.octree.codes) < 2:
            return None
        return inferred_positions(self.voxels, coded)

    def _nearest(self, way: Positions, num_bytes: int) -> Positions:
        """A way, or the finest coarser voxels that take no more bytes, if they come nearer."""
        coarse = None if self.dense else self._finest_coarser(num_bytes)
        return way if coarse is None or self._d1(coarse) > self._d1(way) else coarse

    @cached_property
    def _factors(self) -> list[int]:
        """How many times as long the edges of coarser voxels are."""
        return sorted({round(2 ** (k / 4)) for k in range(4, 4 * self.voxels.depth + 1)})

    def _coarse(self, factor: int) -> Voxels | None:
        """Coarser voxels; None where the cloud is too far from the origin for them."""
        try:
            return voxelize(self.xyz, voxel_size=factor * self.voxels.grid.step)
        except LimitExceeded:
            return None

    def _coarser(self, factor: int) -> Positions | None:
        """Coarser voxels coded, one point each."""
        coarse = self._coarse(factor)
        return None if coarse is None else octree_positions(coarse, self.whole_model, True, merge=True)

    def _finest_coarser(self, num_bytes: int) -> Positions | None:
        """The finest that take no more bytes; None: all take more."""
        ways: dict[int, Positions | None] = {}

        def fits(factor: int) -> bool:
            way = ways[factor] = self._coarser(factor)
            return way is not None and way.num_bytes <= num_bytes

        place = bisect_left(self._factors, True, key=fits)
        return ways[self._factors[place]] if place < len(self._factors) else None

    def _coarsest_coarser(self, decibels: float, peak: float) -> Positions | None:
        """The coarsest that reach so many decibels; None: none do."""

        def misses(factor: int) -> bool:
            coarse = self._coarse(factor)
            return coarse is None or psnr(self._d1(coarse), peak) < decibels

        place = bisect_left(self._factors, True, key=misses)
        return self._coarser(self._factors[place - 1]) if place else None

    def _d1(self, way: Positions | Voxels) -> float:
        """Of a way's points, or of coarser voxels, against the voxels; in voxels squared."""
        factor = round(way.grid.step / self.voxels.grid.step)
        leaves = way.leaves() if isinstance(way, Positions) else way.codes
        if factor == 1:
            return d1(self.voxels.codes, leaves)
        origin = np.array(self.voxels.grid.origin, np.int64)
        places = factor * (morton.decode(leaves) + np.array(way.grid.origin, np.int64)) - origin
        clouds = morton.decode(self.voxels.codes), places  # which may lie below the origin by less than a coarse voxel
        return d1(*(np.unique(morton.encode((place + factor).astype(np.int32))) for place in clouds))
