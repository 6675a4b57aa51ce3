"""Morton codes: voxel coordinates to and from one integer whose order is the order of the octree.

The bits of x, y and z are interleaved, x highest in every triple: ``octant = x << 2 | y << 1 | z`` at every level.
The codes say nothing about scale or origin (`pcc.geometry.voxels`) or about the tree (`pcc.ops.octree`).
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty

MAX_BITS = 21  #: bits of an axis; three of them fit into a code


def encode(coords: Array) -> Array:
    """Codes of voxel coordinates.

    Args:
        coords: (N, 3) int32, voxels, 0 <= value < 2^21.

    Returns:
        (N,) uint64, below 2^63.

    Raises:
        ValueError: a coordinate is negative or does not fit into 21 bits.
    """
    coords = check(coords, "coords", "int32", (None, 3))
    codes = empty(coords, (len(coords),), np.uint64)
    if not _ext.morton_encode(coords, codes):
        raise ValueError(f"coords: expected values from 0 to {(1 << MAX_BITS) - 1}, got {_extremes(coords)}")
    return codes


def decode(codes: Array) -> Array:
    """Voxel coordinates, (N, 3) int32, of ``codes``, (N,) uint64: the inverse of `encode`."""
    codes = check(codes, "codes", "uint64", (None,))
    coords = empty(codes, (len(codes), 3), np.int32)
    _ext.morton_decode(codes, coords)
    return coords


def encode_reference(coords: np.ndarray) -> np.ndarray:
    """`encode`, bit by bit."""
    codes = np.zeros(len(coords), np.uint64)
    for bit in range(MAX_BITS):
        for axis in range(3):
            value = (coords[:, axis].astype(np.uint64) >> np.uint64(bit)) & np.uint64(1)
            codes |= value << np.uint64(3 * bit + 2 - axis)
    return codes


def decode_reference(codes: np.ndarray) -> np.ndarray:
    """`decode`, bit by bit."""
    coords = np.zeros((len(codes), 3), np.int32)
    for bit in range(MAX_BITS):
        for axis in range(3):
            value = (codes >> np.uint64(3 * bit + 2 - axis)) & np.uint64(1)
            coords[:, axis] |= value.astype(np.int32) << bit
    return coords


def _extremes(coords: Array) -> str:
    return f"{int(coords.min())} to {int(coords.max())}"
