"""Trained numbers as integers: multiplier / 2^shift = ratio; weights in steps, biases in 32 bits or not at all."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.errors import ModelMismatch  # noqa: E402
from pcc.models.integers import fixed_point, int8, int32  # noqa: E402


@pytest.mark.parametrize("ratios", [[1e-3, 0.5], [1.0], [3.7, 1e-6], [1e-9], [700.0]])
def test_fixed_point(ratios):
    """multiplier / 2^shift = ratio within 2^-30 of the largest ratio; multiplier < 2^31; 1 <= shift <= 62."""
    ratios = np.array(ratios)
    multiplier, shift = fixed_point(ratios)
    assert 1 <= shift <= 62
    assert multiplier.dtype == np.int32
    assert multiplier.min() >= 0
    np.testing.assert_allclose(multiplier / 2.0**shift, ratios, rtol=0, atol=ratios.max() * 2**-29 + 2**-63)


def test_fixed_point_literals():
    """The largest ratio gets 31 bits, a residual's among them; shifts end at 62."""
    multiplier, shift = fixed_point(np.array([1.0, 0.25]))
    assert (multiplier.tolist(), shift) == ([1 << 30, 1 << 28], 30)
    multiplier, shift = fixed_point(np.array([0.25]), 1.0)
    assert (multiplier.tolist(), shift) == ([1 << 28], 30)
    multiplier, shift = fixed_point(np.array([2.0**-40]))
    assert (multiplier.tolist(), shift) == ([1 << 22], 62)


def test_int8_counts_steps():
    """Column by column, halves to even, at most 127."""
    weight = torch.tensor([[0.5, -2.0], [1.5, 300.0], [2.5, -300.0]])
    found = int8(weight, torch.tensor([1.0, 2.0]))
    assert found.dtype == np.int8
    assert found.flags.c_contiguous
    assert found.tolist() == [[0, -1], [2, 127], [2, -127]]


def test_int32_holds_its_range():
    found = int32(torch.tensor([2.5, -1e6, 2.0**30]))
    assert found.dtype == np.int32
    assert found.tolist() == [2, -1_000_000, 1 << 30]
    with pytest.raises(ModelMismatch, match="a bias does not fit 32 bits"):
        int32(torch.tensor([0.0, -(2.0**31) - 512]))
