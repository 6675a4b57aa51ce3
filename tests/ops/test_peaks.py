"""read(words, times) = times * sum(words) mod 2^16; copy(a, b): b = a; products are counted, whatever the machine."""

import numpy as np
import pytest

from pcc import ops
from pcc.ops import peaks


@pytest.mark.parametrize("size", [0, 1, 63, 64, 129, 100_003])
def test_read_equals_the_sum(isa, threads, rng, size):
    """Every word is read, as often as asked for."""
    words = rng.integers(0, 2**16, size, dtype=np.uint16)
    for times in (0, 1, 3):
        assert peaks.read(words, times) == peaks.read_reference(words, times)
        assert peaks.read(words, times, shared=True) == peaks.read_reference(words, times)


def test_read_literal(isa):
    assert peaks.read(np.array([1, 2, 65535], np.uint16), 2) == 4


@pytest.mark.parametrize("size", [0, 1, 300_001])
def test_copy(threads, rng, size):
    """b = a."""
    source, target = rng.integers(0, 256, size, dtype=np.uint8), np.zeros(size, np.uint8)
    peaks.copy(source, target)
    np.testing.assert_array_equal(target, source)


def test_copy_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="target"):
        peaks.copy(np.zeros(3, np.uint8), np.zeros(4, np.uint8))
    with pytest.raises(ValueError, match="contiguous"):
        peaks.copy(np.zeros(3, np.uint8), np.zeros(6, np.uint8)[::2])


def test_products_are_as_many_as_rounds_and_threads_say(isa, threads):
    """count(2 r) = 2 count(r), and a multiple of the threads."""
    one = peaks.int8_products(1)
    assert one >= 16 * ops.num_threads()
    assert one % ops.num_threads() == 0
    assert peaks.int8_products(10) == 10 * one
    assert peaks.int8_products(0) == 0
