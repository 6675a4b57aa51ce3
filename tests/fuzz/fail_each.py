"""Codes the golden clouds while one allocation after the other fails; run by test_allocation.py, fail_alloc preloaded.

    python -m tests.fuzz.fail_each LIBRARY

Prints for each stream how many allocations decoding takes and how many of them failed in turn; then so of encoding.
Anything but MemoryError or an error of pcc's ends the process, as do other bytes or values when all is well again.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import sys
from collections.abc import Callable, Iterator
from functools import partial

import pcc
from pcc import ops
from pcc.errors import PccError
from tests import golden

EACH = 6  # of the first allocations each fails once, of the later ones some
ENCODED = ("surface_2", "sweep_16mm_2", "scattered_adaptive", "turn_moved")


def chosen(count: int) -> Iterator[int]:
    """1, 2, 3 ... and then in growing steps."""
    n = 1
    while n <= count:
        yield n
        n += 1 + n // EACH


def decode(name: str) -> str:
    data = (golden.FOLDER / f"{name}.pcc").read_bytes()
    return hashlib.sha256(pcc.decode(data, model=golden.program(name)).xyz.tobytes()).hexdigest()


def fail_each(library: ctypes.CDLL, name: str, code: Callable[[], object]) -> None:
    """Lets ``code`` run until each of the chosen allocations has failed."""
    expected = code()
    library.fail_alloc(ctypes.c_long(0))
    code()
    count, failed = library.fail_alloc_stop(), 0
    for n in chosen(count):
        print(f"{name}: allocation {n} of {count}", file=sys.stderr, flush=True)  # the last word before a crash
        library.fail_alloc(ctypes.c_long(n))
        with contextlib.suppress(MemoryError, PccError):
            code()
        library.fail_alloc_stop()
        failed += 1
    if code() != expected:
        raise AssertionError(f"{name}: after allocations had failed, the values are others")
    print(name, count, failed, flush=True)


def main(path: str) -> None:
    library = ctypes.CDLL(path)
    ops.set_num_threads(3)
    for name in golden.CLOUDS:
        fail_each(library, name, partial(decode, name))
    for name in ENCODED:
        fail_each(library, f"encode_{name}", partial(golden.encode, name))


if __name__ == "__main__":
    main(sys.argv[1])
