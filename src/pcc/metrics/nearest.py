"""Nearest neighbours with all their ties, for the distortion metrics.

``pc_error`` averages over every neighbour that is equally near, so one neighbour a point is not enough; on integer
grids most points have several. Brute facts only: no normals, no means. The search is pykdtree's: exact, and of integers
to the last bit, since it gives squared distances. ``pc_error`` subtracts in float32: on decimal lattices (metres in
steps of 1 mm) its rounding parts neighbours that tie here, and the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcc.extras import install

TOLERANCE = 1e-8  # neighbours in a chain of squared distances that rise by less tie (pc_error 0.14.2)
MAX_TIES = 30  # pc_error 0.14.2 looks no further; which 30 of more is the tree's choice
_STAGES = (2, 5, MAX_TIES)  # neighbours asked for; the next only where all of them tie
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Nearest:
    """The nearest rows of a target for N queries.

    Attributes:
        squared: (N,) float64, squared distance to the nearest row.
        queries: (T,) int64, rising; queries[t] and rows[t] are one equidistant pair, T >= N.
        rows: (T,) int64, rows of the target.
        exact: (T,) bool: equal to ``squared`` to the last bit, not just within the tolerance.
    """

    squared: np.ndarray
    queries: np.ndarray
    rows: np.ndarray
    exact: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(N,) or (N, K) means over each query's pairs of ``values``, (T,) or (T, K) float64."""
        return group_mean(self.queries, values, len(self.squared))

    def first(self) -> np.ndarray:
        """(N,) for each query one of its nearest rows: the lowest of those found."""
        starts = np.flatnonzero(np.diff(self.queries, prepend=-1))
        return np.minimum.reduceat(self.rows, starts)


def group_mean(groups: np.ndarray, values: np.ndarray, num_groups: int) -> np.ndarray:
    """Mean of ``values`` ((T,) or (T, K)) in each of ``num_groups`` groups; 0 for a group without values."""
    counts = np.maximum(np.bincount(groups, minlength=num_groups), 1)
    if values.ndim == 1:
        return np.bincount(groups, values, num_groups) / counts
    return np.stack([np.bincount(groups, column, num_groups) / counts for column in values.T], axis=1)


@dataclass(frozen=True)
class Tree:
    """A kd-tree over (M, 3) float64 ``points``."""

    points: np.ndarray
    index: Any

    def query(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and rows, (N, k) both, of the k nearest points, nearest first; k is at most M."""
        squared, rows = self.index.query(queries, k=k, sqr_dists=True)
        return squared.reshape(len(queries), k), rows.reshape(len(queries), k)


def kd_tree(points: np.ndarray) -> Tree:
    """A kd-tree over (M, 3) float64 points.

    Raises:
        ImportError: pykdtree is missing; the message names the extra.
    """
    try:
        from pykdtree.kdtree import KDTree
    except ImportError as error:
        raise ImportError(f"distances need pykdtree: {install('eval')}") from error
    points = np.ascontiguousarray(points)
    return Tree(points, KDTree(points))


def themselves(points: np.ndarray) -> Nearest:
    """Every one of N distinct points nearest to itself."""
    rows = np.arange(len(points))
    return Nearest(np.zeros(len(points)), rows, rows, np.ones(len(points), bool))


def nearest(tree: Tree, queries: np.ndarray) -> Nearest:
    """All nearest points of ``tree`` (over unique points) for ``queries`` (N, 3) float64; N >= 1."""
    parts = [_nearest(tree, queries[start : start + _CHUNK]) for start in range(0, len(queries), _CHUNK)]
    return Nearest(
        squared=np.concatenate([part.squared for part in parts]),
        queries=np.concatenate([part.queries + i * _CHUNK for i, part in enumerate(parts)]),
        rows=np.concatenate([part.rows for part in parts]),
        exact=np.concatenate([part.exact for part in parts]),
    )


def _nearest(tree: Tree, queries: np.ndarray) -> Nearest:
    """One chunk: two neighbours for all, more where those found all tie. The last stage settles what is left."""
    num_points = len(tree.points)
    squared = np.empty(len(queries))
    undecided, found = np.arange(len(queries)), []
    for k in sorted({min(k, num_points) for k in _STAGES}):
        distances, rows = tree.query(queries[undecided], k)
        squared[undecided] = distances[:, 0]
        tied = _tied(distances)
        done = ~tied[:, -1] if k < min(MAX_TIES, num_points) else np.ones(len(undecided), bool)
        which, column = np.nonzero(tied & done[:, None])
        exact = distances[which, column] == distances[which, 0]
        found.append((undecided[which], rows[which, column], exact))
        undecided = undecided[~done]
    asked, rows, exact = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(asked, kind="stable")
    return Nearest(squared, asked[order], rows[order], exact[order])


def _tied(distances: np.ndarray) -> np.ndarray:
    """(n, k) bool: whether a chain of steps below the tolerance leads there from the first (pc_error 0.14.2)."""
    steps = np.abs(np.diff(distances, axis=1, prepend=distances[:, :1]))
    return np.logical_and.accumulate(steps < TOLERANCE, axis=1)
