"""A grid: the scale and origin that lead from voxel indices to coordinates and back.

    coordinate --grid_of_*---> Grid          finds scale and origin
    coordinate --quantize--> index >= 0      floor((x - offset) * den / num + 0.5) - origin
    index --devoxelize--> coordinate         (index + origin) * num / den + offset, then cast

All arithmetic is IEEE float64, each operation rounded once, so that every machine restores the same bits; integer
clouds on their own grid stay integers throughout. Scale and offset may differ per axis, as in LAS files. How a scale
is recognised is `pcc.geometry.steps`. Nothing here knows of duplicates, of Morton order or of the octree: that is
`pcc.geometry.voxels`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pcc.errors import LimitExceeded
from pcc.ops import grid as grid_op
from pcc.ops import morton
from pcc.ops.grid import MAX_INDEX
from pcc.ops.morton import MAX_BITS

_BLOCK = 3 * 8192  # values handled at once: the temporaries stay in the cache

# Steps that recorded clouds use, coarsest first: the coarsest that fits needs the fewest levels.
_DENOMINATORS = sorted([10.0**k for k in range(5)] + [2.0**k for k in range(1, 11)])


@dataclass(frozen=True)
class Axis:
    """Scale and offset of one axis: coordinate = (index + origin) * num / den + offset.

    Attributes:
        num, den: the step is num / den; finite and above 0.
        offset: finite, in the cloud's unit.
        single: every operation is rounded to float32, as programs do that calculate in single precision.
    """

    num: float
    den: float = 1.0
    offset: float = 0.0
    single: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.num < np.inf and 0 < self.den < np.inf):
            raise ValueError(f"num, den: expected finite values above 0, got {self.num} and {self.den}")
        if not np.isfinite(self.offset):
            raise ValueError(f"offset: expected a finite value, got {self.offset}")

    @property
    def step(self) -> float:
        """Distance of neighbouring coordinates, in the cloud's unit."""
        return self.num / self.den

    def indices(self, values: np.ndarray) -> np.ndarray:
        """The nearest index of each of the values (N,), ties upwards: (N,) float64 whole numbers, origin included."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = values.astype(np.float64)
            if self.offset != 0:
                found -= self.offset
            _to_indices(found, self.num, self.den)
        return found

    def values(self, indices: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """(N,) coordinates of ``dtype`` at whole ``indices`` (N,), origin included."""
        kind: type[np.floating] = np.float32 if self.single else np.float64
        found: np.ndarray = indices.astype(kind)
        with np.errstate(over="ignore"):
            _to_values(found, kind(self.num), kind(self.den))
            if self.offset != 0:
                np.add(found, kind(self.offset), out=found)
        out = np.empty(len(found), dtype)
        _cast(found, out)
        return out


@dataclass(frozen=True)
class Grid:
    """coordinate = cast((index + origin) * num / den), with a scale and an offset per axis where `axes` says so.

    Attributes:
        num, den: the step is num / den in the cloud's unit (metres for sensors); finite and above 0. The fraction
            keeps decimal steps exact: 1/1000 restores what was written as k/1000.
        origin: index of the lowest coordinate on each axis, int64. Below 2^52 in magnitude unless `is_integer`, where
            it counts modulo 2^64 (so that uint64 fits).
        dtype: of the coordinates. Integer coordinates on a scaled grid are rounded half to even and clipped.
        axes: scale and offset of x, y and z; num and den are then those of x. None: no offset, one scale for all.
    """

    num: float
    den: float
    origin: tuple[int, int, int]
    dtype: np.dtype
    axes: tuple[Axis, Axis, Axis] | None = None

    def __post_init__(self) -> None:
        if not (0 < self.num < np.inf and 0 < self.den < np.inf):
            raise ValueError(f"num, den: expected finite values above 0, got {self.num} and {self.den}")
        if self.axes is not None and (self.axes[0].num, self.axes[0].den) != (self.num, self.den):
            raise ValueError(f"axes: expected the step {self.num} / {self.den} for x, got {self.axes[0]}")
        low, high = (-(1 << 63), (1 << 63) - 1) if self.is_integer else (-MAX_INDEX, MAX_INDEX)
        if len(self.origin) != 3 or any(not low <= value <= high for value in self.origin):
            raise ValueError(f"origin: expected three integers from {low} to {high}, got {self.origin}")

    @property
    def step(self) -> float:
        """Edge of a voxel in the cloud's unit."""
        return self.num / self.den

    @property
    def is_integer(self) -> bool:
        """Whether indices become coordinates without leaving the integers."""
        return self.dtype.kind in "biu" and self.num == self.den == 1 and self.axes is None

    @property
    def each_axis(self) -> tuple[Axis, Axis, Axis]:
        """Scale and offset of x, y and z."""
        return self.axes or 3 * (Axis(self.num, self.den),)

    def moved(self, origin: tuple[int, int, int]) -> Grid:
        """The same scales with another origin."""
        return replace(self, origin=origin)


