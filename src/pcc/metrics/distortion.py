"""Errors between two clouds by the definitions of MPEG's ``pc_error`` 0.14.2: D1, D2, Hausdorff, colour, reflectance.

D1 (point to point) is the mean squared distance to the nearest point of the other cloud; D2 (point to plane) first
projects that distance on a normal; colours and reflectance compare those of the nearest points (``attributes.py``). All
are taken in both directions, and the larger counts. PSNR of positions is 10 log10(3 peak^2 / MSE); the peak is the
caller's and has no default, because a PSNR without its peak says nothing.

Infinite PSNR is not the test of a lossless codec: ``identical`` and ``same_points`` are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcc.geometry.near import psnr
from pcc.metrics.attributes import (
    Attributes,
    attribute_psnr,
    colour_mse,
    read_attributes,
    reflectance_mse,
    reflectance_peak,
)
from pcc.metrics.nearest import Nearest, kd_tree, nearest, themselves
from pcc.metrics.normals import estimate_normals, field_normals, transfer_normals
from pcc.metrics.unique import unique_points
from pcc.pointcloud import PointCloud


@dataclass(frozen=True)
class Distortion:
    """Errors between a reference A and a decoded cloud B, both without duplicates.

    Attributes:
        peak: the peak of the PSNRs of positions, in the clouds' unit.
        d1_mse, d2_mse: the larger of both directions, in the unit squared.
        d1_psnr, d2_psnr: dB; infinite where the MSE is 0.
        d1_mse_ab ... d2_mse_ba: the two directions, A -> B over A's points and B -> A over B's.
        hausdorff, hausdorff_ab, hausdorff_ba: largest *squared* nearest-neighbour distance.
        d2_hausdorff: the largest squared projected distance, both directions.
        max_error: square root of ``hausdorff``, in the clouds' unit: the worst point.
        bound, within: a distance asked for, and the smaller of both directions' shares of points no farther than it.
        y_psnr, u_psnr, v_psnr: dB of BT.709 YCbCr in [0, 1] with peak 1, each the smaller of both directions; None
            where a cloud has no colours.
        reflectance_psnr, reflectance_mse, reflectance_peak: the same of the reflectance; None where a cloud has none.
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
    d2_hausdorff: float
    max_error: float
    bound: float | None
    within: float | None
    y_psnr: float | None
    u_psnr: float | None
    v_psnr: float | None
    reflectance_psnr: float | None
    reflectance_mse: float | None
    reflectance_peak: float | None
    num_points_a: int
    num_points_b: int
    num_unique_a: int
    num_unique_b: int
    identical: bool


def distortion(
    a: PointCloud,
    b: PointCloud,
    peak: float,
    normals: np.ndarray | None = None,
    *,
    bound: float | None = None,
    peak_of_reflectance: float | None = None,
) -> Distortion:
    """Errors of ``b`` against the reference ``a``.

    Args:
        a, b: clouds of at least one point each, in one unit.
        peak: the largest coordinate difference that the format stands for: 2^bits - 1 for dense clouds, 30000 for KITTI
            at 1 mm (30 in metres).
        normals: (N, 3) of ``a``; None takes its fields nx, ny, nz, or estimates them (``normals.py``).
        bound: a distance of which is said how many points keep it.
        peak_of_reflectance: None takes the largest value of the dtype (65535 for ``pc_error``'s uint16), 1 for floats.

    Raises:
        ValueError: a cloud is empty, it or its reflectance is not finite, a peak not positive, or normals do not fit.
        ImportError: pykdtree is missing.
    """
    for name, value in (("peak", peak), ("bound", bound), ("peak_of_reflectance", peak_of_reflectance)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name}: expected a positive number, got {value}")
    unique_a, unique_b = unique_points(a, "a"), unique_points(b, "b")
    if normals is None:
        normals = field_normals(a.fields)
    else:
        normals = np.asarray(normals, np.float64)
        if normals.shape != (len(a), 3):
            raise ValueError(f"normals: expected shape ({len(a)}, 3), got {normals.shape}")
    if normals is not None and not np.isfinite(normals).all():
        raise ValueError("normals: expected finite values, got NaN or infinity")
    of_a, of_b = read_attributes(a, unique_a), read_attributes(b, unique_b)
    identical = np.array_equal(unique_a.points, unique_b.points)
    if identical:
        a_to_b = b_to_a = themselves(unique_a.points)
        normals_a = normals_b = np.zeros((len(unique_a.points), 3))  # no error to project
    else:
        tree_a, tree_b = kd_tree(unique_a.points), kd_tree(unique_b.points)
        a_to_b, b_to_a = nearest(tree_b, unique_a.points), nearest(tree_a, unique_b.points)
        normals_a = estimate_normals(tree_a) if normals is None else unique_a.first(normals)
        normals_b = transfer_normals(normals_a, a_to_b, b_to_a)
    ab = _direction(unique_a.points, unique_b.points, a_to_b, normals_b, of_a, of_b, bound)
    ba = _direction(unique_b.points, unique_a.points, b_to_a, normals_a, of_b, of_a, bound)
    reflectance = peak_of_reflectance or reflectance_peak(a)
    num_points = len(a), len(b), len(unique_a.points), len(unique_b.points)
    return _summary(ab, ba, peak, bound, reflectance, num_points, identical)


