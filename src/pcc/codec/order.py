"""The order of the input's points, where it is asked for: each point's place in an order that decoder and encoder know.

Points come out in Morton order. What a scanner writes is nearly always in an order that the lattice knows, so that
places rise by one nearly everywhere; other clouds pay for every place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream

_PLACE = np.dtype(np.uint32)
Base = Callable[[], np.ndarray]  # (N,) decoded rows, in the order of the base


def encode_order(decoded_of: np.ndarray, bases: Sequence[Base]) -> bytes:
    """The chunk's payload.

    Args:
        decoded_of: (N,) the decoded row of each point of the input; N >= 1.
        bases: orders to choose from.
    """
    best: tuple[int, int, np.ndarray] | None = None
    for number, base in enumerate(bases):
        place_of = np.empty(len(decoded_of), np.int64)
        place_of[base()] = np.arange(len(decoded_of))
        places = place_of[decoded_of]
        jumps = int(np.count_nonzero(np.diff(places) != 1))
        if best is None or jumps < best[0]:
            best = jumps, number, places
    assert best is not None
    return bytes([best[1]]) + encode_column(best[2].astype(_PLACE))


def decode_order(payload: memoryview, num_points: int, bases: Sequence[Base]) -> np.ndarray:
    """(N,) int64: the decoded row of each point of the input.

    Raises:
        CorruptStream: it is no permutation, or of an order that is not known.
    """
    reader = Reader(payload)
    number = reader.u8()
    if number >= len(bases) or not num_points:
        raise CorruptStream(f"order: base {number} of {len(bases)}, {num_points} points")
    places = decode_column(reader, _PLACE, num_points).astype(np.int64)
    reader.finish("order")
    seen = np.zeros(num_points, bool)
    if places.max() >= num_points:
        raise CorruptStream("order: a place beyond the points")
    seen[places] = True
    if not seen.all():
        raise CorruptStream("order: a place comes twice")
    return bases[number]()[places]


def decoded_order(num_points: int) -> Base:
    """The order in which points come out."""
    return lambda: np.arange(num_points)
