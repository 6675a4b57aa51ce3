"""Sorting of codes, with the permutation that sorts them, and runs of equal codes.

Needed once a cloud, when points become voxels; everything after that keeps Morton order and sorts nothing.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty

MAX_CODES = 2**31 - 1  #: rows are int32


def radix_sort(codes: Array) -> tuple[Array, Array]:
    """Sorts codes; equal codes keep their order.

    Args:
        codes: (N,) uint64, N < 2^31.

    Returns:
        ``(sorted, permutation)``: (N,) uint64 ascending, and (N,) int32 with ``sorted == codes[permutation]``.

    Raises:
        ValueError: 2^31 codes or more.
    """
    codes = check(codes, "codes", "uint64", (None,))
    if len(codes) > MAX_CODES:
        raise ValueError(f"codes: expected at most {MAX_CODES}, got {len(codes)}")
    ordered, permutation = empty(codes, (len(codes),), np.uint64), empty(codes, (len(codes),), np.int32)
    _ext.radix_sort(codes, ordered, permutation)
    return ordered, permutation


def unique(ordered: Array) -> tuple[Array, Array]:
    """Distinct codes and how often each occurs.

    Args:
        ordered: (N,) uint64, ascending, N < 2^31.

    Returns:
        ``(codes, counts)``: (M,) uint64 strictly ascending, and (M,) int32 >= 1 that sum to N.

    Raises:
        ValueError: the codes do not ascend, or are too many.
    """
    ordered = check(ordered, "ordered", "uint64", (None,))
    if len(ordered) > MAX_CODES:
        raise ValueError(f"ordered: expected at most {MAX_CODES} codes, got {len(ordered)}")
    codes, counts = empty(ordered, (len(ordered),), np.uint64), empty(ordered, (len(ordered),), np.int32)
    num_codes = _ext.unique(ordered, codes, counts)
    if num_codes < 0:
        raise ValueError("ordered: expected ascending codes")
    return codes[:num_codes], counts[:num_codes]


def radix_sort_reference(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`radix_sort` by numpy's stable sort."""
    permutation = np.argsort(codes, kind="stable").astype(np.int32)
    return codes[permutation], permutation


def unique_reference(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`unique` by numpy's."""
    codes, counts = np.unique(ordered, return_counts=True)
    return codes, counts.astype(np.int32)
