"""The colours of clouds: their own, those of a field, of the height, or of the error against a reference.

Clouds that are shown together share one scale, so that a colour means the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcc.metrics.nearest import kd_tree
from pcc.metrics.packed_colours import is_packed, unpacked
from pcc.pointcloud import PointCloud
from pcc.viewing.colour_map import Scale, paint, span

RGB = ("red", "green", "blue")


def colours(clouds: Sequence[PointCloud], field: str | None, upright: int) -> tuple[list[np.ndarray], Scale | None]:
    """(N, 3) uint8 colours of each cloud, and their scale; None where the colours are the clouds' own.

    Args:
        field: a field's name; None takes red, green and blue where all clouds have them, packed into ``rgb`` or
            ``rgba`` too, else the height.
        upright: 0, 1 or 2, the axis of the height.

    Raises:
        ValueError: a cloud has no such field, or several numbers a point in it.
    """
    coloured = [unpacked(cloud) for cloud in clouds]
    own = field is None or all(is_packed(cloud, field) for cloud in clouds)
    if own and all(name in cloud.fields for cloud in coloured for name in RGB):
        return [own_colours(cloud) for cloud in coloured], None
    values = [cloud.xyz[:, upright] if field is None else _field(cloud, field) for cloud in clouds]
    scale = span(f"height ({'xyz'[upright]})" if field is None else field, np.concatenate(values).astype(np.float64))
    return [paint(v, scale) for v in values], scale


def own_colours(cloud: PointCloud) -> np.ndarray:
    """(N, 3) uint8 of the fields red, green and blue: bytes, wider integers of 16 bits, or floats from 0 to 1."""
    values = np.stack([_field(cloud, name) for name in RGB], axis=1)
    if values.dtype.kind == "f" and np.nanmax(values, initial=0) <= 1:
        values = values * 255
    elif values.dtype.kind in "iu" and values.max(initial=0) > 255:
        values = values / 257
    return np.rint(np.clip(np.nan_to_num(values.astype(np.float64)), 0, 255)).astype(np.uint8)


def errors(cloud: PointCloud, reference: PointCloud) -> np.ndarray:
    """(N,) float64: the distance of each point of ``cloud`` to the nearest of ``reference``, in their unit.

    One direction only, cloud to reference: a point of the reference that is missing in the cloud has no colour.

    Raises:
        ImportError: pykdtree is missing; the message names the extra.
    """
    points = cloud.xyz.astype(np.float64)
    tree = kd_tree(reference.xyz.astype(np.float64))
    nearest = tree.points[tree.query(points, 1)[1][:, 0]]
    return np.sqrt(((points - nearest) ** 2).sum(axis=1))


def error_colours(distances: np.ndarray, label: str) -> tuple[np.ndarray, Scale]:
    """(N, 3) uint8 of (N,) distances, and their scale: from 0 to the largest, so that the worst point stands out."""
    scale = Scale(label, 0.0, float(distances.max(initial=0)))
    return paint(distances, scale), scale


def _field(cloud: PointCloud, name: str) -> np.ndarray:
    """(N,) values."""
    if name not in cloud.fields:
        there = ", ".join(cloud.fields) or "no fields"
        raise ValueError(f"field: expected one of the cloud's, got {name!r}; it has {there}")
    values = cloud.fields[name]
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"field: expected one number a point, {name!r} has {values.shape[1]}")
    return values
