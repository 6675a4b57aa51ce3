"""Distinct positions of a cloud, in x, y, z order, and which points share them: what ``pc_error`` measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.ops.sort import radix_sort
from pcc.pointcloud import PointCloud

_BITS = 21  # an axis of a key that fits 64 bits


@dataclass(frozen=True)
class Unique:
    """The distinct positions of N points.

    Attributes:
        points: (M, 3) float64, rising by x, then y, then z.
        rows: (N,) rows of the cloud, those of one position together, in their order in the cloud.
        starts: (M,) where each position begins in ``rows``.
    """

    points: np.ndarray
    rows: np.ndarray
    starts: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(M, ...) means of ``values`` ((N, ...)) over the points of a position; those of integers lose their fraction.

        That is the rule of ``pc_error`` (--dropdups=2).
        """
        if len(self.starts) == len(self.rows):
            return values[self.rows]
        wide = values.astype(np.int64 if values.dtype.kind in "biu" else np.float64)[self.rows]
        counts = np.diff(self.starts, append=len(self.rows)).reshape(-1, *[1] * (values.ndim - 1))
        sums = np.add.reduceat(wide, self.starts, axis=0)
        return sums // counts if wide.dtype.kind == "i" else sums / counts

    def first(self, values: np.ndarray) -> np.ndarray:
        """(M, ...) of ``values``: that of the first point of each position."""
        return values[self.rows[self.starts]]


def unique_points(cloud: PointCloud, name: str) -> Unique:
    """The distinct positions of ``cloud``, which errors call ``name``.

    Raises:
        ValueError: the cloud is empty or holds a NaN or an infinity.
    """
    if len(cloud) == 0:
        raise ValueError(f"{name}: expected at least one point, got an empty cloud")
    xyz = cloud.xyz.astype(np.float64)
    if not np.isfinite(xyz).all():
        raise ValueError(f"{name}: expected finite positions, got NaN or infinity")
    rows = sorted_rows(xyz)
    points = xyz[rows]
    new = np.ones(len(points), bool)
    new[1:] = (points[1:] != points[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    return Unique(points if len(starts) == len(points) else points[starts], rows, starts)


def sorted_rows(xyz: np.ndarray) -> np.ndarray:
    """(N,) rows of ``xyz``, (N, 3) finite float64, by x, y, z; equal rows keep their order."""
    low, high = xyz.min(0), xyz.max(0)
    if (high - low).max() < 1 << _BITS:
        offsets = (xyz - low).astype(np.uint64)
        if np.array_equal(offsets + low, xyz):  # a grid of whole steps: one key of 63 bits
            keys = (offsets[:, 0] << np.uint64(2 * _BITS)) | (offsets[:, 1] << np.uint64(_BITS)) | offsets[:, 2]
            return radix_sort(keys)[1].astype(np.int64)
    rows = np.argsort(xyz[:, 0], kind="stable")
    first = xyz[rows, 0]
    if (first[1:] > first[:-1]).all():  # floats on no grid: x alone tells them apart
        return rows
    return np.lexsort((xyz[:, 2], xyz[:, 1], xyz[:, 0]))
