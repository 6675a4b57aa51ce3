"""Bytes of some rows, taken out and put back with more bits: `values[rows]`, without numpy's wide indices.

A pass of the coder (`pcc.inference.program`) does it with the occupancies of the nodes of one colour.
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


def put_bits(bits: np.ndarray, shift: int, taken: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """``taken |= bits << shift; values[rows] = taken``, both in place.

    Args:
        bits: (R,) uint8; shift: 0..7.
        taken: (R,) uint8, contiguous: ``values[rows]`` so far.
        rows: (R,) int32, distinct and in 0..N-1.
        values: (N,) uint8, contiguous.

    Raises:
        TypeError, ValueError: an argument does not fit, or a row is none; nothing was put.
    """
    if not (values.flags.c_contiguous and taken.flags.c_contiguous):
        raise ValueError("taken, values: expected contiguous arrays")
    if not 0 <= shift < 8:
        raise ValueError(f"shift: expected 0..7, got {shift}")
    values, rows = check(values, "values", "uint8", (None,)), check(rows, "rows", "int32", (None,))
    bits, taken = check(bits, "bits", "uint8", rows.shape), check(taken, "taken", "uint8", rows.shape)
    if not _ext.put_bits(bits, shift, taken, rows, values):
        raise ValueError(f"rows: expected 0..{len(values) - 1}")
