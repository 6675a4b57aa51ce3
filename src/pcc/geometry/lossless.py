"""The grid on which a cloud loses nothing, or, where there is none, one near which its points lie.

    integers                 as they are
    floats on a known grid   as they are (`pcc.geometry.grid`: 1 mm and its like)
    floats on any grid       a scale and an offset per axis (`pcc.geometry.steps`), up to a few roundings
    other floats             voxels of a power of two, somewhat finer than the points are apart

What a grid does not restore is coded beside it (`pcc.codec.exact`); finer voxels would cost as much and take longer.
Points that no grid holds, without a position or far from all others, stay apart (`pcc.codec.raw_points`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcc.geometry.grid import MAX_INDEX, Axis, Grid, bounds, grid_of_integers, grid_of_step, recognise_step
from pcc.geometry.steps import recognise_axis
from pcc.ops.morton import MAX_BITS

FINER_LEVELS = 5  # of the octree below the one at which points of a surface are alone
_SPARE_BITS = 8  # that a grid's own steps may need beyond the finest level that pays
_STRAY_SAMPLE = 1 << 14
_STRAY_SHARE = 3e-3  # of the points, at most
_STRAY_REACH = 16.0  # times the extent of the others, from their middle


@dataclass(frozen=True, eq=False)
class OwnGrid:
    """A grid for a cloud that is to lose nothing.

    Attributes:
        grid: its dtype is the cloud's.
        values: (N, 3) the positions in the coarsest dtype that holds them bit for bit.
        restores: the grid alone gives every bit back.
    """

    grid: Grid
    values: np.ndarray
    restores: bool


def own_grid(xyz: np.ndarray) -> OwnGrid:
    """The grid of finite positions (N, 3), N >= 1, of any width.

    Raises:
        LimitExceeded: integers or steps lie beyond 2^52.
    """
    low, high = bounds(xyz)
    if xyz.dtype.kind in "biu":
        return OwnGrid(grid_of_integers(low, high, wide=True), xyz, True)
    step = recognise_step(xyz)
    if step is not None:
        return OwnGrid(grid_of_step(low, high, *step, wide=True), xyz, not has_negative_zero(xyz))
    values = narrowed(xyz)
    step = recognise_step(values) if values.dtype != xyz.dtype else None
    if step is not None:
        return OwnGrid(grid_of_step(low, high, *step, wide=True), values, False)
    return OwnGrid(_near_grid(values, low, high, xyz.dtype), values, False)


def narrowed(xyz: np.ndarray) -> np.ndarray:
    """float64 positions as float32 where that keeps every bit; all others as they are."""
    if xyz.dtype != np.float64:
        return xyz
    with np.errstate(over="ignore"):
        single = xyz.astype(np.float32)
    return single if np.array_equal(single.astype(np.float64), xyz) else xyz


def strays(xyz: np.ndarray) -> np.ndarray:
    """(N,) bool: the few finite points (N, 3) that lie many times as far from the others as these are wide."""
    sample = np.sort(xyz[:: max(1, len(xyz) // _STRAY_SAMPLE)].astype(np.float64), axis=0)
    few = min(_most_strays(len(sample)), (len(sample) - 1) // 4)
    low, middle, high = sample[few], sample[len(sample) // 2], sample[len(sample) - 1 - few]
    with np.errstate(over="ignore"):
        reach = _STRAY_REACH * max(float((high - low).max()), float(np.spacing(np.abs(middle).max())))
        far = (np.abs(xyz.astype(np.float64) - middle) > reach).any(axis=1)
    return far if np.count_nonzero(far) <= _most_strays(len(xyz)) else np.zeros(len(xyz), bool)


def _most_strays(num_points: int) -> int:
    return 2 + int(_STRAY_SHARE * num_points)


def too_wide(xyz: np.ndarray, grid: Grid) -> bool:
    """Whether points (N, 3) need more bits per axis than an octree has."""
    ends = [[float(v) for v in end] for end in bounds(xyz)]
    spans = (b / a.step - c / a.step for a, b, c in zip(grid.each_axis, ends[1], ends[0], strict=True))
    return max(spans) >= 1 << MAX_BITS


def has_negative_zero(xyz: np.ndarray) -> bool:
    """Whether a float of (N, 3) is -0.0, which no grid tells from 0.0."""
    return bool((np.signbit(xyz) & (xyz == 0)).any())


def _near_grid(values: np.ndarray, low: np.ndarray, high: np.ndarray, dtype: np.dtype) -> Grid:
    """Scales of the axes' own where they have some, else one power of two for those without."""
    own = [recognise_axis(np.ascontiguousarray(values[:, i])) for i in range(3)]
    widths = [float(b) / 2 - float(a) / 2 for a, b in zip(low, high, strict=True)]  # halves: no overflow
    reach = float(max(np.abs(low).max(), np.abs(high).max()))
    usual = _usual_step(max(widths), len(values), reach)
    known = [axis.step for axis, width in zip(own, widths, strict=True) if axis is not None and width > 0]
    if known and None in own:
        nearest = 2.0 ** round(math.log2(min(known)))
        usual = min(max(nearest, usual * 2.0**-_SPARE_BITS), usual * 2.0**_SPARE_BITS)
    axes = [axis or Axis(usual) for axis in own]
    origin = [_first(axis, values[:, i]) for i, axis in enumerate(axes)]
    if max(map(abs, origin)) >= MAX_INDEX:
        axes, origin = 3 * [Axis(usual)], [_first(Axis(usual), values[:, i]) for i in range(3)]
    x, y, z = axes
    return Grid(x.num, x.den, (origin[0], origin[1], origin[2]), dtype, (x, y, z))


def _first(axis: Axis, values: np.ndarray) -> int:
    """The lowest index, as far as indices go."""
    return int(np.clip(axis.indices(values.min(keepdims=True))[0], -MAX_INDEX, MAX_INDEX))


def _usual_step(half_width: float, num_points: int, reach: float) -> float:
    """The power of two for points (as many as said) of a surface in a cube of twice ``half_width``."""
    levels = min(math.ceil(math.log2(max(num_points, 2)) / 2) + FINER_LEVELS, MAX_BITS - 1)
    exponent = math.frexp(half_width)[1] + 1 - levels if half_width > 0 else -1000
    finest = math.frexp(reach)[1] - 50  # indices stay below 2^52
    return 2.0 ** max(exponent, finest, -1000)
