"""Records that a configuration fills: a value of another type is a user's mistake, and said where it is made."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

_NUMBERS: dict[str, tuple[str, tuple[type, ...]]] = {
    "int": ("an integer", (int,)),
    "float": ("a number", (int, float)),
    "bool": ("true or false", (bool,)),
}


def check_numbers(record: Any) -> None:
    """Holds the fields of a dataclass against their annotations, as far as these are ``int``, ``float`` or ``bool``.

    The class's module has ``from __future__ import annotations``, so that annotations are text; ``| None`` allows None.

    Raises:
        ValueError: a field holds something else; the message names it.
    """
    for field in fields(record):
        kind, _, other = str(field.type).partition(" | ")
        value = getattr(record, field.name)
        if kind not in _NUMBERS or (other == "None" and value is None):
            continue
        expected, types = _NUMBERS[kind]
        if not isinstance(value, types) or (kind != "bool" and isinstance(value, bool)):
            raise ValueError(f"{field.name}: expected {expected}, got {value!r}")
