"""Positions that are no numbers: steps and origins that are valid each may lead beyond what a dtype can hold."""

from __future__ import annotations

import numpy as np

from pcc.geometry.grid import Grid, devoxelize
from pcc.ops import morton


def all_finite(codes: np.ndarray, grid: Grid, depth: int) -> bool:
    """Whether the voxels' positions are finite.

    Where both ends of the cube are, all are: no voxel is looked at.

    Args:
        codes: (V,) uint64 Morton codes below 8^depth.
    """
    if grid.dtype.kind != "f":
        return True
    with np.errstate(over="ignore"):
        ends = devoxelize(np.array([[0, 0, 0], [(1 << depth) - 1] * 3], np.int32), grid)
        return bool(np.isfinite(ends).all() or np.isfinite(devoxelize(morton.decode(codes), grid)).all())
