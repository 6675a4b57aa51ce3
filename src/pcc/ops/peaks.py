"""What this machine can do at most: products, reading and copying, and nothing else. For benchmarks; no kernel is here.

The caller takes the time (benchmarks/limits.py). All run in `pcc.ops.num_threads()` threads with the active instruction
set, since that is what kernels are held against.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check


def int8_products(rounds: int) -> int:
    """Makes products u8 x s8 in registers, ``rounds`` times the same few, in every thread; returns their number."""
    return int(_ext.int8_products(rounds))


def read(words: np.ndarray, times: int = 1, *, shared: bool = False) -> int:
    """Reads an array, in registers as wide as the instruction set has, as sums of table rows do.

    Args:
        words: (N,) uint16.
        times: how often.
        shared: every thread reads all of it; else each its part.

    Returns:
        The sum modulo 2^16 of all words read, by one thread where ``shared``.
    """
    return int(_ext.read_words(check(words, "words", "uint16", (None,)), times, shared))


def copy(source: np.ndarray, target: np.ndarray) -> None:
    """Copies (N,) uint8 to (N,) uint8, each thread its part.

    Raises:
        ValueError: the lengths differ, or ``target`` is not contiguous.
    """
    source = check(source, "source", "uint8", (None,))
    if not target.flags.c_contiguous:
        raise ValueError("target: expected a contiguous array")
    _ext.copy_bytes(source, check(target, "target", "uint8", source.shape))


def read_reference(words: np.ndarray, times: int = 1) -> int:
    """`read`, by numpy."""
    return int(words.astype(np.uint64).sum()) * times % 2**16
