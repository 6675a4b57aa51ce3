"""Positions as whole numbers for foreign codecs, and the side information that leads back: grid step and data type.

Programs such as Draco know integers in a cube; what turns these back into metres has to travel too, or the decoder
would be handed the encoder's data. With an origin it takes 43 bytes, not compressed: 0.003 bpp of a LiDAR frame. A
codec that keeps the origin itself puts a record of the rest into its JSON.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from pcc.errors import AnchorError, Unsuitable
from pcc.geometry.voxels import Grid, own_step

_LAYOUT = struct.Struct("<dd3q3s")
GRID_BYTES = _LAYOUT.size


def pack_grid(grid: Grid) -> bytes:
    """``grid`` as ``GRID_BYTES`` bytes."""
    return _LAYOUT.pack(grid.num, grid.den, *grid.origin, np.dtype(grid.dtype).str.encode().ljust(3))


def unpack_grid(data: bytes) -> Grid:
    """The grid in the first bytes of ``data``.

    Raises:
        AnchorError: ``data`` is too short or holds no data type.
    """
    if len(data) < GRID_BYTES:
        raise AnchorError(f"expected {GRID_BYTES} bytes of side information, got {len(data)}")
    num, den, *origin, dtype = _LAYOUT.unpack(data[:GRID_BYTES])
    try:
        return Grid(num, den, (origin[0], origin[1], origin[2]), _coordinate_dtype(dtype.decode("ascii").strip()))
    except (TypeError, ValueError) as error:
        raise AnchorError(f"the side information holds no grid: {error}") from error


def whole_numbers(xyz: np.ndarray, voxel_size: float | None) -> tuple[np.ndarray, Grid]:
    """(N, 3) float64 whole numbers, in the points' order, that times the grid's step are the positions.

    The grid has no origin: index 0 is coordinate 0, so that a sensor stays where it is.

    Raises:
        Unsuitable: a position is not finite, or the cloud lies on no grid and no voxel size is given.
    """
    if not np.isfinite(xyz).all():
        raise Unsuitable("expected finite positions, got NaN or infinity")
    step = (voxel_size, 1.0) if voxel_size else own_step(xyz)
    if step is None:
        raise Unsuitable("the cloud lies on no grid; give voxel_size")
    grid = Grid(step[0], step[1], (0, 0, 0), xyz.dtype)
    return np.floor(xyz.astype(np.float64) * grid.den / grid.num + 0.5), grid


def coordinates(steps: np.ndarray, grid: Grid) -> np.ndarray:
    """(N, 3) of the grid's dtype: ``steps`` ((N, 3), whole or not) times its step; integers rounded and clipped."""
    values = steps.astype(np.float64) * grid.num / grid.den
    if grid.dtype.kind == "f":
        return values.astype(grid.dtype)
    low, high = (0, 1) if grid.dtype.kind == "b" else (np.iinfo(grid.dtype).min, np.iinfo(grid.dtype).max)
    return np.clip(np.rint(values), low, high).astype(grid.dtype)


def grid_record(grid: Grid) -> list[Any]:
    """``grid`` without its origin, for JSON."""
    return [grid.num, grid.den, grid.dtype.str]


def read_grid_record(record: Any) -> Grid:
    """What ``grid_record`` wrote.

    Raises:
        ValueError, TypeError: it is none.
    """
    num, den, dtype = record
    return Grid(float(num), float(den), (0, 0, 0), _coordinate_dtype(dtype))


def _coordinate_dtype(name: Any) -> np.dtype:
    dtype = np.dtype(str(name))
    if dtype.kind not in "biuf":
        raise ValueError(f"expected a numeric data type, got {name!r}")
    return dtype