def devoxelize(coords: np.ndarray, grid: Grid) -> np.ndarray:
    """Coordinates of voxels.

    Args:
        coords: (N, 3) int32 or int64 indices.
        grid: what `pcc.geometry.voxels.voxelize` found.

    Returns:
        (N, 3) of ``grid.dtype``.
    """
    if grid.is_integer:
        return (coords.astype(np.int64) + np.array(grid.origin)).astype(grid.dtype)
    if grid.axes is not None:
        axes = zip(grid.axes, grid.origin, coords.T, strict=True)
        return np.stack([axis.values(index + np.int64(start), grid.dtype) for axis, start, index in axes], axis=1)
    flat = np.ascontiguousarray(coords).reshape(-1)
    out = np.empty(flat.shape, grid.dtype)
    origin, buffer = _tiled(grid), np.empty(_BLOCK)
    for rows in _blocks(flat):
        values = buffer[: rows.stop - rows.start]
        np.add(flat[rows], origin[: len(values)], out=values)
        _to_values(values, grid.num, grid.den)
        _cast(values, out[rows])
    return out.reshape(-1, 3)


def quantize(xyz: np.ndarray, grid: Grid) -> np.ndarray:
    """(N, 3) int32 indices of coordinates that lie within the grid's 2^21 voxels: the nearest, ties upwards."""
    if grid.is_integer or grid.axes is not None:
        return indices(xyz, grid).astype(np.int32)
    flat = xyz.reshape(-1)
    out = np.empty(flat.shape, np.int32)
    origin, buffer = _tiled(grid), np.empty(_BLOCK)
    for rows in _blocks(flat):
        values = buffer[: rows.stop - rows.start]
        values[:] = flat[rows]
        _to_indices(values, grid.num, grid.den)
        np.subtract(values, origin[: len(values)], out=out[rows], casting="unsafe")
    return out.reshape(-1, 3)


def indices(xyz: np.ndarray, grid: Grid) -> np.ndarray:
    """(N, 3) int64 indices of coordinates however far they lie from the origin; for `is_integer` modulo 2^64."""
    if grid.is_integer:
        return xyz.astype(np.int64) - np.array(grid.origin)
    axes = zip(grid.each_axis, grid.origin, xyz.T, strict=True)
    return np.stack([axis.indices(values).astype(np.int64) - start for axis, start, values in axes], axis=1)


def codes_of(xyz: np.ndarray, grid: Grid) -> np.ndarray:
    """(N,) uint64 Morton codes of ``quantize``'s indices, block by block: the indices take no memory of their own."""
    if xyz.dtype.name in grid_op.DTYPES and grid.axes is None:
        return grid_op.codes(xyz, grid.num, grid.den, grid.origin)
    codes = np.empty(len(xyz), np.uint64)
    for start in range(0, len(xyz), _BLOCK):
        codes[start : start + _BLOCK] = morton.encode(quantize(xyz[start : start + _BLOCK], grid))
    return codes


