"""The header of a PCD file as strangers write it: what it means, checked against the file, and in the form that the
library pypcd4 takes.

COUNT may be missing (one number each) or 0 (a field that takes no bytes), names may hold any characters, keywords may
come in any case, and unknown ones are passed over. Fields are handed on as f0, f1 ..., and named again afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

MAX_HEADER_BYTES = 1 << 20
ENCODINGS = ("ascii", "binary", "binary_compressed")
PADDING = "_"
_SIZES = {"I": (1, 2, 4, 8), "U": (1, 2, 4, 8), "F": (4, 8)}
_MAX_DIGITS = 18


@dataclass(frozen=True)
class PcdField:
    """``count`` numbers per point of ``size`` bytes each; ``kind`` is I, U or F."""

    name: str
    kind: str
    size: int
    count: int


@dataclass(frozen=True)
class PcdHeader:
    """What follows: ``num_points`` records of ``fields``, those that take no bytes left out, from ``num_bytes`` on."""

    fields: tuple[PcdField, ...]
    num_points: int
    encoding: str
    num_bytes: int

    @property
    def num_values(self) -> int:
        return sum(field.count for field in self.fields)

    @property
    def record_bytes(self) -> int:
        return sum(field.count * field.size for field in self.fields)

    def lines(self) -> list[bytes]:
        """The header for pypcd4."""
        columns: dict[str, Sequence[object]] = {
            "FIELDS": [f"f{i}" for i in range(len(self.fields))],
            "SIZE": [field.size for field in self.fields],
            "TYPE": [field.kind for field in self.fields],
            "COUNT": [field.count for field in self.fields],
            "WIDTH": [self.num_points],
            "HEIGHT": [1],
            "VIEWPOINT": [0, 0, 0, 1, 0, 0, 0],
            "POINTS": [self.num_points],
            "DATA": [self.encoding],
        }
        return [b"VERSION 0.7\n", *(f"{key} {' '.join(map(str, row))}\n".encode() for key, row in columns.items())]


def parse_header(file: BinaryIO) -> PcdHeader:
    """The header at the start of an open file.

    Raises:
        ValueError: a keyword is missing, or its values make no sense.
    """
    lines = _lines(file)
    names = lines.get("FIELDS") or lines.get("COLUMNS") or []
    if not names:
        raise ValueError("no FIELDS")
    sizes, counts = (_numbers(lines, key, len(names), default) for key, default in (("SIZE", 4), ("COUNT", 1)))
    kinds = [kind.upper() for kind in lines.get("TYPE", ["F"] * len(names))]
    if len(kinds) != len(names):
        raise ValueError(f"TYPE: expected {len(names)} values, got {len(kinds)}")
    fields = [PcdField(*column) for column in zip(names, kinds, sizes, counts, strict=True) if column[3]]
    for field in fields:
        if field.size not in _SIZES.get(field.kind, ()):
            raise ValueError(f"field {field.name!r}: no numbers of TYPE {field.kind[:10]!r} and SIZE {field.size}")
    encoding = next(iter(lines.get("DATA", [])), "").lower()
    if encoding not in ENCODINGS:
        raise ValueError(f"DATA: expected one of {', '.join(ENCODINGS)}, got {encoding[:30]!r}")
    return PcdHeader(tuple(fields), _num_points(lines), encoding, file.tell())


def _lines(file: BinaryIO) -> dict[str, list[str]]:
    """Keyword -> words, up to the line DATA; the file stands behind it."""
    found: dict[str, list[str]] = {}
    while "DATA" not in found:
        line = file.readline(MAX_HEADER_BYTES)
        if not line or file.tell() > MAX_HEADER_BYTES:
            raise ValueError("no line DATA")
        words = _decoded(line).partition("#")[0].split()
        if words:
            found[words[0].upper()] = words[1:]
    return found


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _num_points(lines: dict[str, list[str]]) -> int:
    if "POINTS" in lines:
        return _numbers(lines, "POINTS", 1, 0)[0]
    if "WIDTH" not in lines:
        raise ValueError("neither POINTS nor WIDTH")
    return _numbers(lines, "WIDTH", 1, 0)[0] * _numbers(lines, "HEIGHT", 1, 1)[0]


def _numbers(lines: dict[str, list[str]], key: str, num: int, default: int) -> list[int]:
    """The ``num`` values of a keyword; the default where there is none."""
    words = lines.get(key, [str(default)] * num)
    if len(words) != num or any(not word.isdecimal() or len(word) > _MAX_DIGITS for word in words):
        raise ValueError(f"{key}: expected {num} whole numbers, got {' '.join(words)[:100]!r}")
    return [int(word) for word in words]
