"""What this machine can do at most, measured on the spot: what `benchmarks/lossless.py` holds stations against.

    memory          bytes read and written a second while an array larger than the caches is copied
    read            the same for reading alone
    new memory      bytes a second when pages are touched for the first time: what a new array costs; small pages, and
                    huge ones, which numpy asks for where an array has 4 MB or more
    products        u8 x s8 products a second in registers, by the instruction that the layers use
    table rows      bytes a second of sums of table rows from the cache that a context table of its size lies in

All with as many threads, the instruction set and the clock that the stations have; each the best of several tries.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pcc.ops import peaks

TRIES = 5
LARGE_BYTES = 1 << 28  # no cache holds a quarter of it
NEW_BYTES = 1 << 26
TABLE_BYTES = 27 * 32 * 64 * 2  # of the context of 64 columns, by nibbles
TABLE_TIMES = 1000
PRODUCT_ROUNDS = 1 << 20


@dataclass(frozen=True)
class Limits:
    """A second's worth of each; see the module's docstring."""

    memory_bytes: float
    read_bytes: float
    small_page_bytes: float
    huge_page_bytes: float
    products: float
    table_bytes: float


def measure(clock: Callable[[], float], num_threads: int) -> Limits:
    """The limits of this machine now.

    Args:
        clock: seconds.
        num_threads: as `pcc.ops.num_threads`; tables are read by each thread.
    """
    source, target = np.ones(LARGE_BYTES, np.uint8), np.ones(LARGE_BYTES, np.uint8)
    words, table = source.view(np.uint16), np.ones(TABLE_BYTES // 2, np.uint16)

    def rate(amount: float, work: Callable[[], object]) -> float:
        seconds = []
        for _ in range(TRIES):
            start = clock()
            work()
            seconds.append(clock() - start)
        return amount / min(seconds)

    return Limits(
        memory_bytes=rate(2 * LARGE_BYTES, lambda: peaks.copy(source, target)),
        read_bytes=rate(LARGE_BYTES, lambda: peaks.read(words)),
        small_page_bytes=rate(NEW_BYTES, lambda: np.frombuffer(mmap.mmap(-1, NEW_BYTES), np.uint8).fill(1)),
        huge_page_bytes=rate(NEW_BYTES, lambda: np.empty(NEW_BYTES, np.uint8).fill(1)),
        products=rate(peaks.int8_products(1) * PRODUCT_ROUNDS, lambda: peaks.int8_products(PRODUCT_ROUNDS)),
        table_bytes=rate(num_threads * TABLE_BYTES * TABLE_TIMES, lambda: peaks.read(table, TABLE_TIMES, shared=True)),
    )
