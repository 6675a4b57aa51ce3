"""The time of a call in this process, as the benchmarks take it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def best(call: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """The least of some times in seconds, and the result."""
    times, result = [], None
    for _ in range(rounds):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result
