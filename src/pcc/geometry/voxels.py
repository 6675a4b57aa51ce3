"""Points to voxels: unique indices in Morton order, and the way back from voxels to points.

    xyz --grid--> indices --Morton--> codes --sort--> codes, order --unique--> voxels, counts

Which grid: integers are coded as they are; floats on a common decimal or binary grid (KITTI: 1 mm) are recognised and
restored bit for bit; for everything else `pcc.geometry.lossless` has a grid near which the points lie. A grid may be
wider than the 21 bits per axis of a code: then the lower bits of each point stay beside the voxels.
Scale and origin live in `pcc.geometry.grid`; the tree in `pcc.geometry.octree`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pcc.errors import InvalidCloud, LimitExceeded
from pcc.geometry.grid import (
    Grid,
    bounds,
    codes_of,
    devoxelize,
    grid_of_integers,
    grid_of_step,
    indices,
    quantize,
    recognise_step,
)
from pcc.ops import grid as grid_op
from pcc.ops import morton, sort

__all__ = ["Grid", "Voxels", "devoxelize", "devoxelize_codes", "voxelize"]

_MAX_SHRINKS = 64
_BLOCK = 1 << 15  # points handled at once: the temporaries stay in the cache


@dataclass(frozen=True, eq=False)
class Voxels:
    """V occupied voxels of N points.

    Attributes:
        codes: (V,) uint64 Morton codes of ``coords``, strictly ascending.
        counts: (V,) int32 >= 1 points in each voxel; they sum to N.
        order: (N,) int32: ``xyz[order]`` are the points voxel by voxel, in input order within a voxel, so that
            ``np.repeat(devoxelize(coords, grid), counts, axis=0)`` decodes them row by row.
        depth: bits per axis: the octree's levels; 0 for no point or a single voxel.
        grid: scale and origin.
        low: (N, 3) uint64, the lower bits of each point's indices, voxel by voxel as ``order`` has them; None if the
            voxels' indices are whole.
        num_low_bits: how many there are per axis.
    """

    codes: np.ndarray
    counts: np.ndarray
    order: np.ndarray
    depth: int
    grid: Grid
    low: np.ndarray | None = None
    num_low_bits: int = 0

    def __len__(self) -> int:
        return len(self.codes)

    def coarser(self, levels: int) -> Voxels:
        """The same points in voxels of 2^levels times the edge, with more lower bits."""
        if not levels:
            return self
        codes, kept = sort.unique(self.codes >> np.uint64(3 * levels))
        ends = np.cumsum(kept)
        counts = np.add.reduceat(self.counts, ends - kept) if len(codes) < len(self.codes) else self.counts
        low = morton.decode(self.codes & np.uint64((1 << 3 * levels) - 1)).astype(np.uint64)
        low = low if len(self.codes) == len(self.order) else np.repeat(low, self.counts, axis=0)
        if self.low is not None:
            low = (low << np.uint64(self.num_low_bits)) | self.low
        return replace(
            self, codes=codes, counts=counts, depth=self.depth - levels, low=low,
            num_low_bits=self.num_low_bits + levels,
        )  # fmt: skip

    @cached_property
    def coords(self) -> np.ndarray:
        """(V, 3) int32 >= 0, unique, in Morton order; 0 is the lowest index of each axis. Made when first asked for."""
        return morton.decode(self.codes)


def voxelize(
    xyz: np.ndarray, *, voxel_size: float | None = None, max_error: float | None = None, wide: bool = False
) -> Voxels:
    """The voxels of a cloud.

    Args:
        xyz: (N, 3), any integer dtype, bool, or float of at most 64 bits.
        voxel_size: edge of a voxel in the cloud's unit; a coordinate becomes its nearest multiple, ties upwards.
            None: the cloud's own grid, without loss.
        max_error: Euclidean bound on how far a decoded point may lie from its input, in the cloud's unit; it holds
            for every point after the cast to the input's dtype. The cloud's own grid is kept where it is coarser.
        wide: where an axis has more than 2^21 voxels, take coarser ones and keep the lower bits of each point.

    Raises:
        ValueError: both options, or one that is not above 0.
        InvalidCloud: NaN, infinite, or on no known grid while no option is given.
        LimitExceeded: more than 2^21 voxels on an axis while not ``wide``, or 2^31 points.
    """
    check_options(voxel_size, max_error)
    xyz = checked(xyz)
    if not len(xyz):
        return voxels_on(xyz, Grid(voxel_size or 1.0, 1.0, (0, 0, 0), xyz.dtype))
    low, high = _finite_bounds(xyz)
    if voxel_size is not None:
        grid = grid_of_step(low, high, float(voxel_size), wide=wide)
    elif max_error is not None:
        grid = _within_error(xyz, low, high, float(max_error), wide)
    else:
        grid = _own_grid(xyz, low, high, wide)
    return voxels_on(xyz, grid)


def voxels_on(xyz: np.ndarray, grid: Grid) -> Voxels:
    """The voxels of points (N, 3) on a grid whose origin is their lowest index on each axis."""
    if len(xyz) and (grid.axes is not None or _num_bits(bounds(xyz), grid) > morton.MAX_BITS):
        return _collect_wide(indices(xyz, grid).view(np.uint64), grid)
    return _collect(codes_of(xyz, grid), grid)


def point_indices(
    codes: np.ndarray, counts: np.ndarray, grid: Grid, low: np.ndarray | None = None, num_low_bits: int = 0
) -> np.ndarray:
    """(N, 3) int64 indices of points voxel by voxel, origin included; for integer grids modulo 2^64.

    Args:
        codes: (V,) uint64; counts: (V,) points of each, N in all.
        low: (N, 3) uint64 lower bits, as in `Voxels`, and how many there are per axis.
    """
    coords = morton.decode(codes).astype(np.int64)
    coords = coords if len(codes) == counts.sum() else np.repeat(coords, counts, axis=0)
    if low is not None:
        coords = (coords << num_low_bits) | low.view(np.int64)
    return coords + np.array(grid.origin, np.int64)


def point_values(
    codes: np.ndarray, counts: np.ndarray, grid: Grid, low: np.ndarray | None = None, num_low_bits: int = 0
) -> np.ndarray:
    """(N, 3) coordinates of ``grid.dtype``; arguments as for `point_indices`."""
    if low is None:
        xyz = devoxelize_codes(codes, grid)
        return xyz if len(codes) == counts.sum() else np.repeat(xyz, counts, axis=0)
    return devoxelize(point_indices(codes, counts, grid.moved((0, 0, 0)), low, num_low_bits), grid)


def devoxelize_codes(codes: np.ndarray, grid: Grid) -> np.ndarray:
    """Coordinates (N, 3) of voxels given by Morton codes (N,) uint64, block by block: see `devoxelize`."""
    if grid.dtype.name in grid_op.DTYPES and grid.axes is None:
        return grid_op.values(codes, grid.num, grid.den, grid.origin, grid.dtype)
    xyz = np.empty((len(codes), 3), grid.dtype)
    for rows in _blocks(len(codes)):
        xyz[rows] = devoxelize(morton.decode(codes[rows]), grid)
    return xyz


def check_options(voxel_size: float | None, max_error: float | None) -> None:
    """Raise ValueError unless at most one is given, and it is finite and above 0."""
    if voxel_size is not None and max_error is not None:
        raise ValueError("voxel_size, max_error: expected at most one of them, got both")
    for name, value in (("voxel_size", voxel_size), ("max_error", max_error)):
        if value is not None and not 0 < value < np.inf:
            raise ValueError(f"{name}: expected a finite value above 0, got {value}")


def checked(xyz: np.ndarray) -> np.ndarray:
    """A cloud's positions in this machine's byte order, contiguous.

    Raises:
        ValueError: the shape is not (N, 3).
        InvalidCloud: a dtype that no stream carries.
        LimitExceeded: more than 2^31 points.
    """
    xyz = np.asarray(xyz)
    if xyz.ndim != 2 or xyz.shape[1] != 3:
        raise ValueError(f"xyz: expected shape (N, 3), got {xyz.shape}")
    if xyz.dtype.kind not in "biuf" or xyz.dtype.itemsize > 8:
        raise InvalidCloud(f"coordinates: expected integers or floats of at most 64 bits, got {xyz.dtype}")
    if len(xyz) > sort.MAX_CODES:
        raise LimitExceeded(f"the cloud has {len(xyz)} points; at most {sort.MAX_CODES} fit")
    return np.ascontiguousarray(xyz, xyz.dtype.newbyteorder("="))


def _finite_bounds(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = bounds(xyz)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        bad = int(np.count_nonzero(~np.isfinite(xyz).all(axis=1)))
        raise InvalidCloud(
            f"{bad} of {len(xyz)} points have NaN or infinite coordinates; "
            "--drop-invalid or PointCloud.finite() leaves them out"
        )
    return low, high


def _own_grid(xyz: np.ndarray, low: np.ndarray, high: np.ndarray, wide: bool = False) -> Grid:
    """The grid that loses nothing."""
    if xyz.dtype.kind in "biu":
        return grid_of_integers(low, high, wide=wide)
    step = recognise_step(xyz)
    if step is None:
        raise InvalidCloud(
            "the coordinates lie on no common grid, so they cannot be coded without loss; "
            "give --voxel-size or --max-error"
        )
    return grid_of_step(low, high, *step, wide=wide)


def _within_error(xyz: np.ndarray, low: np.ndarray, high: np.ndarray, max_error: float, wide: bool) -> Grid:
    """The grid of the coarsest voxels that keep every point within ``max_error``.

    A voxel's corner is sqrt(3)/2 edges from its centre; the cast to the cloud's dtype may add to that, so the errors
    are measured, and the voxels shrink until the bound holds.
    """
    own = own_step(xyz)
    size = 2 * max_error / math.sqrt(3) * (1 - 2.0**-20)
    for _ in range(_MAX_SHRINKS):
        if own is not None and own[0] / own[1] >= size:
            return _own_grid(xyz, low, high, wide)
        grid = grid_of_step(low, high, size, wide=wide)
        excess = _largest_error(xyz, indices(xyz, grid) if wide else quantize(xyz, grid), grid) - max_error
        if excess <= 0:
            return grid
        size *= min(max(0.5, 1 - 2 * excess / max_error), 1 - 2.0**-20)
    raise InvalidCloud(f"no voxel size keeps every point within {max_error:g}; give --voxel-size")


def own_step(xyz: np.ndarray) -> tuple[float, float] | None:
    """The ``(num, den)`` of the grid that a cloud lies on, (N, 3) of numbers; None: on no known one."""
    return (1.0, 1.0) if xyz.dtype.kind in "biu" else recognise_step(xyz)


def _largest_error(xyz: np.ndarray, coords: np.ndarray, grid: Grid) -> float:
    """Largest Euclidean distance between a point and its decoded place."""
    exact = np.int64 if xyz.dtype.kind in "biu" else np.float64  # int64 differences are exact modulo 2^64
    difference = devoxelize(coords, grid).astype(exact) - xyz.astype(exact, copy=False)
    difference = difference.astype(np.float64, copy=False)
    return float(np.sqrt(np.einsum("ij,ij->i", difference, difference).max()))


def _blocks(num_rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, num_rows, _BLOCK))


def _collect(codes: np.ndarray, grid: Grid) -> Voxels:
    """Sorts the points' codes (N,) into voxels."""
    ordered, order = sort.radix_sort(codes)
    codes, counts = sort.unique(ordered)
    return Voxels(codes, counts, order, depth_of(codes), grid)


def _collect_wide(index: np.ndarray, grid: Grid) -> Voxels:
    """The voxels of indices (N, 3) uint64, with as few lower bits per axis as leave 21 bits."""
    spare = max(int(index.max()).bit_length() - morton.MAX_BITS, 0)
    voxels = _collect(morton.encode((index >> np.uint64(spare)).astype(np.int32)), grid)
    if not spare:
        return voxels
    low = index[voxels.order] & np.uint64((1 << spare) - 1)
    return replace(voxels, low=low, num_low_bits=spare)


def depth_of(codes: np.ndarray) -> int:
    """Bits per axis of codes (V,) uint64, ascending: the largest has the highest bit of all."""
    return (int(codes[-1]).bit_length() + 2) // 3 if len(codes) else 0


def _num_bits(ends: tuple[np.ndarray, np.ndarray], grid: Grid) -> int:
    """Bits of the largest index between the ends of a cloud, whose lowest are the origin."""
    if grid.is_integer:
        return max(int(high) - int(low) for low, high in zip(*ends, strict=True)).bit_length()
    return int(indices(np.stack(ends), grid).max()).bit_length()
