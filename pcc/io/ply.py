"""PLY, ascii and binary of both byte orders, through plyfile.

plyfile is GPL-3.0-or-later; this is the only module that imports it. Vertices only: faces and other elements are left
out with a warning, comments are not kept. Binary little-endian files are mapped, so reading costs one pass over the
points.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from plyfile import PlyData, PlyElement, PlyListProperty, PlyParseError

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io.columns import AXES, cloud_from_columns, holdable
from pcc.pointcloud import PointCloud

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")

# What plyfile lets through from numpy and the standard library when a file is garbage.
DAMAGED = (PlyParseError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError, EOFError)


def read(path: Path) -> PointCloud:
    """See ``pcc.io.read_points``; a vertex property becomes a field under its own name."""
    try:
        data = PlyData.read(str(path))
    except DAMAGED as error:
        raise InvalidCloud(f"{path}: not a readable PLY file ({error})") from error
    if "vertex" not in data:
        raise InvalidCloud(f"{path}: no points: this PLY file has no element 'vertex'")
    others = [element.name for element in data.elements if element.name != "vertex" and element.count]
    if others:
        warnings.warn(f"{path}: only the vertices are read; left out: {', '.join(others)}", stacklevel=2)
    vertex = data["vertex"]
    lists = [p.name for p in vertex.properties if isinstance(p, PlyListProperty)]
    if lists:
        raise UnsupportedField(f"{path}: vertex property {lists[0]!r} is a list; a field holds one number a point")
    return cloud_from_columns({p.name: vertex.data[p.name] for p in vertex.properties}, path)


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool, ascii: bool = False) -> None:
    """See ``pcc.io.write_points``; binary files are little-endian."""
    if cloud.xyz.dtype.name not in DTYPES:
        raise UnsupportedField(f"xyz: PLY holds {', '.join(DTYPES)}, not {cloud.xyz.dtype}; use .npz")
    fields = holdable(cloud, _problem, drop_unsupported)
    columns = {axis: cloud.xyz[:, i] for i, axis in enumerate(AXES)} | fields
    table = np.empty(len(cloud), [(name, values.dtype.newbyteorder("=")) for name, values in columns.items()])
    for name, values in columns.items():
        table[name] = values
    PlyData([PlyElement.describe(table, "vertex")], text=ascii, byte_order="<").write(file)


def _problem(name: str, values: np.ndarray) -> str | None:
    if values.ndim != 1:
        return "a PLY property is one number a point"
    if values.dtype.name not in DTYPES:
        return f"PLY holds {', '.join(DTYPES)}"
    if name in AXES:
        return "the name belongs to the positions"
    if not name or not name.isascii() or any(c.isspace() for c in name):
        return "a PLY name is ASCII without spaces"
    return None
