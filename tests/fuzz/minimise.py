"""The smallest input that one finds in a while and that still does the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tests.fuzz.guard import guarded
from tests.fuzz.structures import Structure
from tests.fuzz.target import Finding, Target


def minimise(target: Target, finding: Finding, data: bytes, seconds: float) -> bytes:
    """``data`` with as much left out as goes: parts first, then runs of bytes."""
    end = time.monotonic() + seconds

    def same(candidate: bytes) -> bool:
        found = guarded(target, candidate)
        return found is not None and found.signature == finding.signature

    data = shrink(data, lambda d: _without_parts(d, target.structure), same, end)
    return shrink(data, _without_bytes, same, end)


def shrink(
    data: bytes, smaller: Callable[[bytes], Iterator[bytes]], same: Callable[[bytes], bool], end: float
) -> bytes:
    """Takes the first smaller candidate that does the same, as long as there is one and time is left."""
    while time.monotonic() < end:
        candidates = (c for c in smaller(data) if len(c) < len(data) and time.monotonic() < end and same(c))
        found = next(candidates, None)
        if found is None:
            return data
        data = found
    return data


def _without_parts(data: bytes, structure: Structure) -> Iterator[bytes]:
    parts = structure.split(data)
    for i in range(len(parts)):
        yield structure.join(parts[:i] + parts[i + 1 :])


def _without_bytes(data: bytes) -> Iterator[bytes]:
    """Without a run of half the bytes, a quarter, ... one byte."""
    size = len(data) // 2
    while size:
        for begin in range(0, len(data), size):
            yield data[:begin] + data[begin + size :]
        size //= 2
