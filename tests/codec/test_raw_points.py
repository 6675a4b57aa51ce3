"""decode_raw_points(encode_raw_points(xyz)) = xyz, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.raw_points import decode_raw_points, encode_raw_points
from pcc.errors import CorruptStream


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint64])
def test_round_trip(rng, dtype):
    xyz = np.frombuffer(rng.bytes(30 * np.dtype(dtype).itemsize), dtype).reshape(10, 3)
    payload = encode_raw_points(xyz)
    assert decode_raw_points(memoryview(payload), 10, np.dtype(dtype)).tobytes() == xyz.tobytes()


def test_equal_ones_cost_nothing():
    assert len(encode_raw_points(np.full((100_000, 3), np.nan, np.float32))) == 27


def test_damage_is_corrupt():
    payload = encode_raw_points(np.full((4, 3), np.nan))
    for broken in (payload[:-1], payload + b"\0"):
        with pytest.raises(CorruptStream):
            decode_raw_points(memoryview(broken), 4, np.dtype(np.float64))
