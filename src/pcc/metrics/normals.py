"""Normals of a reference cloud: from its fields, or estimated; and their transfer to a decoded cloud.

A decoded cloud has no normals of its own, so point-to-plane error borrows the reference's by the rule of
``pc_error`` 0.14.2. Estimation is principal component analysis over the 16 nearest points, the point itself
included; the sign makes the normal point along (1, sqrt 2, sqrt 3), a direction that no plane of a lattice contains.
That is repeatable, not an orientation: inside and outside are not told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pcc.metrics.nearest import Nearest, Tree, group_mean
from pcc.ops import num_threads

NUM_NEIGHBOURS = 16
_HALF_SPACE = np.sqrt([1.0, 2.0, 3.0])
_CHUNK = 1 << 16


def field_normals(fields: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """(N, 3) float64 normals of the fields nx, ny, nz, or None where one is missing."""
    if not all(name in fields for name in ("nx", "ny", "nz")):
        return None
    return np.stack([fields[name] for name in ("nx", "ny", "nz")], axis=1).astype(np.float64)


def estimate_normals(tree: Tree) -> np.ndarray:
    """(M, 3) float64 unit normals of the points of a kd-tree; (0, 0, 1) where fewer than three points make no plane."""
    num_points = len(tree.points)
    k = min(NUM_NEIGHBOURS, num_points)
    if k < 3:
        return np.tile([0.0, 0.0, 1.0], (num_points, 1))
    with ThreadPoolExecutor(max(1, num_threads())) as pool:
        planes = []
        for start in range(0, num_points, _CHUNK):
            points = tree.points[start : start + _CHUNK]
            planes.append(pool.submit(_normals, tree.points, points, tree.query(points, k)[1]))
        return np.concatenate([plane.result() for plane in planes])


def _normals(points: np.ndarray, centres: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(n, 3) normals of the planes through ``rows`` ((n, k)) of ``points`` around ``centres`` (n, 3)."""
    offsets = points[rows] - centres[:, None]  # near zero: no cancellation far from the origin
    offsets -= offsets.mean(axis=1, keepdims=True)
    x, y, z = (np.ascontiguousarray(offsets[:, :, axis]) for axis in range(3))
    products = [np.einsum("ij,ij->i", u, v) for u, v in ((x, x), (x, y), (x, z), (y, y), (y, z), (z, z))]
    normals = smallest_eigenvectors(*products)
    return np.where((normals @ _HALF_SPACE < 0)[:, None], -normals, normals)


def smallest_eigenvectors(
    xx: np.ndarray, xy: np.ndarray, xz: np.ndarray, yy: np.ndarray, yz: np.ndarray, zz: np.ndarray
) -> np.ndarray:
    """(n, 3) unit eigenvectors of the smallest eigenvalues of n symmetric matrices, given by their entries, (n,) each.

    In closed form (O. K. Smith, "Eigenvalues of a symmetric 3 x 3 matrix", 1961), which is some times faster than
    LAPACK on many small matrices: the eigenvalue by an arc cosine, the vector as the longest of the cross products of
    the rows of A - lambda. (0, 0, 1) where all products vanish, as for points in a line.
    """
    mean = (xx + yy + zz) / 3
    a, d, f = xx - mean, yy - mean, zz - mean
    spread = np.sqrt((a * a + d * d + f * f + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
    scale = np.where(spread > 0, spread, 1)
    determinant = a * (d * f - yz * yz) - xy * (xy * f - yz * xz) + xz * (xy * yz - d * xz)
    angle = np.arccos(np.clip(determinant / scale**3 / 2, -1, 1)) / 3
    shift = 2 * spread * np.cos(angle + 2 * np.pi / 3)  # the smallest eigenvalue less the mean
    a, d, f = a - shift, d - shift, f - shift
    candidates = np.stack(
        [
            np.stack([xy * yz - xz * d, xz * xy - a * yz, a * d - xy * xy], axis=1),
            np.stack([xy * f - xz * yz, xz * xz - a * f, a * yz - xy * xz], axis=1),
            np.stack([d * f - yz * yz, yz * xz - xy * f, xy * yz - d * xz], axis=1),
        ]
    )
    lengths = (candidates**2).sum(axis=2)
    longest, best = lengths.max(axis=0), lengths.argmax(axis=0)
    chosen = candidates[best, np.arange(len(best))]
    flat = longest > (1e-7 * scale) ** 4
    return np.where(flat[:, None], chosen / np.sqrt(np.where(flat, longest, 1))[:, None], [0.0, 0.0, 1.0])


def transfer_normals(normals: np.ndarray, a_to_b: Nearest, b_to_a: Nearest) -> np.ndarray:
    """Normals of B from those of A: (M, 3) float64, means that are not normalised again.

    Each point of A adds its normal to all its nearest points of B; a point of B that none reaches takes the mean
    of its own nearest points of A. Nearest means equal to the last bit here, as in ``pc_error``: its tolerance is
    for errors only.

    Args:
        normals: (N, 3) float64, of A.
        a_to_b: the nearest points of B for the N points of A.
        b_to_a: the nearest points of A for the M points of B.
    """
    num_b = len(b_to_a.squared)
    queries, rows = a_to_b.queries[a_to_b.exact], a_to_b.rows[a_to_b.exact]
    given = group_mean(rows, normals[queries], num_b)
    reached = np.zeros(num_b, bool)
    reached[rows] = True
    own = group_mean(b_to_a.queries[b_to_a.exact], normals[b_to_a.rows[b_to_a.exact]], num_b)
    return np.where(reached[:, None], given, own)
