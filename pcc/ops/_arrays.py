"""Shared by the ops: arrays of the caller's kind (numpy or torch) that the kernels fill.

Kernels take any C-contiguous CPU array through DLPack without a copy; what an op allocates is of the kind that it
was given. torch is never imported here: a torch tensor brings its own module along.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or torch.Tensor


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
    if dtype_name(array) != dtype if is_torch(array) else array.dtype != dtype:  # names of numpy's dtypes cost 5 us
        raise TypeError(f"{name}: expected {dtype}, got {dtype_name(array)}")
    actual = tuple(array.shape)
    if len(actual) != len(shape) or any(
        want is not None and want != got for want, got in zip(shape, actual, strict=True)
    ):
        expected = "(" + ", ".join("?" if n is None else str(n) for n in shape) + ")"
        raise ValueError(f"{name}: expected shape {expected}, got {actual}")
    return array.contiguous() if is_torch(array) else np.ascontiguousarray(array)
