"""PCD (Point Cloud Library) through the library pypcd4: ascii, binary and compressed in, binary out.

The library is optional (extra ``io``). The viewpoint and the grid of an organised cloud are not kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, PccError, UnsupportedField
from pcc.io.columns import AXES, cloud_from_columns, holdable
from pcc.pointcloud import PointCloud

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
PADDING = "#$%&~~"  # how pypcd4 names the columns that the file marks as padding ("_")


def read(path: Path) -> PointCloud:
    """See ``pcc.io.read_points``; a field with COUNT K > 1 becomes (N, K)."""
    library = _library()
    with open(path, "rb") as file:
        try:
            cloud = library.PointCloud.from_fileobj(file)
            table = np.atleast_1d(cloud.pc_data)
        except Exception as error:  # pypcd4 documents none of what it raises: pydantic, struct, lzf, numpy
            raise InvalidCloud(f"{path}: not a readable PCD file ({_first_line(error)})") from error
    if len(table) != cloud.metadata.points:
        raise InvalidCloud(f"{path}: expected {cloud.metadata.points} points, found {len(table)}")
    counts = dict(zip(cloud.metadata.fields, cloud.metadata.count, strict=True))
    columns = {n: _column(table, n, k) for n, k in counts.items() if not n.startswith(PADDING)}
    return cloud_from_columns(columns, path)


def _first_line(error: Exception) -> str:
    """Its header errors are a paragraph a field."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _column(table: np.ndarray, name: str, count: int) -> np.ndarray:
    if count == 1:
        return table[name]
    return np.stack([table[f"{name}__{i:04d}"] for i in range(count)], axis=1)


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool) -> None:
    """See ``pcc.io.write_points``."""
    library = _library()
    if cloud.xyz.dtype.name not in DTYPES:
        raise UnsupportedField(f"xyz: PCD holds {', '.join(DTYPES)}, not {cloud.xyz.dtype}; use .npz")
    fields = holdable(cloud, _problem, drop_unsupported)
    columns = {axis: cloud.xyz[:, i] for i, axis in enumerate(AXES)} | fields
    metadata = {
        "fields": tuple(columns),
        "size": tuple(values.dtype.itemsize for values in columns.values()),
        "type": tuple(values.dtype.kind.upper() for values in columns.values()),
        "count": tuple(1 if values.ndim == 1 else values.shape[1] for values in columns.values()),
        "points": len(cloud),
        "width": len(cloud),
    }
    described = library.MetaData(**metadata)
    flat = [part for v in columns.values() for part in ([v] if v.ndim == 1 else list(v.T))]
    table = np.empty(len(cloud), described.build_dtype())
    for name, values in zip(table.dtype.names or (), flat, strict=True):
        table[name] = values
    library.PointCloud(described, table).save(file, library.Encoding.BINARY)


def _problem(name: str, values: np.ndarray) -> str | None:
    if values.dtype.name not in DTYPES:
        return f"PCD holds {', '.join(DTYPES)}"
    if values.ndim == 2 and values.shape[1] < 1:
        return "a PCD field has at least one value a point"
    if name in AXES:
        return "the name belongs to the positions"
    if not name or name == "_" or not name.replace("_", "a").isalnum() or not name.isascii():
        return "a PCD name here is letters, digits and underscores"
    return None


def _library() -> Any:
    try:
        from pypcd4 import pypcd4
    except ImportError as error:
        raise PccError("PCD files need the library pypcd4: pip install 'pcc-codec[io]'") from error
    return pypcd4