def same_points(a: PointCloud, b: PointCloud) -> bool:
    """Whether both hold the same positions equally often (equal multisets), in any order."""
    if len(a) != len(b):
        return False
    rows_a, rows_b = (np.lexsort(cloud.xyz.T[::-1]) for cloud in (a, b))
    return np.array_equal(a.xyz[rows_a], b.xyz[rows_b])


def same_fields(a: PointCloud, b: PointCloud) -> bool:
    """Whether clouds of the same points (`same_points`) carry the same fields at them, bit for bit, in any order."""
    if set(a.fields) != set(b.fields):
        return False
    columns = []
    for cloud in (a, b):
        values = [cloud.fields[name].reshape(len(cloud), -1) for name in sorted(a.fields)]
        bits = [column for value in values for column in value.view(f"u{value.dtype.itemsize}").T]
        columns.append([*bits, *cloud.xyz.astype(np.float64).T])
    rows_a, rows_b = (np.lexsort(keys) for keys in columns)
    return all(np.array_equal(x[rows_a], y[rows_b]) for x, y in zip(*columns, strict=True))


@dataclass(frozen=True)
class _Errors:
    """One direction; None where there is nothing to compare."""

    d1: float
    d2: float
    largest: float
    largest_d2: float
    within: float | None
    colour: np.ndarray | None
    reflectance: float | None


def _direction(
    source: np.ndarray,
    target: np.ndarray,
    found: Nearest,
    normals: np.ndarray,
    of_source: Attributes,
    of_target: Attributes,
    bound: float | None,
) -> _Errors:
    """Errors from ``source`` to ``target``, projected on the target's normals."""
    offsets = source[found.queries] - target[found.rows]
    projected = found.mean((offsets * normals[found.rows]).sum(axis=1) ** 2)
    colours = reflectance = None
    if of_source.colours is not None and of_target.colours is not None:
        colours = colour_mse(of_source.colours, of_target.colours, found)
    if of_source.reflectance is not None and of_target.reflectance is not None:
        reflectance = reflectance_mse(of_source.reflectance, of_target.reflectance, found)
    return _Errors(
        d1=float(found.squared.mean()),
        d2=float(projected.mean()),
        largest=float(found.squared.max()),
        largest_d2=float(projected.max()),
        within=None if bound is None else float((np.sqrt(found.squared) <= bound).mean()),  # as max_error says
        colour=colours,
        reflectance=reflectance,
    )


def _summary(
    ab: _Errors,
    ba: _Errors,
    peak: float,
    bound: float | None,
    reflectance_peak: float | None,
    num_points: tuple[int, int, int, int],
    identical: bool,
) -> Distortion:
    d1, d2, largest = max(ab.d1, ba.d1), max(ab.d2, ba.d2), max(ab.largest, ba.largest)
    colours = [None] * 3 if ab.colour is None or ba.colour is None else np.maximum(ab.colour, ba.colour).tolist()
    reflectance = None if ab.reflectance is None or ba.reflectance is None else max(ab.reflectance, ba.reflectance)
    y, u, v = (attribute_psnr(mse, 1.0) for mse in colours)
    return Distortion(
        peak=peak, d1_mse=d1, d1_psnr=psnr(d1, peak), d2_mse=d2, d2_psnr=psnr(d2, peak),
        d1_mse_ab=ab.d1, d1_mse_ba=ba.d1, d2_mse_ab=ab.d2, d2_mse_ba=ba.d2,
        hausdorff=largest, hausdorff_ab=ab.largest, hausdorff_ba=ba.largest,
        d2_hausdorff=max(ab.largest_d2, ba.largest_d2), max_error=math.sqrt(largest),
        bound=bound, within=None if ab.within is None or ba.within is None else min(ab.within, ba.within),
        y_psnr=y, u_psnr=u, v_psnr=v,
        reflectance_psnr=attribute_psnr(reflectance, reflectance_peak), reflectance_mse=reflectance,
        reflectance_peak=None if reflectance is None else reflectance_peak,
        num_points_a=num_points[0], num_points_b=num_points[1],
        num_unique_a=num_points[2], num_unique_b=num_points[3], identical=identical,
    )  # fmt: skip
