"""Bytes of some rows, taken out and put back: what `values[rows]` does, without numpy's wide indices.

    put(take(values, rows), rows, values) changes nothing
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check


def take(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """``values[rows]``: (R,) uint8 from values (N,) uint8 and rows (R,) int32 in 0..N-1.

    Raises:
        TypeError, ValueError: an argument does not fit, or a row is none.
    """
    values, rows = check(values, "values", "uint8", (None,)), check(rows, "rows", "int32", (None,))
    taken = np.empty(len(rows), np.uint8)
    if not _ext.take_bytes(values, rows, taken):
        raise ValueError(f"rows: expected 0..{len(values) - 1}")
    return taken


def put(taken: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """``values[rows] = taken``: taken (R,) uint8, rows (R,) int32, distinct and in 0..N-1, values (N,) uint8, contiguous.

    Raises:
        TypeError, ValueError: an argument does not fit, or a row is none; nothing was put.
    """
    if not values.flags.c_contiguous:
        raise ValueError("values: expected a contiguous array")
    values, rows = check(values, "values", "uint8", (None,)), check(rows, "rows", "int32", (None,))
    if not _ext.put_bytes(check(taken, "taken", "uint8", rows.shape), rows, values):
        raise ValueError(f"rows: expected 0..{len(values) - 1}")
