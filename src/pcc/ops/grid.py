"""Float coordinates on a grid of step num / den: whether it restores them, points to Morton codes, and back.

    index = floor(value * den / num + 0.5)      restored value = cast(index * num / den)

in float64, one multiplication and one division each, so every machine restores the same bits. What a grid is, and how
it is found, is `pcc.geometry.grid`; other dtypes than float32 and float64 go through numpy there.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check, dtype_name

DTYPES = ("float32", "float64")
MAX_INDEX = 1 << 52  #: indices on a scaled grid stay exact in float64


def restores(values: np.ndarray, num: float, den: float) -> bool:
    """Whether every value (N,) float32 or float64 is restored, 0 without its sign, by an index below 2^52."""
    return bool(_ext.grid_restores(check(values, "values", _dtype(values), (None,)), num, den))


def codes(xyz: np.ndarray, num: float, den: float, origin: tuple[int, int, int]) -> np.ndarray:
    """Morton codes (N,) uint64 of the voxels ``index - origin`` of points.

    Args:
        xyz: (N, 3) float32 or float64.
        num, den: the step.
        origin: an index below 2^52 in magnitude for each axis.

    Raises:
        TypeError: the dtype is another.
        ValueError: a voxel is not in 0..2^21 - 1.
    """
    xyz = check(xyz, "xyz", _dtype(xyz), (None, 3))
    found = np.empty(len(xyz), np.uint64)
    if not _ext.grid_codes(xyz, num, den, _origin(origin), found):
        raise ValueError("xyz: expected voxels from 0 to 2^21 - 1")
    return found


def values(codes: np.ndarray, num: float, den: float, origin: tuple[int, int, int], dtype: np.dtype) -> np.ndarray:
    """Points (N, 3), float32 or float64 by ``dtype``, of Morton codes (N,) uint64: the values of ``index + origin``.

    Raises:
        TypeError: the dtype is another.
    """
    codes = check(codes, "codes", "uint64", (None,))
    found = np.empty((len(codes), 3), _dtype(np.empty(0, dtype)))
    _ext.grid_values(codes, num, den, _origin(origin), found)
    return found


def restores_reference(values: np.ndarray, num: float, den: float) -> bool:
    """`restores`, by numpy."""
    with np.errstate(over="ignore", invalid="ignore"):
        index = _index(values, num, den)
        back = (index * num / den).astype(values.dtype)
        return bool(((np.abs(index) < MAX_INDEX) & (back == values)).all())


def codes_reference(xyz: np.ndarray, num: float, den: float, origin: tuple[int, int, int]) -> np.ndarray:
    """`codes`, by numpy and `pcc.ops.morton.encode_reference`."""
    from pcc.ops.morton import encode_reference

    return encode_reference((_index(xyz, num, den) - np.array(origin)).astype(np.int32))


def values_reference(
    codes: np.ndarray, num: float, den: float, origin: tuple[int, int, int], dtype: np.dtype
) -> np.ndarray:
    """`values`, by `pcc.ops.morton.decode_reference` and numpy."""
    from pcc.ops.morton import decode_reference

    with np.errstate(over="ignore"):
        return ((decode_reference(codes) + np.array(origin, np.float64)) * num / den).astype(dtype)


def _index(values: np.ndarray, num: float, den: float) -> np.ndarray:
    return np.floor(values.astype(np.float64) * den / num + 0.5)


def _origin(origin: tuple[int, int, int]) -> np.ndarray:
    return check(np.array(origin, np.int64), "origin", "int64", (3,))


def _dtype(values: np.ndarray) -> str:
    name = dtype_name(values)
    if name not in DTYPES:
        raise TypeError(f"expected float32 or float64, got {name}")
    return name
