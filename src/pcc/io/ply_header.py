"""The header of a PLY file whose first element is a plain table of vertices: nearly all files of clouds.

    ply / format ascii|binary_little_endian 1.0 / element vertex N / property TYPE NAME ... / end_header

``parse_header`` gives None for every other header, sound or damaged; what those hold is not decided here. Both go
through ``plain_header`` first, which takes out what does not matter: comments in any bytes, the kind of line ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_PLY_NAMES = {
    "int8": "char", "uint8": "uchar", "int16": "short", "uint16": "ushort",
    "int32": "int", "uint32": "uint", "float32": "float", "float64": "double",
}  # fmt: skip
KINDS = {name: name for name in _PLY_NAMES} | {ply: name for name, ply in _PLY_NAMES.items()}
DTYPES = tuple(_PLY_NAMES)
MAX_HEADER_BYTES = 1 << 20
_END = b"\nend_header\n"
_REMARKS = (b"comment", b"obj_info")
MAX_COUNT_DIGITS = 18
_LITTLE_ENDIAN = ("binary_little_endian", "1.0")


class Header(NamedTuple):
    """Where the vertices are and what they hold.

    Attributes:
        ascii: Text, one vertex a line; otherwise binary, little-endian, without gaps.
        num_vertices: Rows of the table.
        properties: name -> dtype's name, in the file's order.
        others: Names of the elements behind the vertices that are not empty.
        num_bytes: Of the header; the vertices begin there.
    """

    ascii: bool
    num_vertices: int
    properties: dict[str, str]
    others: tuple[str, ...]
    num_bytes: int


class PlainHeader(NamedTuple):
    """A header without what does not matter.

    Attributes:
        text: Its lines in ASCII, each ended by a newline, without comments.
        num_bytes: What it takes in the file.
        names: placeholder -> name of the properties whose names are not ASCII.
    """

    text: bytes
    num_bytes: int
    names: dict[str, str]


def plain_header(start: bytes) -> PlainHeader | None:
    """The header at the ``start`` of a file (``MAX_HEADER_BYTES`` of it are enough); None if it has no end."""
    newline = b"\n" if not start.startswith(b"ply\r") or start.startswith(b"ply\r\n") else b"\r"
    lines: list[bytes] = []
    names: dict[str, str] = {}
    at = 0
    while (end := start.find(newline, at)) >= 0:
        words = start[at:end].split()
        at = end + 1
        if words[:1] == [b"property"] and len(words) > 1 and not words[-1].isascii():
            placeholder = f"\x7f{len(names)}"  # ASCII that no file has
            names[placeholder] = _decoded(words[-1])
            words[-1] = placeholder.encode()
        if words and words[0] not in _REMARKS:
            lines.append(b" ".join(words))
        if words == [b"end_header"]:
            return PlainHeader(b"\n".join(lines) + b"\n", at, names)
    return None


def _decoded(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("latin-1")


def parse_header(start: bytes) -> Header | None:
    """The header at the ``start`` of a file; None if it is not a plain one."""
    end = start.find(_END)
    if end < 0 or not start[:end].isascii() or b"\r" in start[:end]:
        return None
    lines = [line.split() for line in start[:end].decode("ascii").splitlines()]
    lines = [words for words in lines if words and words[0] not in ("comment", "obj_info")]
    if lines[:1] != [["ply"]] or lines[1:2] not in ([["format", "ascii", "1.0"]], [["format", *_LITTLE_ENDIAN]]):
        return None
    elements = [at for at, words in enumerate(lines) if words[0] == "element"]
    if elements[:1] != [2] or any(len(lines[at]) != 3 or not lines[at][2].isdecimal() for at in elements):
        return None
    if any(len(lines[at][2]) > MAX_COUNT_DIGITS for at in elements):
        return None
    rows = lines[3 : elements[1] if len(elements) > 1 else None]
    properties = {words[-1]: KINDS.get(words[1], "") for words in rows if len(words) == 3 and words[0] == "property"}
    if lines[2][1] != "vertex" or len(properties) != len(rows) or not all(properties.values()):
        return None
    others = tuple(lines[at][1] for at in elements[1:] if int(lines[at][2]))
    return Header(lines[1][1] == "ascii", int(lines[2][2]), properties, others, end + len(_END))


def write_header(properties: Mapping[str, str], num_vertices: int, *, ascii: bool) -> bytes:
    """The header of a file of vertices alone."""
    lines = ["ply", f"format {'ascii' if ascii else 'binary_little_endian'} 1.0", f"element vertex {num_vertices}"]
    lines += [f"property {_PLY_NAMES[dtype]} {name}" for name, dtype in properties.items()]
    return ("\n".join([*lines, "end_header"]) + "\n").encode("ascii")
