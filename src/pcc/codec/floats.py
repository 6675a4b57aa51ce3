"""float32 metres beside their voxels of a millimetre: what makes positions the input's, bit for bit.

    residual = place of the value among all floats - that of the float nearest to the decoded position

in units in the last place (`pcc.ops.float_residuals`), axis by axis, as a column of values.
"""

from __future__ import annotations

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.wire import Reader
from pcc.ops.float_residuals import float_residuals, restore_floats

MAX_FLOAT_VOXEL = 1 << 28  # in magnitude, of voxels that have floats beside them
_WORD = np.dtype(np.uint32)


def encode_floats(fixed: np.ndarray, xyz: np.ndarray) -> bytes:
    """The chunk's payload: positions fixed (N, 3) int64 in 2^-24 millimetre, xyz (N, 3) float32 metres; N >= 1."""
    residuals = float_residuals(fixed, xyz)
    folded = ((residuals << 1) ^ (residuals >> 31)).view(np.uint32)
    return b"".join(encode_column(folded[:, axis]) for axis in range(3))


def decode_floats(payload: memoryview, fixed: np.ndarray) -> np.ndarray:
    """(N, 3) float32.

    Raises:
        CorruptStream: the payload is damaged.
    """
    reader = Reader(payload)
    folded = np.stack([decode_column(reader, _WORD, len(fixed)) for _ in range(3)], 1)
    reader.finish("floats")
    residuals = (folded >> np.uint32(1)) ^ (~(folded & np.uint32(1)) + np.uint32(1))
    return restore_floats(fixed, np.ascontiguousarray(residuals.view(np.int32)))
