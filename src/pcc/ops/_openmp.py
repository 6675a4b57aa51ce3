"""How the threads of the kernels wait for each other: asleep, unless the environment says otherwise.

GNU's OpenMP spins for milliseconds at the end of every parallel loop. A frame has hundreds of short loops, so on cores
that others use too (a second process, a container with fewer cores than it sees) the spinning takes the time of
the very thread it waits for: encoding `data/sample/figure.ply` on two busy cores took 990 ms spinning and 56 ms asleep.
The policy is read once, when the OpenMP library loads: where torch was imported first, torch's library serves both and
spins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

WAIT_POLICY = "OMP_WAIT_POLICY"


@contextmanager
def idle_threads_sleep() -> Iterator[None]:
    """Load the extension in this block. A policy that the environment has already is left alone."""
    if WAIT_POLICY in os.environ:
        yield
        return
    os.environ[WAIT_POLICY] = "passive"
    try:
        yield
    finally:
        del os.environ[WAIT_POLICY]
