"""Fields of points (colour, intensity, labels ...) in one generic, lossless chunk each.

Values travel in the order of the decoded points, column by column. Beside a sensor's lattice, intensities and what
follows from laser or column have chunks of their own (`pcc.codec.lattice`). It stands in until learned coders of
colours replace it for the fields that they know; for all others it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.dtypes import dtype_code, dtype_of
from pcc.codec.limits import within
from pcc.codec.wire import Reader, text, varint
from pcc.codec.work import FIELD_COST, Work
from pcc.errors import CorruptStream, UnsupportedField

MAX_COLUMNS = 1 << 16
COLUMNS_AT_ONCE = 64


@dataclass(frozen=True)
class FieldSpec:
    """Name, dtype and shape of a field: (N,) if ``columns`` is None, else (N, columns)."""

    name: str
    dtype: np.dtype
    columns: int | None

    def num_bytes(self, num_points: int) -> int:
        """Decoded size."""
        return num_points * self.dtype.itemsize * (1 if self.columns is None else self.columns)


def select(fields: Mapping[str, np.ndarray], wanted: str | Sequence[str]) -> dict[str, np.ndarray]:
    """The fields to code: ``"all"``, ``"none"``, or a list of names in the order wanted.

    Raises:
        ValueError: a name is not among the fields.
    """
    if isinstance(wanted, str):
        if wanted not in ("all", "none"):
            raise ValueError(f"fields: expected 'all', 'none' or a list of names, got {wanted!r}")
        return dict(fields) if wanted == "all" else {}
    unknown = [name for name in wanted if name not in fields]
    if unknown:
        raise ValueError(f"fields: no field {', '.join(map(repr, unknown))}; there are {', '.join(fields) or 'none'}")
    return {name: fields[name] for name in wanted}


def write_spec(name: str, values: np.ndarray) -> bytes:
    """Name, dtype and shape of a field; the digest of a frame covers these bytes too.

    Raises:
        UnsupportedField: a dtype or a width that no stream carries.
    """
    columns = 0 if values.ndim == 1 else values.shape[1] + 1
    if columns > MAX_COLUMNS:
        raise UnsupportedField(f"field {name!r}: expected at most {MAX_COLUMNS - 1} columns, got {columns - 1}")
    return text(name) + bytes([dtype_code(values.dtype, f"field {name!r}")]) + varint(columns)


def parse_spec(reader: Reader) -> FieldSpec:
    """Reads what ``write_spec`` wrote."""
    name, dtype, columns = reader.text(), dtype_of(reader.u8()), reader.varint()
    if columns > MAX_COLUMNS:
        raise CorruptStream(f"field {name!r}: {columns - 1} columns")
    return FieldSpec(name, dtype, columns - 1 if columns else None)


def encode_field(name: str, values: np.ndarray) -> bytes:
    """The payload of a field's chunk; ``values`` (N,) or (N, K) in decoded order."""
    columns = values.reshape(len(values), -1) if values.size else values.reshape(0, 1)
    spec = write_spec(name, values)
    return spec + b"".join(encode_column(columns[:, i]) for i in range(columns.shape[1] if values.size else 0))


def decode_field(
    payload: bytes | memoryview, num_points: int, max_bytes: int, work: Work | None = None
) -> tuple[str, np.ndarray]:
    """Name and values, (N,) or (N, K), of a field's chunk.

    Raises:
        CorruptStream: the chunk is damaged.
        LimitExceeded: the values would take more than ``max_bytes``, or than ``work`` pays for; nothing was allocated.
    """
    reader = Reader(payload)
    spec = parse_spec(reader)
    num_bytes = within(f"bytes of field {spec.name!r}", spec.num_bytes(num_points), max_bytes)
    if work is not None:
        work.memory(FIELD_COST * num_bytes)
        work.columns(1 if spec.columns is None or not num_points else spec.columns)
    if spec.columns is None:
        values = decode_column(reader, spec.dtype, num_points) if num_points else np.empty(0, spec.dtype)
    else:
        values = _decode_columns(reader, spec.dtype, num_points, spec.columns)
    reader.finish(f"field {spec.name!r}")
    return spec.name, values


def _decode_columns(reader: Reader, dtype: np.dtype, num_points: int, num_columns: int) -> np.ndarray:
    """(num_points, num_columns); some columns at a time, since a value alone would cost a line of the cache."""
    values = np.empty((num_points, num_columns), dtype)
    for first in range(0, num_columns if num_points else 0, COLUMNS_AT_ONCE):
        last = min(first + COLUMNS_AT_ONCE, num_columns)
        values[:, first:last] = np.stack([decode_column(reader, dtype, num_points) for _ in range(first, last)], 1)
    return values
