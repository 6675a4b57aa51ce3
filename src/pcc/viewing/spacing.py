"""How far apart the points of a surface lie, around each point: what the size of its splat follows.

A cube of edge h that a surface crosses holds about (h / s)^2 points of spacing s. Each point asks the smallest cell of
an octree around it that holds enough points to tell. An estimate for drawing, within about a third: no neighbours are
searched.
"""

from __future__ import annotations

import numpy as np

from pcc.ops import morton
from pcc.ops.sort import radix_sort, unique

ENOUGH = 12  # points of a cell that tell
_BITS = 12  # levels of the octree


def point_spacing(xyz: np.ndarray) -> np.ndarray:
    """(N,) float32 distances between neighbours, in the unit of ``xyz``, (N, 3) finite; 0 if all points are equal.

    Points that share a place, such as those of a decoded cloud on a coarse grid, count as one.
    """
    low = xyz.min(axis=0).astype(np.float64)
    edge = float((xyz.max(axis=0) - low).max())
    found = np.zeros(len(xyz), np.float32)
    if edge == 0:
        return found
    coords = ((xyz - low) * (((1 << _BITS) - 1) / edge)).astype(np.int32)
    ordered, order = radix_sort(morton.encode(coords))
    codes, repeats = unique(ordered)
    found[order] = np.repeat(_cell_spacing(codes, edge), repeats)
    return found


def _cell_spacing(codes: np.ndarray, edge: float) -> np.ndarray:
    """(M,) float32 spacings at M distinct Morton codes, ascending, of a cube of ``edge``."""
    found = np.zeros(len(codes), np.float32)
    for level in range(_BITS, -1, -1):
        cells = codes >> np.uint64(3 * (_BITS - level))
        starts = np.flatnonzero(np.concatenate([[True], cells[1:] != cells[:-1]]))
        counts = np.diff(starts, append=len(codes))
        tells = (counts >= ENOUGH) | (level == 0)
        spacing = np.where(tells, edge / (1 << level) / np.sqrt(counts), 0).astype(np.float32)
        found = np.where(found == 0, np.repeat(spacing, counts), found)
        if found.all():
            break
    return found
