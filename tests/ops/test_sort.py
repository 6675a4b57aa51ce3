"""sorted = codes[permutation], stable; the runs of equal codes sum to the number of codes."""

import numpy as np
import pytest

from pcc.ops import sort

SIZES = [0, 1, 2, 1001, 300_001]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bits", [0, 1, 11, 12, 30, 63, 64])
def test_sort_equals_stable_argsort(threads, rng, size, bits):
    """sorted, permutation = codes[argsort], argsort (stable)."""
    codes = rng.integers(0, 2**bits - 1, size, dtype=np.uint64, endpoint=True)
    ordered, permutation = sort.radix_sort(codes)
    want_ordered, want_permutation = sort.radix_sort_reference(codes)
    np.testing.assert_array_equal(ordered, want_ordered)
    np.testing.assert_array_equal(permutation, want_permutation)
    assert permutation.dtype == np.int32


def test_a_sort_that_threads_share(threads, rng):
    """Large enough for three threads: the permutation is still the stable one."""
    codes = rng.integers(0, 2**17, 2_200_001, dtype=np.uint64)
    np.testing.assert_array_equal(sort.radix_sort(codes)[1], sort.radix_sort_reference(codes)[1])


@pytest.mark.parametrize("shift", [0, 5, 33, 60])
def test_constant_digits_are_no_obstacle(threads, rng, shift):
    """Codes that differ in a few bits only, below and above constant ones."""
    codes = (rng.integers(0, 13, 200_003, dtype=np.uint64) << np.uint64(shift)) ^ np.uint64(0x0123456789ABCDEF)
    np.testing.assert_array_equal(sort.radix_sort(codes)[1], sort.radix_sort_reference(codes)[1])


def test_two_far_digits(threads, rng):
    """Bits 0 and 63 differ, all digits between them are constant."""
    codes = rng.integers(0, 2, 5000, dtype=np.uint64) | rng.integers(0, 2, 5000, dtype=np.uint64) << np.uint64(63)
    np.testing.assert_array_equal(sort.radix_sort(codes)[1], sort.radix_sort_reference(codes)[1])


def test_literal():
    ordered, permutation = sort.radix_sort(np.array([5, 2**63, 5, 0], np.uint64))
    assert ordered.tolist() == [0, 5, 5, 2**63]
    assert permutation.tolist() == [3, 0, 2, 1]


def test_input_is_left_alone(rng):
    codes = rng.integers(0, 2**40, 4097, dtype=np.uint64)
    before = codes.copy()
    sort.radix_sort(codes)
    np.testing.assert_array_equal(codes, before)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("values", [1, 50, 2**40])
def test_unique_equals_reference(rng, size, values):
    """codes repeated by counts = sorted."""
    ordered = np.sort(rng.integers(0, values, size, dtype=np.uint64))
    codes, counts = sort.unique(ordered)
    want_codes, want_counts = sort.unique_reference(ordered)
    np.testing.assert_array_equal(codes, want_codes)
    np.testing.assert_array_equal(counts, want_counts)
    np.testing.assert_array_equal(np.repeat(codes, counts), ordered)


def test_unique_of_the_largest_codes():
    codes, counts = sort.unique(np.array([0, 2**64 - 1, 2**64 - 1], np.uint64))
    assert codes.tolist() == [0, 2**64 - 1]
    assert counts.tolist() == [1, 2]


def test_unique_refuses_disorder():
    with pytest.raises(ValueError, match="ascending"):
        sort.unique(np.array([1, 3, 2], np.uint64))
