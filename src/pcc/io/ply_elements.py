"""The elements of any PLY file, and where its vertices are: what lies before them is skipped, not read.

Takes the text of a plain header (`pcc.io.ply_header.plain_header`). Counts are held against the size of the file before
a row is looked at; skipping takes no memory.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from pcc.io.ply_header import KINDS, MAX_COUNT_DIGITS

_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(frozen=True)
class Property:
    """A number, or a list whose length has the dtype ``length``."""

    name: str
    dtype: str
    length: str | None = None


@dataclass(frozen=True)
class Element:
    """``count`` rows."""

    name: str
    count: int
    properties: tuple[Property, ...]

    @property
    def least_bytes(self) -> int:
        """Of a row in a binary file: with empty lists."""
        return sum(np.dtype(p.length or p.dtype).itemsize for p in self.properties)

    @property
    def has_lists(self) -> bool:
        return any(p.length for p in self.properties)


@dataclass(frozen=True)
class Vertices:
    """Where the vertices are.

    Attributes:
        element: them.
        text: A header with this element alone.
        offset: Of their first row in the file.
        others: Names of the other elements that are not empty.
    """

    element: Element
    text: bytes
    offset: int
    others: tuple[str, ...]


def find_vertices(file: BinaryIO, text: bytes, num_bytes: int) -> Vertices | None:
    """The first element ``vertex`` of a file whose header is ``text`` and takes ``num_bytes``; None if there is none.

    Raises:
        ValueError: the header makes no sense, or promises more than the file has.
    """
    form, elements = parse_elements(text)
    at = next((i for i, element in enumerate(elements) if element.name == "vertex"), None)
    if at is None:
        return None
    rest = file.seek(0, 2) - num_bytes
    if (least := _least_bytes(form, elements[: at + 1])) > rest:
        raise ValueError(f"its header promises {least:,} bytes at least, {rest:,} follow")
    file.seek(num_bytes)
    for element in elements[:at]:
        _skip(file, form, element)
    others = tuple(e.name for i, e in enumerate(elements) if i != at and e.count)
    return Vertices(elements[at], _header_of(form, elements[at]), file.tell(), others)


def parse_elements(text: bytes) -> tuple[str, list[Element]]:
    """Format and elements.

    Raises:
        ValueError: the header makes no sense.
    """
    lines = [[word.decode("ascii", "replace") for word in line.split()] for line in text.rstrip(b"\n").split(b"\n")]
    if len(lines) < 2 or lines[1][:1] != ["format"] or lines[1][2:] != ["1.0"] or lines[1][1] not in _ORDERS:
        raise ValueError(f"expected format {', '.join(_ORDERS)} 1.0, got {' '.join(lines[1])[:100]!r}")
    elements: list[Element] = []
    for words in lines[2:-1]:
        if words[:1] == ["element"] and len(words) == 3 and words[2].isdecimal() and len(words[2]) <= MAX_COUNT_DIGITS:
            elements.append(Element(words[1], int(words[2]), ()))
        elif words[:1] == ["property"] and elements and (found := _property(words)):
            last = elements[-1]
            elements[-1] = Element(last.name, last.count, (*last.properties, found))
        else:
            raise ValueError(f"no line of a header: {' '.join(words)[:100]!r}")
    for element in elements:
        if not element.properties and element.count:
            raise ValueError(f"element {element.name[:100]!r} has no properties")
    return lines[1][1], elements


def _property(words: Sequence[str]) -> Property | None:
    if len(words) == 3 and words[1] in KINDS:
        return Property(words[2], KINDS[words[1]])
    if len(words) == 5 and words[1] == "list" and words[3] in KINDS and "int" in KINDS.get(words[2], ""):
        return Property(words[4], KINDS[words[3]], KINDS[words[2]])
    return None


def _least_bytes(form: str, elements: Sequence[Element]) -> int:
    """Of so many rows; in a text a digit and a space per number, but at the end."""
    if form == "ascii":
        return max(sum(2 * element.count * len(element.properties) for element in elements) - 1, 0)
    return sum(element.count * element.least_bytes for element in elements)


def _header_of(form: str, element: Element) -> bytes:
    """A header with one element alone."""
    lines = ["ply", f"format {form} 1.0", f"element {element.name} {element.count}"]
    lines += [
        f"property {p.dtype} {p.name}" if p.length is None else f"property list {p.length} {p.dtype} {p.name}"
        for p in element.properties
    ]
    return "\n".join([*lines, "end_header", ""]).encode("ascii")


def _skip(file: BinaryIO, form: str, element: Element) -> None:
    """Moves behind the rows of an element."""
    if form == "ascii":
        for _ in range(element.count):
            if not file.readline():
                raise ValueError(f"element {element.name!r} is cut short")
    elif element.has_lists:
        start = file.tell()
        content = np.memmap(file, np.uint8, "r").view(np.ndarray)
        file.seek(_end_of_lists(content, start, _ORDERS[form], element))
    else:
        file.seek(element.count * element.least_bytes, 1)


def _end_of_lists(content: np.ndarray, start: int, order: str, element: Element) -> int:
    """Where rows with lists that begin at ``start`` end; all at once where all are as long as the first."""
    row = _row_like_the_first(content, start, order, element)
    end = start + element.count * row.itemsize
    if end <= len(content):
        table = np.ndarray((element.count,), row, content, start)
        if all((table[name] == table[name][:1]).all() for name in row.names or () if name.startswith("length")):
            return end
    steps = [(struct.Struct(order + np.dtype(p.length).char), np.dtype(p.dtype).itemsize) if p.length else
             (None, np.dtype(p.dtype).itemsize) for p in element.properties]  # fmt: skip
    at, data = start, memoryview(content.data)
    for _ in range(element.count):
        for length, size in steps:
            if length is None:
                at += size
                continue
            if at + length.size > len(content) or (number := length.unpack_from(data, at)[0]) < 0:
                raise ValueError(f"element {element.name!r} is cut short, or a list has no length")
            at += length.size + number * size
    return at


def _row_like_the_first(content: np.ndarray, start: int, order: str, element: Element) -> np.dtype:
    """The dtype of a row whose lists are as long as those of the first; fields ``lengthK`` hold their lengths."""
    fields: list[tuple] = []
    for i, p in enumerate(element.properties):
        size, number = np.dtype(p.dtype).itemsize, 1
        if p.length:
            at = start + np.dtype(fields).itemsize
            length = np.dtype(order + np.dtype(p.length).str[1:])
            if element.count == 0 or at + length.itemsize > len(content):
                break
            fields.append((f"length{i}", length))
            number = int(np.frombuffer(content, length, 1, at)[0])
            if not 0 <= number * size <= len(content):
                raise ValueError(f"a list of {number} in element {element.name!r}")
        fields.append((f"values{i}", f"V{max(number * size, 0)}"))
    return np.dtype(fields)
