"""Voxels of one cloud near those of another: what became of each where not all voxels were kept.

Clouds are sorted Morton codes. Shell after shell of offsets is looked up for the voxels that have found none yet. Those
that find none within `REACH` get the nearest of some that are near in Morton order, on grids that are shifted.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from pcc.ops import morton, sort

REACH = 3  # voxels, of the ball that is searched
_SHIFTS = (0, 341, 682)  # of grids, on each axis
_WINDOW = 8  # codes before and after


def nearest(codes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of the codes a nearest of the others.

    Args:
        codes: (N,) uint64 Morton codes, of at most 20 bits an axis.
        others: (M,) uint64, strictly ascending, at least one.

    Returns:
        ``(rows, squared)``: (N,) int64 rows of ``others`` and (N,) int64 squared distances in voxels. Exact up to
        ``REACH``; beyond, one that is no nearer than the nearest.
    """
    rows = np.minimum(np.searchsorted(others, codes), len(others) - 1)
    squared = np.where(others[rows] == codes, 0, -1).astype(np.int64)
    left = np.flatnonzero(squared < 0)
    coords = morton.decode(codes[left])
    for distance, offset in _offsets():
        if not len(left):
            break
        there = coords + offset
        inside = (there >= 0).all(1)
        wanted = morton.encode(np.where(inside[:, None], there, 0))
        at = np.minimum(np.searchsorted(others, wanted), len(others) - 1)
        found = inside & (others[at] == wanted)
        rows[left[found]], squared[left[found]] = at[found], distance
        left, coords = left[~found], coords[~found]
    if len(left):
        rows[left], squared[left] = _near_in_order(coords, morton.decode(others))
    return rows, squared


def d1(codes: np.ndarray, others: np.ndarray) -> float:
    """The larger of the mean squared distances in voxels from one to the other, of ascending codes, both not empty."""
    return float(max(nearest(codes, others)[1].mean(), nearest(others, codes)[1].mean()))


def _near_in_order(coords: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N,) of others (M, 3) for coords (N, 3), and squared distances."""
    rows, squared = np.zeros(len(coords), np.int64), np.full(len(coords), np.iinfo(np.int64).max)
    for shift in _SHIFTS:
        codes, order = sort.radix_sort(morton.encode(others + np.int32(shift)))
        places = np.searchsorted(codes, morton.encode(coords + np.int32(shift)))
        for step in range(-_WINDOW, _WINDOW):
            candidates = order[np.clip(places + step, 0, len(codes) - 1)]
            away = ((coords.astype(np.int64) - others[candidates]) ** 2).sum(1)
            closer = away < squared
            rows[closer], squared[closer] = candidates[closer], away[closer]
    return rows, squared


@cache
def _offsets() -> tuple[tuple[int, np.ndarray], ...]:
    """Squared distances and offsets (3,) int32, nearest first."""
    steps = np.arange(-REACH, REACH + 1, dtype=np.int32)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    squared = (grid**2).sum(1)
    order = np.argsort(squared, kind="stable")[1:]
    return tuple((int(squared[i]), grid[i]) for i in order if squared[i] <= REACH**2)
