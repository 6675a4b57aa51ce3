"""Leaf codes of a batch: Morton codes with the crop's index above them, sorted and unique."""

from __future__ import annotations

import numpy as np


def leaf_codes(coords: np.ndarray, roots: np.ndarray, depth: int) -> np.ndarray:
    """coords (N, 3) int32 in [0, 2^depth), roots (N,) uint64 -> (V,) uint64 ascending, unique.

    Raises:
        ValueError: the codes would not fit 64 bits, or a coordinate lies outside its cube.
    """
    if len(roots) and 3 * depth + int(roots.max()).bit_length() > 64:
        raise ValueError(f"depth: {depth} bits an axis and {int(roots.max()) + 1} roots do not fit a 64-bit code")
    if len(coords) and (coords.min() < 0 or coords.max() >> depth):
        raise ValueError(f"coords: expected 0 <= value < {1 << depth}, got {coords.min()} to {coords.max()}")
    return np.unique(_morton(coords) | (roots << np.uint64(3 * depth)))


def _morton(coords: np.ndarray) -> np.ndarray:
    masks = (0x1F00000000FFFF, 0x1F0000FF0000FF, 0x100F00F00F00F00F, 0x10C30C30C30C30C3, 0x1249249249249249)
    spread = coords.astype(np.uint64)
    for shift, mask in zip((32, 16, 8, 4, 2), masks, strict=True):
        spread = (spread | (spread << np.uint64(shift))) & np.uint64(mask)
    return (spread[:, 0] << np.uint64(2)) | (spread[:, 1] << np.uint64(1)) | spread[:, 2]
