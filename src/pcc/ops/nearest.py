"""For voxels the nearest ones of another set: what became of each where not all were kept.

Both sets are Morton codes. The others' cells of 4^3 voxels are a hash table; where the 27 cells around a voxel hold
nothing that is near enough, their octree is searched. Exact at any distance.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops import morton
from pcc.ops._arrays import check


def nearest(codes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of the codes a nearest of the others.

    Args:
        codes: (N,) uint64 Morton codes below 2^63, in any order; in Morton order it is quicker.
        others: (M,) uint64 below 2^63, strictly ascending, M >= 1.

    Returns:
        ``(rows, squared)``: (N,) int32 rows of ``others`` and (N,) int64 squared distances in voxels.

    Raises:
        TypeError, ValueError: an argument does not fit.
    """
    codes, others = check(codes, "codes", "uint64", (None,)), check(others, "others", "uint64", (None,))
    rows, squared = np.empty(len(codes), np.int32), np.empty(len(codes), np.int64)
    if not len(others) or not _ext.nearest(codes, others, rows, squared):
        raise ValueError("codes, others: expected codes below 2^63, the others strictly ascending, one at least")
    return rows, squared


def nearest_reference(codes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`nearest` from all N x M distances; of those equally near the first row."""
    a, b = (morton.decode(c).astype(np.int64) for c in (codes, others))
    every = ((a[:, None] - b) ** 2).sum(2)
    return every.argmin(1).astype(np.int32), every.min(1)
