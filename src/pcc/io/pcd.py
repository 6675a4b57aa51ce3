"""PCD (Point Cloud Library) through the library pypcd4: ascii, binary and compressed in, binary out.

The library is optional (extra ``io``). What it is given is checked first (`pcc.io.pcd_header`): it takes memory as the
header says, and refuses much that is written. The viewpoint and the grid of an organised cloud are not kept.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, PccError, PccWarning, UnsupportedField
from pcc.extras import install
from pcc.io.columns import AXES, cloud_from_columns, holdable
from pcc.io.limits import ReaderLimits
from pcc.io.pcd_header import PADDING, PcdHeader, parse_header
from pcc.io.source import Source
from pcc.pointcloud import PointCloud

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
_LOOKED_AT = 4096  # bytes behind the points
MAX_LZF_RATIO = 88  # three bytes of LZF stand for 264 at most


def read(source: Source, limits: ReaderLimits) -> PointCloud:
    """See ``pcc.io.read_points``; a field with COUNT K > 1 becomes (N, K)."""
    library = _library()
    try:
        header = parse_header(source.file)
        _check_size(source, header, limits)
        table = np.atleast_1d(library.PointCloud.from_fileobj(_Canonical(header, source.file)).pc_data)
    except PccError:
        raise
    except Exception as error:  # pypcd4 documents none of what it raises: pydantic, struct, lzf, numpy
        raise InvalidCloud(f"{source.name}: not a readable PCD file ({_first_line(error)})") from error
    if len(table) != header.num_points:
        raise InvalidCloud(f"{source.name}: expected {header.num_points} points, found {len(table)}")
    names = [field.name for field in header.fields if field.name != PADDING]
    if len(set(names)) < len(names):
        raise InvalidCloud(f"{source.name}: two fields have the same name")
    _warn_of_rest(source)
    columns = {f.name: _column(table, f"f{i}", f.count) for i, f in enumerate(header.fields) if f.name != PADDING}
    return cloud_from_columns(columns, source.name)


def _check_size(source: Source, header: PcdHeader, limits: ReaderLimits) -> None:
    """Raises where the file is too short for the points that the header promises, before these take memory."""
    rest = source.num_bytes - header.num_bytes
    decoded = header.num_points * header.record_bytes
    least = decoded
    if header.encoding == "ascii":
        least = max(2 * header.num_points * header.num_values - 1, 0)
    if header.encoding == "binary_compressed" and header.num_points:
        compressed, claimed = np.frombuffer(source.file.read(8).ljust(8, b"\0"), "<u4").tolist()
        source.file.seek(header.num_bytes)
        if claimed != decoded or claimed > MAX_LZF_RATIO * compressed:
            raise ValueError(f"{compressed:,} compressed bytes of {claimed:,}, expected {decoded:,}")
        least = 8 + compressed
    if rest < least:
        raise ValueError(f"its header promises {least:,} bytes at least, {rest:,} follow")
    limits.check_shape(source.name, header.num_points, header.num_values)
    limits.check_bytes(source.name, decoded)


class _Canonical:
    """The file as pypcd4 takes it: another header, then the lines or the bytes as they are."""

    def __init__(self, header: PcdHeader, file: BinaryIO) -> None:
        self._file = file
        self._lines = iter(header.lines())
        self._rows = (b" ".join(words) + b"\n" for line in file if (words := line.split()))
        self._num_rows = header.num_points

    def __iter__(self) -> Iterator[bytes]:
        return itertools.chain(self._lines, itertools.islice(self._rows, self._num_rows))

    def read(self, num_bytes: int) -> bytes:
        return self._file.read(num_bytes)

    def seek(self, place: int) -> None:
        """pypcd4 goes back to the start when it is done; nobody reads on."""


def _warn_of_rest(source: Source) -> None:
    """Says what lies behind the points; blank lines and zeros are common (PCL fills the last page)."""
    place = source.file.tell()
    num_bytes = source.num_bytes - place
    if source.file.read(_LOOKED_AT).strip(b"\0 \r\n\t"):
        text = f"{source.name}: {num_bytes:,} bytes behind the last point are not read"
        warnings.warn(text, PccWarning, stacklevel=4)


def _first_line(error: Exception) -> str:
    """Its header errors are a paragraph per field."""
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
        return "a PCD field has at least one value per point"
    if name in AXES:
        return "the name belongs to the positions"
    if not name or name == "_" or not name.replace("_", "a").isalnum() or not name.isascii():
        return "a PCD name here is letters, digits and underscores"
    return None


def _library() -> Any:
    try:
        from pypcd4 import pypcd4
    except ImportError as error:
        raise PccError(f"PCD files need the library pypcd4: {install('io')}") from error
    return pypcd4
