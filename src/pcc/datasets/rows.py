"""Rows of coordinates as one integer each, so that sets of rows are sets of numbers. Not Morton order."""

from __future__ import annotations

import numpy as np

_BITS = 21
_MASK = (1 << _BITS) - 1


def unique_rows(coords: np.ndarray) -> np.ndarray:
    """Unique rows of (N, 3) whole numbers in [0, 2^21), sorted by x, y, z: (V, 3) int64.

    Raises:
        ValueError: a coordinate is negative or needs more than 21 bits.
    """
    if len(coords) == 0:
        return np.zeros((0, 3), np.int64)
    if coords.min() < 0 or coords.max() > _MASK:
        raise ValueError(f"coords: expected 0 <= value < 2^{_BITS}, got {coords.min()} to {coords.max()}")
    bits = max(int(coords.max()).bit_length(), 1)
    x, y, z = coords.astype(np.uint32 if 3 * bits <= 32 else np.int64).T
    keys = np.sort((x << (2 * bits)) | (y << bits) | z).astype(np.int64)
    keys = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
    mask = (1 << bits) - 1
    return np.stack([keys >> (2 * bits), (keys >> bits) & mask, keys & mask], 1)
