"""Vertices and faces of a PLY file: ascii and binary of both byte orders.

``pcc.io.ply`` reads clouds, all their properties and no faces; this reads the two things that a mesh needs and skips
over the rest. Polygons become triangles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pcc.errors import InvalidCloud

_TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "float": "f4",
    "double": "f8",
}
_TYPES |= {"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"}
_TYPES |= {"float32": "f4", "float64": "f8"}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass
class _Element:
    name: str
    count: int
    properties: list[tuple[str, ...]] = field(default_factory=list)  # (name, dtype) or (name, dtype of length, dtype)


def read_ply_mesh(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) float64 vertices and (T, 3) int32 triangles.

    Raises:
        InvalidCloud: it is no PLY file, has no faces, or is cut short.
    """
    data = path.read_bytes()
    end = data.find(b"end_header")
    if not data.startswith(b"ply") or end < 0:
        raise InvalidCloud(f"{path}: not a PLY file")
    try:
        order, elements = _parse_header(data[:end].decode("ascii", "replace"), path)
        body = data[data.index(b"\n", end) + 1 :]
        tables = _read_ascii(body, elements) if order == "" else _read_binary(body, order, elements)
        vertices = np.stack([tables["vertex"][axis] for axis in "xyz"], 1).astype(np.float64)
        return vertices, fans(tables["face"])
    except (KeyError, ValueError, IndexError, TypeError, StopIteration) as error:
        raise InvalidCloud(f"{path}: no mesh of vertices and faces in this PLY file ({error!r})") from error


def fans(faces: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Polygons (a list of rows, or (F, K)) as (T, 3) int32 triangles around their first corners."""
    if isinstance(faces, np.ndarray):
        triangles = [faces[:, [0, k, k + 1]] for k in range(1, faces.shape[1] - 1)]
    else:
        sizes = sorted({len(face) for face in faces})
        triangles = [fans(np.stack([face for face in faces if len(face) == size])) for size in sizes]
    return np.concatenate(triangles).astype(np.int32) if triangles else np.zeros((0, 3), np.int32)


def _parse_header(text: str, path: Path) -> tuple[str, list[_Element]]:
    order, elements = None, []
    for words in (line.split() for line in text.splitlines()):
        if words[:1] == ["format"]:
            order = _ORDERS.get(words[1])
        elif words[:1] == ["element"]:
            elements.append(_Element(words[1], int(words[2])))
        elif words[:2] == ["property", "list"]:
            elements[-1].properties.append((words[4], _TYPES[words[2]], _TYPES[words[3]]))
        elif words[:1] == ["property"]:
            elements[-1].properties.append((words[2], _TYPES[words[1]]))
    if order is None:
        raise InvalidCloud(f"{path}: unknown PLY format; expected {', '.join(_ORDERS)}")
    return order, elements


def _read_binary(body: bytes, order: str, elements: list[_Element]) -> dict:
    tables: dict = {}
    offset = 0
    for element in elements:
        if all(len(p) == 2 for p in element.properties):
            dtype = np.dtype([(name, order + kind) for name, kind in element.properties])
            tables[element.name] = np.frombuffer(body, dtype, element.count, offset)
            offset += element.count * dtype.itemsize
        else:
            tables[element.name], offset = _read_lists(body, offset, order, element)
        if len(tables) and {"vertex", "face"} <= tables.keys():
            break
    return tables


def _read_lists(body: bytes, offset: int, order: str, element: _Element) -> tuple[np.ndarray | list[np.ndarray], int]:
    """The first list of every row; at once where all rows are triangles, row by row otherwise."""
    fields = [
        (p[0], order + p[1]) if len(p) == 2 else (p[0], [("n", order + p[1]), ("v", order + p[2], 3)])
        for p in element.properties
    ]
    name = next(p[0] for p in element.properties if len(p) == 3)
    dtype = np.dtype(fields)
    if offset + element.count * dtype.itemsize <= len(body):
        rows = np.frombuffer(body, dtype, element.count, offset)
        if all((rows[p[0]]["n"] == 3).all() for p in element.properties if len(p) == 3):
            return rows[name]["v"], offset + element.count * dtype.itemsize
    faces = []
    for _ in range(element.count):
        for p in element.properties:
            length = 1 if len(p) == 2 else int(np.frombuffer(body, order + p[1], 1, offset)[0])
            offset += 0 if len(p) == 2 else np.dtype(p[1]).itemsize
            values = np.frombuffer(body, order + p[-1], length, offset)
            offset += values.nbytes
            if p[0] == name:
                faces.append(values)
    return faces, offset


def _read_ascii(body: bytes, elements: list[_Element]) -> dict:
    all_lines = body.decode("ascii", "replace").splitlines()
    lines = iter(all_lines)
    tables: dict = {}
    for element in elements:
        if element.count > len(all_lines):
            raise ValueError(f"{element.count} of {element.name} on {len(all_lines)} lines")
        rows = [next(lines, "").split() for _ in range(element.count)]
        if element.name == "face":
            tables["face"] = [np.array(row[1 : 1 + int(row[0])], np.int64) for row in rows]
        elif all(len(p) == 2 for p in element.properties):
            columns = np.array(rows, np.float64).T
            tables[element.name] = {p[0]: column for p, column in zip(element.properties, columns, strict=True)}
    return tables
