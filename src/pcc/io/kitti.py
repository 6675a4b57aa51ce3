"""Raw ``.bin``: float32 without a header, some columns per point. KITTI's x, y, z and intensity, unless another layout
is given or recognised (`pcc.io.raw_columns`).

An empty file is an empty cloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io.columns import AXES, holdable
from pcc.io.limits import ReaderLimits
from pcc.io.raw_columns import LAYOUTS, NUSCENES, SKIP, checked_columns, default_columns, recognise
from pcc.io.source import Source
from pcc.pointcloud import PointCloud


def read(source: Source, limits: ReaderLimits, *, columns: Sequence[str] | None = None) -> PointCloud:
    """See ``pcc.io.read_points``; every column but x, y and z becomes a field, (N,) float32."""
    given = None if columns is None else checked_columns(columns)
    limits.check_bytes(source.name, source.num_bytes)
    size = 4 * len(given or default_columns(source.name))
    if source.num_bytes % (size if given else 4):
        expected = f"expected {size} bytes per point (a multiple of {size})"
        raise InvalidCloud(f"{source.name}: {expected}, got {source.num_bytes}")
    values = np.fromfile(source.file, "<f4").astype(np.float32, copy=False)
    names = given or recognise(values, source.name)
    limits.check_shape(source.name, len(values) // len(names), len(names))
    table = values.reshape(-1, len(names))
    fields = {name: table[:, i].copy() for i, name in enumerate(names) if name not in (*AXES, SKIP)}
    return PointCloud(np.ascontiguousarray(table[:, [names.index(axis) for axis in AXES]]), fields)


def write(
    file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool, name: str, columns: Sequence[str] | None = None
) -> None:
    """See ``pcc.io.write_points``; without ``columns`` those that `read` takes a cloud with such fields from.

    Intensity and ring are 0 where the cloud has none; other columns must be there.
    """
    if cloud.xyz.dtype != np.float32:
        raise UnsupportedField(f"xyz: .bin holds float32, not {cloud.xyz.dtype}; use .ply or .npz")
    names = _layout(cloud.fields, name) if columns is None else checked_columns(columns)
    fields = holdable(cloud, lambda name, values: _problem(name, values, names), drop_unsupported)
    for name in names:
        if name not in (*NUSCENES, SKIP, *fields):
            raise UnsupportedField(f"columns: the cloud has no field {name!r} that .bin holds, only {list(fields)}")
    table = np.zeros((len(cloud), len(names)), "<f4")
    table[:, [names.index(axis) for axis in AXES]] = cloud.xyz
    for name, values in fields.items():
        table[:, names.index(name)] = values
    file.write(table.data)


def _layout(fields: Mapping[str, np.ndarray], name: str) -> tuple[str, ...]:
    """The most columns of a known layout that the cloud has, at least the default of such a file."""
    default = default_columns(name)
    usable = {*AXES, *(key for key, values in fields.items() if values.dtype == np.float32 and values.ndim == 1)}
    required = set(default) & usable
    fitting = (layout for layout in LAYOUTS if usable >= set(layout) >= required and len(layout) >= len(default))
    return max(fitting, key=len, default=default)


def _problem(name: str, values: np.ndarray, names: Sequence[str]) -> str | None:
    if name in (*AXES, SKIP):
        return "the name does not belong to a field of .bin"
    if values.dtype != np.float32 or values.ndim != 1:
        return "a column of .bin is one float32 per point"
    if name not in names:
        return f"not among the columns {','.join(names)} (--columns gives others)"
    return None
