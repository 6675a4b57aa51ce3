"""The side information of anchors that code voxel indices: grid step, origin and data type, in 43 bytes.

Programs such as Draco know integers in a cube; what turns these back into metres has to travel too, or the decoder
would be handed the encoder's data. It is not compressed: it is 0.003 bpp of a LiDAR frame.
"""

from __future__ import annotations

import struct

import numpy as np

from pcc.errors import AnchorError
from pcc.geometry.voxels import Grid

_LAYOUT = struct.Struct("<dd3q3s")
GRID_BYTES = _LAYOUT.size


def pack_grid(grid: Grid) -> bytes:
    """``grid`` as ``GRID_BYTES`` bytes."""
    return _LAYOUT.pack(grid.num, grid.den, *grid.origin, np.dtype(grid.dtype).str.encode().ljust(3))


def unpack_grid(data: bytes) -> Grid:
    """The grid in the first bytes of ``data``.

    Raises:
        AnchorError: ``data`` is too short or holds no data type.
    """
    if len(data) < GRID_BYTES:
        raise AnchorError(f"expected {GRID_BYTES} bytes of side information, got {len(data)}")
    num, den, *origin, dtype = _LAYOUT.unpack(data[:GRID_BYTES])
    try:
        return Grid(num, den, (origin[0], origin[1], origin[2]), np.dtype(dtype.decode("ascii").strip()))
    except (TypeError, UnicodeDecodeError) as error:
        raise AnchorError(f"no data type in the side information: {dtype!r}") from error
