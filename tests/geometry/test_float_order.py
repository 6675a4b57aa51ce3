"""Keys put floats in order: neighbours differ by one, and every bit pattern comes back."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.geometry.float_order import floats, key_dtype, keys


def test_literal_keys():
    values = np.array([0.0, -0.0, 5e-324, -5e-324, 1.0], np.float64)
    assert keys(values).tolist() == [0, -1, 1, -2, 0x3FF0000000000000]
    assert key_dtype(np.dtype(np.float16)) == np.int16


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_bit_pattern_comes_back(rng, dtype):
    """floats(keys(v)) = v bit for bit, NaNs included."""
    values = np.frombuffer(rng.bytes(4096), dtype)
    assert floats(keys(values), np.dtype(dtype)).tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_keys_are_in_the_order_of_the_values(rng, dtype):
    """key(nextafter(v)) = key(v) + 1."""
    values = np.sort(rng.normal(size=200)).astype(dtype)
    above = np.nextafter(values, dtype(np.inf))
    np.testing.assert_array_equal(keys(above) - keys(values), 1)
    assert (np.diff(keys(values)) >= 0).all()
