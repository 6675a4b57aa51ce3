"""PLY, ascii and binary of both byte orders.

Plain tables of vertices, which clouds nearly always are, are read and written here: binary little-endian at the speed
of a copy, text by numpy. Every other file (big-endian, lists, vertices not first, damage of any kind) goes through
plyfile, which also finds the words for what is wrong. plyfile is GPL-3.0-or-later; this is the only module that imports
it. Vertices only: faces and other elements are left out with a warning, comments are not kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io.columns import AXES, cloud_from_columns, holdable, native
from pcc.io.ply_header import DTYPES, MAX_HEADER_BYTES, Header, parse_header, write_header
from pcc.pointcloud import PointCloud

_BLOCK = 1 << 16  # rows written at once: the temporary stays in the cache


def read(path: Path) -> PointCloud:
    """See ``pcc.io.read_points``; a vertex property becomes a field under its own name."""
    with open(path, "rb") as file:
        header = parse_header(file.read(MAX_HEADER_BYTES))
    cloud = None
    if header is not None and header.num_vertices and set(AXES) <= set(header.properties):
        cloud = _read_text(path, header) if header.ascii else _read_binary(path, header)
    if header is None or cloud is None:
        return _read_through_plyfile(path)
    _warn_of(header.others, path)
    return cloud


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool, ascii: bool = False) -> None:
    """See ``pcc.io.write_points``; binary files are little-endian."""
    if cloud.xyz.dtype.name not in DTYPES:
        raise UnsupportedField(f"xyz: PLY holds {', '.join(DTYPES)}, not {cloud.xyz.dtype}; use .npz")
    fields = holdable(cloud, _problem, drop_unsupported)
    columns = {axis: cloud.xyz[:, i] for i, axis in enumerate(AXES)} | fields
    dtypes = {name: values.dtype.name for name, values in columns.items()}
    file.write(write_header(dtypes, len(cloud), ascii=ascii))
    if ascii:
        _write_text(file, columns)
    elif fields:
        _write_table(file, columns)
    else:
        file.write(np.ascontiguousarray(cloud.xyz, cloud.xyz.dtype.newbyteorder("<")).data)


def _read_binary(path: Path, header: Header) -> PointCloud | None:
    """The vertices of a mapped file in one pass; None if it is too short."""
    dtype = np.dtype([(name, np.dtype(kind).newbyteorder("<")) for name, kind in header.properties.items()])
    if path.stat().st_size < header.num_bytes + header.num_vertices * dtype.itemsize:
        return None
    table = np.memmap(path, dtype, "r", header.num_bytes, (header.num_vertices,)).view(np.ndarray)
    columns = {name: table[name] for name in header.properties}
    if tuple(header.properties)[:3] != AXES or len({header.properties[axis] for axis in AXES}) > 1:
        return cloud_from_columns(columns, path)
    size = 3 * dtype["x"].itemsize
    triples = table.view([("xyz", f"V{size}"), ("rest", f"V{dtype.itemsize - size}")])["xyz"]
    xyz = triples.copy().view(dtype["x"]).astype(header.properties["x"], copy=False).reshape(-1, 3)
    return PointCloud(xyz, {name: native(values) for name, values in columns.items() if name not in AXES})


def _read_text(path: Path, header: Header) -> PointCloud | None:
    """The vertices of a text file; None if a line or a value does not fit."""
    body = path.read_bytes()[header.num_bytes :]
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    if len(ends) < header.num_vertices:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy's word for text that is no number
        try:
            values = np.fromstring(body[: ends[header.num_vertices - 1]].decode("ascii"), sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    complete = len(values) == header.num_vertices * len(header.properties)
    if not complete or not _even_lines(body, ends[: header.num_vertices]):
        return None
    table = values.reshape(header.num_vertices, -1)
    with np.errstate(invalid="ignore", over="ignore"):
        columns = {name: table[:, i].astype(kind) for i, (name, kind) in enumerate(header.properties.items())}
    if any(c.dtype.kind in "iu" and (c != table[:, i]).any() for i, c in enumerate(columns.values())):
        return None
    return cloud_from_columns(columns, path)


def _even_lines(body: bytes, ends: np.ndarray) -> bool:
    """Whether all lines have as many words."""
    text = np.frombuffer(body, np.uint8)[: ends[-1] + 1] if len(ends) else np.zeros(0, np.uint8)
    blank = text <= ord(" ")
    starts = np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]]))  # of words
    words = np.diff(np.searchsorted(starts, ends), prepend=0)
    return bool((words == words[:1]).all())


def _read_through_plyfile(path: Path) -> PointCloud:
    from plyfile import PlyData, PlyListProperty, PlyParseError

    # What plyfile lets through from numpy and the standard library when a file is garbage.
    damaged = (PlyParseError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError, EOFError)
    try:
        data = PlyData.read(str(path))
    except damaged as error:
        raise InvalidCloud(f"{path}: not a readable PLY file ({error})") from error
    if "vertex" not in data:
        raise InvalidCloud(f"{path}: no points: this PLY file has no element 'vertex'")
    _warn_of([element.name for element in data.elements if element.name != "vertex" and element.count], path)
    vertex = data["vertex"]
    lists = [p.name for p in vertex.properties if isinstance(p, PlyListProperty)]
    if lists:
        raise UnsupportedField(f"{path}: vertex property {lists[0]!r} is a list; a field holds one number a point")
    return cloud_from_columns({p.name: vertex.data[p.name] for p in vertex.properties}, path)


def _warn_of(others: tuple[str, ...] | list[str], path: Path) -> None:
    if others:
        warnings.warn(f"{path}: only the vertices are read; left out: {', '.join(others)}", stacklevel=3)


def _write_table(file: BinaryIO, columns: Mapping[str, np.ndarray]) -> None:
    dtype = np.dtype([(name, values.dtype.newbyteorder("<")) for name, values in columns.items()])
    for rows in _blocks(len(columns["x"])):
        table = np.empty(len(columns["x"][rows]), dtype)
        for name, values in columns.items():
            table[name] = values[rows]
        file.write(table.data)


def _write_text(file: BinaryIO, columns: Mapping[str, np.ndarray]) -> None:
    """Floats with as many digits as restore every bit."""
    digits = {"float32": "%.9g", "float64": "%.17g"}
    line = " ".join(digits.get(values.dtype.name, "%d") for values in columns.values()) + "\n"
    for rows in _blocks(len(columns["x"])):
        table = zip(*(values[rows].tolist() for values in columns.values()), strict=True)
        file.write("".join(map(line.__mod__, table)).encode("ascii"))


def _blocks(num_rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, num_rows, _BLOCK))


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