def bounds(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest coordinate of each axis, two (3,) arrays; NaN where an axis holds one. N is at least 1."""
    wide = len(xyz) // 256 * 256  # long rows reduce many times faster than rows of three
    lows, highs = [xyz[wide:]], [xyz[wide:]]
    if wide:
        rows = xyz[:wide].reshape(-1, 256 * 3)
        lows.append(rows.min(axis=0).reshape(-1, 3))
        highs.append(rows.max(axis=0).reshape(-1, 3))
    return np.concatenate(lows).min(axis=0), np.concatenate(highs).max(axis=0)


def grid_of_integers(low: np.ndarray, high: np.ndarray, *, wide: bool = False) -> Grid:
    """The grid of an integer cloud as it is.

    Args:
        wide: an axis may have more than 2^21 voxels.

    Raises:
        LimitExceeded: an axis has more than 2^21 voxels.
    """
    start, stop = [int(v) for v in low], [int(v) for v in high]
    if not wide:
        _check_extent([b - a for a, b in zip(start, stop, strict=True)], start + stop, 1.0)
    x, y, z = (v - (1 << 64) if v >= 1 << 63 else v for v in start)
    return Grid(1.0, 1.0, (x, y, z), low.dtype)


def grid_of_step(low: np.ndarray, high: np.ndarray, num: float, den: float = 1.0, *, wide: bool = False) -> Grid:
    """The grid of the given step that holds ``low`` to ``high``.

    Args:
        wide: an axis may have more than 2^21 voxels.

    Raises:
        LimitExceeded: an axis has more than 2^21 voxels, or lies too far from 0.
    """
    ends = np.concatenate([low, high]).astype(np.float64)
    with np.errstate(over="ignore"):
        index = ends.copy()
        _to_indices(index, num, den)
    if not np.abs(index).max() < MAX_INDEX:
        raise LimitExceeded(
            f"the cloud lies farther than 2^52 voxels of {num / den:g} from 0; subtract an offset from it, "
            f"or take voxels of at least {smallest_step(ends.tolist()):g} (--voxel-size)"
        )
    if not wide:
        _check_extent((index[3:] - index[:3]).tolist(), ends.tolist(), num / den)
    x, y, z = (int(v) for v in index[:3])
    return Grid(num, den, (x, y, z), low.dtype)


def recognise_step(xyz: np.ndarray) -> tuple[float, float] | None:
    """The coarsest ``(num, den)`` of the known ones that restores every value of a float cloud, or None.

    Zero is restored without its sign; everything else bit for bit.
    """
    flat = xyz.reshape(-1)
    stride = max(1, len(flat) // 4096)
    sample = flat[:: stride + (stride % 3 == 0)]  # not a multiple of 3, so that it meets every axis
    for den in _DENOMINATORS:
        if _restores(sample, 1.0, den) and _restores(flat, 1.0, den):
            return 1.0, den
    return None


def smallest_step(ends: list[float]) -> float:
    """A step, rounded up to 4 digits, at which coordinates between the ends ``[x0, y0, z0, x1, y1, z1]`` fit."""
    extent = max(float(b) - float(a) for a, b in zip(ends[:3], ends[3:], strict=True))
    step = max(extent / ((1 << MAX_BITS) - 2), max(abs(float(v)) for v in ends) / (MAX_INDEX // 2))
    return float(f"{step * 1.0006:.3e}")


def _check_extent(extents: list[float] | list[int], ends: list[float] | list[int], step: float) -> None:
    if max(extents) < 1 << MAX_BITS:
        return
    raise LimitExceeded(
        f"the cloud spans more than 2^{MAX_BITS} voxels of {step:g} on an axis; "
        f"the smallest voxel size that fits is {smallest_step(list(ends)):g} (--voxel-size)"
    )


def _restores(flat: np.ndarray, num: float, den: float) -> bool:
    if flat.dtype.name in grid_op.DTYPES:
        return grid_op.restores(flat, num, den)
    buffer, back = np.empty(_BLOCK), np.empty(_BLOCK, flat.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in _blocks(flat):
            part = flat[rows]
            values = buffer[: len(part)]
            values[:] = part
            _to_indices(values, num, den)
            if not np.abs(values).max() < MAX_INDEX:
                return False
            _to_values(values, num, den)
            _cast(values, back[: len(part)])
            if not np.array_equal(back[: len(part)], part):
                return False
    return True


def _to_indices(values: np.ndarray, num: float, den: float) -> None:
    """In place: the nearest multiple of the step, ties upwards (as even as voxels can be)."""
    if den != 1:
        values *= den
    if num != 1:
        values /= num
    values += 0.5
    np.floor(values, out=values)


def _to_values(indices: np.ndarray, num: float | np.floating, den: float | np.floating) -> None:
    """In place: the coordinate of an index, before the cast."""
    if num != 1:
        indices *= num
    if den != 1:
        indices /= den


def _cast(values: np.ndarray, out: np.ndarray) -> None:
    if out.dtype.kind == "f":
        with np.errstate(over="ignore"):
            np.copyto(out, values, casting="unsafe")
        return
    low, high = (0, 1) if out.dtype.kind == "b" else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
    top = float(high) if int(float(high)) <= high else float(np.nextafter(float(high), 0))
    np.copyto(out, np.clip(np.rint(values), float(low), top), casting="unsafe")


def _tiled(grid: Grid) -> np.ndarray:
    return np.tile(np.array(grid.origin, np.float64), _BLOCK // 3)


def _blocks(flat: np.ndarray) -> Iterator[slice]:
    for start in range(0, len(flat), _BLOCK):
        yield slice(start, min(start + _BLOCK, len(flat)))
