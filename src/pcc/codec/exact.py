"""What is left of floats beside the grid that they lie near: positions bit for bit, whatever they are.

    residual = key(value) - key(value of the grid)         in floats between them, axis by axis

A cloud on a grid has residuals of 0 and no such chunk, but for negative zeros. One whose program rounded otherwise has
a unit in the last place here and there: a column of small numbers. One on no grid has voxels far larger than its
floats: then a value is one of those in its voxel, all about alike, and is coded as the number of the float in it, bit
by bit, with as many bits as the voxel has floats.

    value's key - first key of the voxel  -->  bit planes; plane j holds bit j of the points whose voxels have more

Nothing here knows how voxels are coded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcc.codec.columns import decode_column, encode_column, estimate_column
from pcc.codec.dtypes import dtype_code, dtype_of
from pcc.codec.planes import decode_bits, encode_bits
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream
from pcc.geometry.float_order import floats, key_dtype, keys
from pcc.geometry.grid import Axis

GRID, COLUMN, PLANES, PLANES_AND_GRID = range(4)  # how an axis is coded
_LEAST_ON_GRID = 0.01  # share of the points from which on it pays to say which lie on the grid


def encode_exact(values: np.ndarray, index: np.ndarray, axes: Sequence[Axis], dtype: np.dtype) -> bytes | None:
    """The chunk's payload; None where the grid tells all.

    Args:
        values: (N, 3) float16, float32 or float64, N >= 1; as coarse a dtype as holds them.
        index: (N, 3) int64 of the grid, origin included.
        axes: scale and offset of each axis.
        dtype: of the positions; that of ``values``, or a finer one.
    """
    parts = [_encode_axis(values[:, i], index[:, i], axes[i]) for i in range(3)]
    if values.dtype == dtype and all(part == bytes([GRID]) for part in parts):
        return None
    return bytes([dtype_code(values.dtype, "xyz")]) + b"".join(parts)


def decode_exact(payload: memoryview, index: np.ndarray, axes: Sequence[Axis], dtype: np.dtype) -> np.ndarray:
    """(N, 3) positions of ``dtype``; arguments as for ``encode_exact``.

    Raises:
        CorruptStream: the payload is damaged.
    """
    reader = Reader(payload)
    coarse = dtype_of(reader.u8())
    if coarse.kind != "f" or dtype.kind != "f" or coarse.itemsize > dtype.itemsize:
        raise CorruptStream(f"exact positions: {coarse} for positions of {dtype}")
    columns = [_decode_axis(reader, index[:, i], axes[i], coarse) for i in range(3)]
    reader.finish("exact positions")
    return np.stack(columns, axis=1).astype(dtype)


def _encode_axis(values: np.ndarray, index: np.ndarray, axis: Axis) -> bytes:
    residual = keys(values) - keys(axis.values(index, values.dtype))
    if not residual.any():
        return bytes([GRID])
    folded = _fold(residual)
    column = bytes([COLUMN]), estimate_column(folded)
    place, bits = _places(index, axis, values.dtype)
    within = keys(values).astype(np.int64) - place
    if ((within < 0) | (within.astype(np.uint64) >> bits.astype(np.uint64) != 0)).any():
        return column[0] + encode_column(folded)
    on_grid = residual == 0
    some = bool(np.count_nonzero(on_grid) > _LEAST_ON_GRID * len(values))
    planes = 2 * int(bits.max()) + int(bits[~on_grid].sum() if some else bits.sum()) / 8 + some * len(values) / 8
    if column[1] <= planes:
        return column[0] + encode_column(folded)
    if not some:
        return bytes([PLANES]) + _write_planes(within, bits)
    off = ~on_grid
    return bytes([PLANES_AND_GRID]) + encode_bits(off) + _write_planes(within[off], bits[off])


def _decode_axis(reader: Reader, index: np.ndarray, axis: Axis, dtype: np.dtype) -> np.ndarray:
    how = reader.u8()
    if how == GRID:
        return axis.values(index, dtype)
    if how == COLUMN:
        word = np.dtype(f"u{dtype.itemsize}")
        residual = _unfold(decode_column(reader, word, len(index)))
        return floats(keys(axis.values(index, dtype)) + residual, dtype)
    if how not in (PLANES, PLANES_AND_GRID):
        raise CorruptStream(f"exact positions: unknown method {how}; a newer pcc may know it")
    off = np.ones(len(index), bool) if how == PLANES else decode_bits(reader, len(index))
    found = axis.values(index, dtype)
    place, bits = _places(index[off], axis, dtype)
    within = _read_planes(reader, bits)
    found[off] = floats((place + within).astype(key_dtype(dtype)), dtype)
    return found


def _places(index: np.ndarray, axis: Axis, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """First keys of voxels, (N,) int64, and how many bits number the floats of each, (N,) int64 in 0..64."""
    low, high = (keys(axis.values(index + shift, dtype)).astype(np.int64) for shift in (-0.5, 0.5))
    size = (high - low).astype(np.uint64)  # exact modulo 2^64
    top = size - np.uint64(1)
    bits = np.zeros(len(index), np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        more = top >> np.uint64(step) != 0
        bits[more] += step
        top[more] >>= np.uint64(step)
    return low, np.where(size == 0, 0, bits + (top != 0))


def _write_planes(within: np.ndarray, bits: np.ndarray) -> bytes:
    return b"".join(encode_bits(within[bits > j] >> j & 1) for j in range(int(bits.max(initial=0))))


def _read_planes(reader: Reader, bits: np.ndarray) -> np.ndarray:
    """(N,) int64."""
    within = np.zeros(len(bits), np.uint64)
    fewest, most = int(bits.min(initial=64)), int(bits.max(initial=0))
    for first in range(0, most, 8):
        byte = np.zeros(len(bits), np.uint8)
        for j in range(first, min(first + 8, most)):
            byte |= _read_plane(reader, None if j < fewest else bits > j, len(bits)) << np.uint8(j - first)
        within |= byte.astype(np.uint64) << np.uint64(first)
    return within.view(np.int64)


def _read_plane(reader: Reader, there: np.ndarray | None, count: int) -> np.ndarray:
    """(count,) uint8, a bit of each of the points ``there``, (count,) bool or None: all; 0 elsewhere."""
    if there is None:
        return decode_bits(reader, count).view(np.uint8)
    plane = np.zeros(count, np.uint8)
    plane[there] = decode_bits(reader, int(np.count_nonzero(there)))
    return plane


def _fold(residual: np.ndarray) -> np.ndarray:
    """0, -1, 1, -2 ... as 0, 1, 2, 3 ..., unsigned."""
    return ((residual << 1) ^ (residual >> (8 * residual.itemsize - 1))).view(f"u{residual.itemsize}")


def _unfold(folded: np.ndarray) -> np.ndarray:
    one = folded.dtype.type(1)
    return ((folded >> one) ^ (~(folded & one) + one)).view(f"i{folded.itemsize}")
