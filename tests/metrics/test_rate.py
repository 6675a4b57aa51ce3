"""pcc.metrics.rate on numbers that can be checked by hand."""

from __future__ import annotations

import pytest

from pcc.metrics.rate import bits_per_point, megabits_per_second


def test_bits_per_point():
    """8 x 1 319 119 bytes / 857 966 points = 12.29997 bpp: a recorded run of a reference codec on longdress."""
    assert bits_per_point(1_319_119, 857_966) == pytest.approx(12.29997, abs=1e-5)
    assert bits_per_point(0, 1) == 0


def test_megabits_per_second():
    """10 frames of 125 000 bytes each at 30 Hz: 1 Mbit x 30 = 30 Mbit/s."""
    assert megabits_per_second(1_250_000, 10, 30) == 30


@pytest.mark.parametrize("call", [lambda: bits_per_point(1, 0), lambda: bits_per_point(-1, 1)])
def test_bits_per_point_refuses(call):
    with pytest.raises(ValueError, match="expected at least"):
        call()


@pytest.mark.parametrize(("frames", "rate"), [(0, 10), (1, 0), (1, float("nan"))])
def test_megabits_per_second_refuses(frames, rate):
    with pytest.raises(ValueError, match="expected"):
        megabits_per_second(1, frames, rate)
