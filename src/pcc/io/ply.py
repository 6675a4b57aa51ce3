"""PLY, ascii and binary of both byte orders.

Plain tables of vertices, which clouds nearly always are, are read and written here: binary little-endian at the speed
of a copy, text by numpy. Big-endian and damaged vertices go through plyfile, which finds the words for what is wrong.
plyfile is GPL-3.0-or-later; this is the only module that imports it. Vertices only: faces and other elements are left
out with a warning (`pcc.io.ply_elements` skips them), comments are not kept.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, PccWarning, UnsupportedField
from pcc.io.columns import AXES, cloud_from_columns, holdable, native
from pcc.io.limits import ReaderLimits
from pcc.io.ply_elements import Vertices, find_vertices
from pcc.io.ply_header import DTYPES, MAX_HEADER_BYTES, Header, PlainHeader, parse_header, plain_header, write_header
from pcc.io.source import Source
from pcc.pointcloud import PointCloud

_BLOCK = 1 << 16  # rows written at once: the temporary stays in the cache
_FIRST_BYTES = 1 << 16  # hold nearly every header
_WORDY_BYTES = 1 << 20  # of a text in which plyfile looks for the line that is wrong; it takes a second for so many


def read(source: Source, limits: ReaderLimits) -> PointCloud:
    """See ``pcc.io.read_points``; a vertex property becomes a field under its own name."""
    plain = _plain_header(source)
    limits.check_bytes(source.name, source.num_bytes)
    vertices = _vertices(source, plain)
    limits.check_shape(source.name, vertices.element.count, len(vertices.element.properties))
    header, cloud = parse_header(vertices.text), None
    if header is not None and header.num_vertices and set(AXES) <= set(header.properties):
        header = header._replace(num_bytes=vertices.offset)
        cloud = _read_text(source, header) if header.ascii else _read_binary(source, header)
    if cloud is None:
        cloud = _read_through_plyfile(source, vertices)
    if vertices.others:
        text = f"{source.name}: only the vertices are read; left out: {', '.join(vertices.others)}"
        warnings.warn(text, PccWarning, stacklevel=3)
    if not plain.names:
        return cloud
    return cloud.with_fields({plain.names.get(name, name): values for name, values in cloud.fields.items()})


def _vertices(source: Source, plain: PlainHeader) -> Vertices:
    try:
        found = find_vertices(source.file, plain.text, plain.num_bytes)
    except ValueError as error:
        raise InvalidCloud(f"{source.name}: not a readable PLY file ({error})") from error
    if found is None:
        raise InvalidCloud(f"{source.name}: no points: this PLY file has no element 'vertex'")
    lists = [plain.names.get(p.name, p.name) for p in found.element.properties if p.length]
    if lists:
        raise UnsupportedField(
            f"{source.name}: vertex property {lists[0]!r} is a list; a field holds one number per point"
        )
    return found


def _plain_header(source: Source) -> PlainHeader:
    start = source.file.read(_FIRST_BYTES)
    if not start.startswith((b"ply\n", b"ply\r")):
        raise InvalidCloud(f"{source.name}: not a readable PLY file (expected 'ply' on a line of its own at its start)")
    found = plain_header(start) or plain_header(start + source.file.read(MAX_HEADER_BYTES - len(start)))
    if found is None:
        raise InvalidCloud(f"{source.name}: not a readable PLY file (its header has no end)")
    if len(set(found.names.values())) < len(found.names):
        raise InvalidCloud(f"{source.name}: two properties have the same name")
    return found


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool, ascii: bool = False) -> None:
    """See ``pcc.io.write_points``; binary files are little-endian."""
    if cloud.xyz.dtype.name not in DTYPES:
        raise UnsupportedField(f"xyz: PLY holds {', '.join(DTYPES)}, not {cloud.xyz.dtype}; use .npz")
    fields = holdable(cloud, _problem, drop_unsupported)
    columns = {axis: cloud.xyz[:, i] for i, axis in enumerate(AXES)} | fields
    dtypes = {name: values.dtype.name for name, values in columns.items()}
    header = write_header(dtypes, len(cloud), ascii=ascii)
    if len(header) > MAX_HEADER_BYTES:
        raise UnsupportedField(f"fields: a PLY header is at most {MAX_HEADER_BYTES:,} bytes here; use .npz")
    file.write(header)
    if ascii:
        _write_text(file, columns)
    elif fields:
        _write_table(file, columns)
    else:
        file.write(np.ascontiguousarray(cloud.xyz, cloud.xyz.dtype.newbyteorder("<")).data)


def _read_binary(source: Source, header: Header) -> PointCloud | None:
    """The vertices of a mapped file in one pass; None if it is too short."""
    dtype = np.dtype([(name, np.dtype(kind).newbyteorder("<")) for name, kind in header.properties.items()])
    if source.num_bytes < header.num_bytes + header.num_vertices * dtype.itemsize:
        return None
    table = np.memmap(source.file, dtype, "r", header.num_bytes, (header.num_vertices,)).view(np.ndarray)
    columns = {name: table[name] for name in header.properties}
    if tuple(header.properties)[:3] != AXES or len({header.properties[axis] for axis in AXES}) > 1:
        return cloud_from_columns(columns, source.name)
    size = 3 * dtype["x"].itemsize
    triples = table.view([("xyz", f"V{size}"), ("rest", f"V{dtype.itemsize - size}")])["xyz"]
    xyz = triples.copy().view(dtype["x"]).astype(header.properties["x"], copy=False).reshape(-1, 3)
    return PointCloud(xyz, {name: native(values) for name, values in columns.items() if name not in AXES})


def _read_text(source: Source, header: Header) -> PointCloud | None:
    """The vertices of a text file; None if a line or a value does not fit."""
    source.file.seek(header.num_bytes)
    body = source.file.read()
    body = body if b"\n" in body else body.replace(b"\r", b"\n")
    body = body if body.endswith(b"\n") else body + b"\n"
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
    return cloud_from_columns(columns, source.name)


def _even_lines(body: bytes, ends: np.ndarray) -> bool:
    """Whether all lines have as many words."""
    text = np.frombuffer(body, np.uint8)[: ends[-1] + 1] if len(ends) else np.zeros(0, np.uint8)
    blank = text <= ord(" ")
    starts = np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]]))  # of words
    words = np.diff(np.searchsorted(starts, ends), prepend=0)
    return bool((words == words[:1]).all())


def _read_through_plyfile(source: Source, vertices: Vertices) -> PointCloud:
    from plyfile import PlyData, PlyParseError

    # What plyfile lets through from numpy and the standard library when a file is garbage.
    damaged = (PlyParseError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError, EOFError)
    source.file.seek(vertices.offset)
    if b"ascii" in vertices.text[:20] and source.num_bytes > _WORDY_BYTES:
        raise InvalidCloud(f"{source.name}: not a readable PLY file (a line or a number of its vertices does not fit)")
    try:
        vertex = PlyData.read(io.BytesIO(vertices.text + source.file.read()))["vertex"]
    except damaged as error:
        raise InvalidCloud(f"{source.name}: not a readable PLY file ({error})") from error
    return cloud_from_columns({p.name: vertex.data[p.name] for p in vertex.properties}, source.name)


def _write_table(file: BinaryIO, columns: Mapping[str, np.ndarray]) -> None:
    dtype = np.dtype([(name, values.dtype.newbyteorder("<")) for name, values in columns.items()])
    for rows in _blocks(len(columns["x"])):
        table = np.empty(len(columns["x"][rows]), dtype)
        for name, values in columns.items():
            table[name] = values[rows]
        file.write(table.view(np.uint8).data)  # a buffer of bytes: those of records know no names such as a:b


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
        return "a PLY property is one number per point"
    if values.dtype.name not in DTYPES:
        return f"PLY holds {', '.join(DTYPES)}"
    if name in AXES:
        return "the name belongs to the positions"
    if not name or not all("!" <= c <= "~" for c in name):
        return "a PLY name is printable ASCII without spaces"
    return None
