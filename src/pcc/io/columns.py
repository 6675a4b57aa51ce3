"""Shared by the formats: columns of a table to a PointCloud, and the fields that a format can hold.

It knows no format; each format hands in its named columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.pointcloud import PointCloud

AXES = ("x", "y", "z")


def native(array: np.ndarray) -> np.ndarray:
    """A contiguous copy in this machine's byte order: byte order belongs to the file, not to the values."""
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def _shortened(name: str) -> str:
    return name if len(name) <= 100 else f"{name[:100]}..."


def cloud_from_columns(columns: Mapping[str, np.ndarray], source: object) -> PointCloud:
    """A cloud from columns x, y, z ((N,) each, one common dtype results) and fields ((N,) or (N, K)).

    Raises:
        InvalidCloud: x, y or z is missing, or is not a number per point.
    """
    missing = [axis for axis in AXES if axis not in columns]
    if missing:
        raise InvalidCloud(f"{source}: expected columns x, y, z; {', '.join(missing)} missing among {list(columns)}")
    positions = [columns[axis] for axis in AXES]
    if any(axis.ndim != 1 for axis in positions):
        raise InvalidCloud(f"{source}: expected one value of x, y and z per point")
    xyz = np.stack(positions, axis=1).astype(np.result_type(*positions).newbyteorder("="), copy=False)
    return PointCloud(xyz, {name: native(values) for name, values in columns.items() if name not in AXES})


def holdable(
    cloud: PointCloud, problem: Callable[[str, np.ndarray], str | None], drop_unsupported: bool
) -> dict[str, np.ndarray]:
    """The fields that a format holds; ``problem`` names what is wrong with a field, or gives None.

    Raises:
        UnsupportedField: a field has a problem and ``drop_unsupported`` is False.
    """
    kept = {}
    for name, values in cloud.fields.items():
        what = problem(name, values)
        if what is None:
            kept[name] = values
        elif not drop_unsupported:
            described = f"field {_shortened(name)!r} ({values.dtype}, shape {values.shape})"
            raise UnsupportedField(f"{described}: {what}; leave it out (--drop-unsupported) or use another format")
    return kept
