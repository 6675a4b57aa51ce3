"""take(v, r) = v[r]; after put_bits(b, s, t, r, v): t = t | b << s, and take(v, r) = t."""

import numpy as np
import pytest

from pcc.ops import row_bytes


@pytest.mark.parametrize("size", [0, 1, 5, 1000, 300_001])
def test_take_and_put_equal_indexing(threads, rng, size):
    values = rng.integers(0, 16, size, dtype=np.uint8)
    rows = np.sort(rng.permutation(size)[: (size + 1) // 2]).astype(np.int32)
    taken = row_bytes.take(values, rows)
    np.testing.assert_array_equal(taken, values[rows])
    bits, want, before = rng.integers(0, 16, len(rows), dtype=np.uint8), values.copy(), taken.copy()
    want[rows] |= bits << 4
    row_bytes.put_bits(bits, 4, taken, rows, values)
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(taken, before | bits << 4)
    np.testing.assert_array_equal(row_bytes.take(values, rows), taken)


def test_literal():
    values, rows = np.array([7, 8, 9], np.uint8), np.array([2, 0], np.int32)
    taken = row_bytes.take(values, rows)
    assert taken.tolist() == [9, 7]
    row_bytes.put_bits(np.array([1, 0], np.uint8), 7, taken, rows, values)
    assert values.tolist() == [7, 8, 137]
    assert taken.tolist() == [137, 7]


@pytest.mark.parametrize("row", [-1, 3, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("size", [0, 3])
def test_rows_that_are_none(row, size):
    """Refused, and nothing is written."""
    values, rows, taken = np.zeros(size, np.uint8), np.array([row], np.int32), np.zeros(1, np.uint8)
    with pytest.raises(ValueError, match="rows"):
        row_bytes.take(values, rows)
    with pytest.raises(ValueError, match="rows"):
        row_bytes.put_bits(np.ones(1, np.uint8), 0, taken, rows, values)
    assert not values.any()
    assert not taken.any()


def test_what_does_not_fit():
    values, rows, one = np.zeros(6, np.uint8), np.zeros(1, np.int32), np.zeros(1, np.uint8)
    with pytest.raises(ValueError, match="bits"):
        row_bytes.put_bits(np.zeros(2, np.uint8), 0, one, rows, values)
    with pytest.raises(ValueError, match="contiguous"):
        row_bytes.put_bits(one, 0, one.copy(), rows, values[::2])
    with pytest.raises(ValueError, match="shift"):
        row_bytes.put_bits(one, 8, one.copy(), rows, values)
    with pytest.raises(TypeError, match="rows"):
        row_bytes.take(values, rows.astype(np.int64))
