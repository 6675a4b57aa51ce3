"""pcc.metrics.complexity: calls in processes of their own."""

from __future__ import annotations

import operator
import os
import time

import numpy as np
import pytest

from pcc.metrics.complexity import ChildFailed, measure


def test_value_comes_back():
    """measure(f, *args).value == f(*args), from another process."""
    assert measure(operator.add, 2, 3).value == 5
    assert measure(os.getpid).value != os.getpid()


def test_peak_is_the_call_s_own():
    """64 MiB of ones raise the peak by at least 64 MiB over the base, and the next call knows nothing of it."""
    large, small = measure(np.ones, 8 << 20, timeout_s=60), measure(np.ones, 8)
    assert large.peak_bytes - large.base_bytes >= 64 << 20
    assert small.peak_bytes < large.peak_bytes
    assert small.wall_s >= 0


def test_errors_keep_their_words():
    with pytest.raises(ChildFailed, match="ZeroDivisionError"):
        measure(operator.floordiv, 1, 0)


def test_a_dead_process_is_told():
    with pytest.raises(ChildFailed, match="ended with status 3"):
        measure(os._exit, 3)


def test_a_stuck_process_is_ended():
    with pytest.raises(ChildFailed, match="was ended after"):
        measure(time.sleep, 60, timeout_s=0.5)
