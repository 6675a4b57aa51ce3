"""Floats as integers in the same order: neighbouring floats differ by one, from the lowest NaN to the highest.

    key(v) = bits of v                             sign bit 0
             bits of v ^ 0x7FFF...                 sign bit 1        (as signed integers of the same size)

So +0.0 has the key 0, -0.0 the key -1, and every bit pattern has a key of its own, NaNs and infinities included. A
difference of keys counts floats (units in the last place) and is exact modulo 2^bits.
"""

from __future__ import annotations

import numpy as np


def keys(values: np.ndarray) -> np.ndarray:
    """Keys, signed integers of the size of ``values`` (any shape, float16, float32 or float64)."""
    return _flip(np.ascontiguousarray(values).view(key_dtype(values.dtype)))


def floats(keys: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The values of ``dtype`` whose keys these are: the inverse of `keys`."""
    return _flip(np.ascontiguousarray(keys)).view(dtype)


def key_dtype(dtype: np.dtype) -> np.dtype:
    """The signed integers that hold the keys of ``dtype``."""
    return np.dtype(f"i{np.dtype(dtype).itemsize}")


def _flip(bits: np.ndarray) -> np.ndarray:
    """It is its own inverse."""
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits)
