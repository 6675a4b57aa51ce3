"""Which azimuth steps have a firing column: gaps, of which most are alike.

The usual gap, then the number of usual gaps before each other one and these others' sizes, as two columns of values.
"""

from __future__ import annotations

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.wire import Reader, varint
from pcc.codec.work import Work
from pcc.errors import CorruptStream

_DTYPE = np.dtype(np.uint32)


def write_firings(firings: np.ndarray) -> bytes:
    """Columns (C,) int32 ascending, C >= 1."""
    gaps = np.diff(firings)
    usual = int(np.bincount(gaps).argmax()) if len(gaps) else 1
    others = np.flatnonzero(gaps != usual)
    runs = np.diff(others, prepend=-1) - 1
    out = varint(len(firings)) + varint(int(firings[0])) + varint(usual) + varint(len(others))
    if len(others):
        out += encode_column(runs.astype(_DTYPE)) + encode_column(gaps[others].astype(_DTYPE))
    return out


def parse_firings(reader: Reader, steps: int, work: Work | None = None) -> np.ndarray:
    """Reads what ``write_firings`` wrote: (C,) int32 ascending, below ``steps``.

    Raises:
        CorruptStream: they are not.
        LimitExceeded: more than ``work`` pays for.
    """
    count, first, usual, num_others = (reader.varint() for _ in range(4))
    if not 1 <= count <= steps or num_others >= count or max(first, usual) >= max(steps, 2):
        raise CorruptStream(f"firings: {count} columns, {num_others} gaps, from {first} by {usual} of {steps} steps")
    if work is not None:
        work.steps(count)
    gaps = np.full(count - 1, usual, np.int64)
    if num_others:
        runs = decode_column(reader, _DTYPE, num_others).astype(np.int64)
        sizes = decode_column(reader, _DTYPE, num_others).astype(np.int64)
        at = np.cumsum(runs + 1) - 1
        if at[-1] >= count - 1:
            raise CorruptStream("firings: more gaps than columns")
        gaps[at] = sizes
    firings = first + np.concatenate([[0], np.cumsum(gaps)])
    if (gaps < 1).any() or firings[-1] >= steps:
        raise CorruptStream("firings: not ascending within a turn")
    return firings.astype(np.int32)
