"""Points that no voxel stands for: those without a finite position, and strays too far away to share a grid.

Their positions are columns of values as they are. They come after all others in decoded order, in the order of the
input.
"""

from __future__ import annotations

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.wire import Reader


def encode_raw_points(xyz: np.ndarray) -> bytes:
    """The chunk's payload for positions (R, 3) of any dtype that streams carry, R >= 1."""
    return b"".join(encode_column(np.ascontiguousarray(xyz[:, axis])) for axis in range(3))


def decode_raw_points(payload: memoryview, count: int, dtype: np.dtype) -> np.ndarray:
    """(count, 3) positions of ``dtype``.

    Raises:
        CorruptStream: the payload is damaged.
    """
    reader = Reader(payload)
    columns = [decode_column(reader, dtype, count) for _ in range(3)]
    reader.finish("raw points")
    return np.stack(columns, axis=1)
