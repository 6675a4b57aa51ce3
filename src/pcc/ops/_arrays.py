"""Shared by the ops: arrays of the caller's kind (numpy or torch) that the kernels fill.

Kernels take any C-contiguous CPU array through DLPack without a copy; what an op allocates is of the kind that it
was given. torch is never imported here: a torch tensor brings its own module along.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or torch.Tensor

_DTYPES = {
    name: np.dtype(name)
    for name in ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64")
}


def is_torch(array: Array) -> bool:
    return type(array).__module__.split(".")[0] == "torch"


def empty(like: Array, shape: tuple[int, ...], dtype: type | np.dtype) -> Array:
    """An uninitialised array of the kind of ``like``."""
    if is_torch(like):
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=getattr(torch, np.dtype(dtype).name))
    return np.empty(shape, dtype)


def zeros(like: Array, shape: tuple[int, ...], dtype: type | np.dtype) -> Array:
    """A zero-filled array of the kind of ``like``."""
    array = empty(like, shape, dtype)
    array[...] = 0
    return array


def dtype_name(array: Array) -> str:
    return str(array.dtype).removeprefix("torch.")


def check(array: Array, name: str, dtype: str, shape: tuple[int | None, ...]) -> Array:
    """``array`` made contiguous, after a check of its dtype and shape (None: any length).

    Raises:
        TypeError: the dtype differs.
        ValueError: the shape differs.
    """
    if type(array) is np.ndarray:  # a call of small arrays costs little more than these checks
        if array.dtype is not _DTYPES[dtype] and array.dtype != _DTYPES[dtype]:
            raise TypeError(f"{name}: expected {dtype}, got {array.dtype}")
        if not _fits(array.shape, shape):
            raise _wrong_shape(name, array.shape, shape)
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)
    if dtype_name(array) != dtype:
        raise TypeError(f"{name}: expected {dtype}, got {dtype_name(array)}")
    if not _fits(tuple(array.shape), shape):
        raise _wrong_shape(name, tuple(array.shape), shape)
    return array.contiguous() if is_torch(array) else np.ascontiguousarray(array)


def _fits(actual: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    if actual == shape:
        return True
    if len(actual) != len(shape):
        return False
    for got, want in zip(actual, shape):  # noqa: B905, SIM110 - a third of the time that the short forms take
        if got != want and want is not None:
            return False
    return True


def _wrong_shape(name: str, actual: tuple[int, ...], shape: tuple[int | None, ...]) -> ValueError:
    expected = "(" + ", ".join("?" if n is None else str(n) for n in shape) + ")"
    return ValueError(f"{name}: expected shape {expected}, got {actual}")
