"""The dtypes that a stream carries, and their numbers in it; a number never changes its meaning."""

from __future__ import annotations

import numpy as np

from pcc.errors import CorruptStream, UnsupportedField

NAMES = (
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "float32", "float64"),
)


def dtype_code(dtype: np.dtype, what: str) -> int:
    """The number of ``dtype`` in a stream, whatever its byte order.

    Raises:
        UnsupportedField: no stream carries it; ``what`` is named.
    """
    name = dtype.newbyteorder("=").name
    if name not in NAMES:
        raise UnsupportedField(f"{what}: expected one of {', '.join(NAMES)}, got {dtype}")
    return NAMES.index(name)


def dtype_of(code: int) -> np.dtype:
    """The dtype with the number ``code``, in this machine's byte order."""
    if code >= len(NAMES):
        raise CorruptStream(f"unknown dtype number {code}; a newer pcc may know it")
    return np.dtype(NAMES[code])
