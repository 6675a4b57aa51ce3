"""D1, D2 and Hausdorff distance between two clouds, by the definitions of MPEG's ``pc_error`` 0.14.2.

D1 (point to point) is the mean squared distance to the nearest point of the other cloud; D2 (point to plane) first
projects that distance on a normal. Both are taken in both directions, and the larger counts. PSNR is
10 log10(3 peak^2 / MSE); the peak is the caller's and has no default, because a PSNR without its peak says nothing.

It measures positions only, in the unit of the clouds; colours and reflectance are another matter. Infinite PSNR is
not the test of a lossless codec: ``identical`` and ``same_points`` are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcc.metrics.nearest import Nearest, kd_tree, nearest
from pcc.metrics.normals import estimate_normals, field_normals, transfer_normals
from pcc.pointcloud import PointCloud


@dataclass(frozen=True)
class Distortion:
    """Errors between a reference A and a decoded cloud B, both without duplicates.

    Attributes:
        peak: the peak of the PSNRs, in the clouds' unit.
        d1_mse, d2_mse: the larger of both directions, in the unit squared.
        d1_psnr, d2_psnr: dB; infinite where the MSE is 0.
        d1_mse_ab ... d2_mse_ba: the two directions, A -> B over A's points and B -> A over B's.
        hausdorff, hausdorff_ab, hausdorff_ba: largest *squared* nearest-neighbour distance.
        max_error: its square root, in the clouds' unit.
        num_points_a, num_points_b: points before duplicates were dropped.
        num_unique_a, num_unique_b: points that were measured.
        identical: the two *sets* of positions are equal.
    """

    peak: float
    d1_mse: float
    d1_psnr: float
    d2_mse: float
    d2_psnr: float
    d1_mse_ab: float
    d1_mse_ba: float
    d2_mse_ab: float
    d2_mse_ba: float
    hausdorff: float
    hausdorff_ab: float
    hausdorff_ba: float
    max_error: float
    num_points_a: int
    num_points_b: int
    num_unique_a: int
    num_unique_b: int
    identical: bool


def distortion(a: PointCloud, b: PointCloud, peak: float, normals: np.ndarray | None = None) -> Distortion:
    """Errors of ``b`` against the reference ``a``.

    Args:
        a, b: clouds of at least one point each, in one unit.
        peak: the largest coordinate difference that the format stands for: 2^bits - 1 for dense clouds, 30000 for KITTI
            at 1 mm (30 in metres).
        normals: (N, 3) of ``a``; None takes its fields nx, ny, nz, or estimates them (``normals.py``).

    Raises:
        ValueError: a cloud is empty or not finite, the peak is not positive, or the normals do not fit.
        ImportError: scipy is missing.
    """
    if not (math.isfinite(peak) and peak > 0):
        raise ValueError(f"peak: expected a positive number, got {peak}")
    if normals is None:
        normals = field_normals(a.fields)
    elif np.shape(normals) != (len(a), 3):
        raise ValueError(f"normals: expected shape ({len(a)}, 3), got {np.shape(normals)}")
    points_a, rows = unique_points(a, "a")
    points_b, _ = unique_points(b, "b")
    if np.array_equal(points_a, points_b):
        errors = _Errors(0.0, 0.0, 0.0), _Errors(0.0, 0.0, 0.0)
    else:
        errors = _both_directions(points_a, points_b, None if normals is None else normals[rows])
    return _summary(*errors, peak, (len(a), len(b)), (len(points_a), len(points_b)), np.array_equal(points_a, points_b))


def psnr(mse: float, peak: float) -> float:
    """10 log10(3 peak^2 / mse) in dB; infinite for mse = 0. The 3 is MPEG's: the peak is that of one axis."""
    return 10 * math.log10(3 * peak * peak / mse) if mse > 0 else math.inf


def same_points(a: PointCloud, b: PointCloud) -> bool:
    """Whether both hold the same positions equally often (equal multisets), in any order."""
    return len(a) == len(b) and np.array_equal(a.xyz[_sorted_rows(a.xyz)], b.xyz[_sorted_rows(b.xyz)])


def unique_points(cloud: PointCloud, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The distinct positions (M, 3) float64 in x, y, z order, and for each the row of its first point, (M,).

    Raises:
        ValueError: the cloud is empty or holds a NaN or an infinity.
    """
    if len(cloud) == 0:
        raise ValueError(f"{name}: expected at least one point, got an empty cloud")
    xyz = cloud.xyz.astype(np.float64)
    if not np.isfinite(xyz).all():
        raise ValueError(f"{name}: expected finite positions, got NaN or infinity")
    rows = _sorted_rows(xyz)
    xyz = xyz[rows]
    new = np.ones(len(xyz), bool)
    new[1:] = (xyz[1:] != xyz[:-1]).any(axis=1)
    return xyz[new], rows[new]


def _sorted_rows(xyz: np.ndarray) -> np.ndarray:
    return np.lexsort((xyz[:, 2], xyz[:, 1], xyz[:, 0]))


@dataclass(frozen=True)
class _Errors:
    """One direction."""

    d1: float
    d2: float
    largest: float


def _both_directions(a: np.ndarray, b: np.ndarray, normals: np.ndarray | None) -> tuple[_Errors, _Errors]:
    tree_a, tree_b = kd_tree(a), kd_tree(b)
    a_to_b, b_to_a = nearest(tree_b, a), nearest(tree_a, b)
    if normals is None:
        normals = estimate_normals(tree_a)
    return (
        _direction(a, b, a_to_b, transfer_normals(normals, a_to_b, b_to_a)),
        _direction(b, a, b_to_a, normals),
    )


def _direction(source: np.ndarray, target: np.ndarray, found: Nearest, normals: np.ndarray) -> _Errors:
    """Errors from ``source`` to ``target``, projected on the target's normals."""
    offsets = source[found.queries] - target[found.rows]
    projected = (offsets * normals[found.rows]).sum(axis=1) ** 2
    return _Errors(float(found.squared.mean()), float(found.mean(projected).mean()), float(found.squared.max()))


def _summary(
    ab: _Errors, ba: _Errors, peak: float, points: tuple[int, int], unique: tuple[int, int], identical: bool
) -> Distortion:
    d1, d2, largest = max(ab.d1, ba.d1), max(ab.d2, ba.d2), max(ab.largest, ba.largest)
    return Distortion(
        peak=peak, d1_mse=d1, d1_psnr=psnr(d1, peak), d2_mse=d2, d2_psnr=psnr(d2, peak),
        d1_mse_ab=ab.d1, d1_mse_ba=ba.d1, d2_mse_ab=ab.d2, d2_mse_ba=ba.d2,
        hausdorff=largest, hausdorff_ab=ab.largest, hausdorff_ba=ba.largest, max_error=math.sqrt(largest),
        num_points_a=points[0], num_points_b=points[1], num_unique_a=unique[0], num_unique_b=unique[1],
        identical=identical,
    )  # fmt: skip
