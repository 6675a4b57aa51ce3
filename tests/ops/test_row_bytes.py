"""take(v, r) = v[r]; put(take(v, r), r, v) leaves v as it is; what is put is what is taken afterwards."""

import numpy as np
import pytest

from pcc.ops import row_bytes


@pytest.mark.parametrize("size", [0, 1, 5, 1000, 300_001])
def test_take_and_put_equal_indexing(threads, rng, size):
    values = rng.integers(0, 256, size, dtype=np.uint8)
    rows = np.sort(rng.permutation(size)[: (size + 1) // 2]).astype(np.int32)
    np.testing.assert_array_equal(row_bytes.take(values, rows), values[rows])
    taken, want = rng.integers(0, 256, len(rows), dtype=np.uint8), values.copy()
    want[rows] = taken
    row_bytes.put(taken, rows, values)
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(row_bytes.take(values, rows), taken)


def test_literal():
    values = np.array([7, 8, 9], np.uint8)
    assert row_bytes.take(values, np.array([2, 0], np.int32)).tolist() == [9, 7]
    row_bytes.put(np.array([1, 2], np.uint8), np.array([2, 0], np.int32), values)
    assert values.tolist() == [2, 8, 1]


@pytest.mark.parametrize("row", [-1, 3, 2**31 - 1, -(2**31)])
def test_rows_that_are_none(row):
    """Refused, and nothing is written."""
    values, rows = np.zeros(3, np.uint8), np.array([0, row], np.int32)
    with pytest.raises(ValueError, match="rows"):
        row_bytes.take(values, rows)
    with pytest.raises(ValueError, match="rows"):
        row_bytes.put(np.ones(2, np.uint8), rows, values)
    assert not values.any()


def test_what_does_not_fit():
    values, rows = np.zeros(6, np.uint8), np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="taken"):
        row_bytes.put(np.zeros(2, np.uint8), rows, values)
    with pytest.raises(ValueError, match="contiguous"):
        row_bytes.put(np.zeros(1, np.uint8), rows, values[::2])
    with pytest.raises(TypeError, match="rows"):
        row_bytes.take(values, rows.astype(np.int64))
