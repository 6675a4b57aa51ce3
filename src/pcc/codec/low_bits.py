"""The lower bits of positions in voxels that are coarser than the grid: what lets a grid be wider than an octree.

    index = voxel << b | low          on each axis; b = 1..43

Below the level at which every point is alone, an octree has nothing to tell but bits that look random; they are stored
here, plane by plane, axis after axis, in decoded order.
"""

from __future__ import annotations

import numpy as np

from pcc.codec.planes import decode_bits, encode_bits
from pcc.codec.wire import Reader


def encode_low_bits(low: np.ndarray, num_bits: int) -> bytes:
    """The chunk's payload for (N, 3) uint64 below 2^num_bits in decoded order, N >= 1."""
    planes = ((axis, bit) for axis in range(3) for bit in range(num_bits))
    return b"".join(encode_bits(low[:, axis] >> np.uint64(bit) & np.uint64(1)) for axis, bit in planes)


def decode_low_bits(payload: memoryview, count: int, num_bits: int) -> np.ndarray:
    """(count, 3) uint64.

    Raises:
        CorruptStream: the payload is damaged.
    """
    reader, low = Reader(payload), np.zeros((count, 3), np.uint64)
    for axis in range(3):
        for first in range(0, num_bits, 8):
            byte = np.zeros(count, np.uint8)
            for bit in range(min(num_bits - first, 8)):
                byte |= decode_bits(reader, count).view(np.uint8) << np.uint8(bit)
            low[:, axis] |= byte.astype(np.uint64) << np.uint64(first)
    reader.finish("low bits")
    return low
