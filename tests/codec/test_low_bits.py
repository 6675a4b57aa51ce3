"""decode_low_bits(encode_low_bits(low)) = low; random bits cost themselves, constant ones nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.low_bits import decode_low_bits, encode_low_bits
from pcc.errors import CorruptStream


@pytest.mark.parametrize(("count", "num_bits"), [(1, 1), (7, 3), (9, 43), (1000, 12)])
def test_round_trip(rng, count, num_bits):
    low = rng.integers(0, 1 << num_bits, (count, 3), np.uint64)
    payload = encode_low_bits(low, num_bits)
    np.testing.assert_array_equal(decode_low_bits(memoryview(payload), count, num_bits), low)


def test_sizes(rng):
    low = rng.integers(0, 1 << 10, (8000, 3), np.uint64)
    assert len(encode_low_bits(low, 10)) == 30 * (1 + 1000)
    assert len(encode_low_bits(np.zeros((8000, 3), np.uint64), 10)) == 60


def test_damage_is_corrupt(rng):
    payload = encode_low_bits(rng.integers(0, 8, (50, 3), np.uint64), 3)
    for broken in (payload[:-1], payload + b"\0", b"\x07" + payload[1:]):
        with pytest.raises(CorruptStream):
            decode_low_bits(memoryview(broken), 50, 3)
