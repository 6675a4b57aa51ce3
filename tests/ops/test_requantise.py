"""y = clamp(floor((acc m + residual r + 2^(shift-1)) / 2^shift), 0, 255), ties upwards, in every fused kernel."""

import numpy as np
import pytest

from pcc.ops import conv_int8
from pcc.ops.requantise import check_shift, requantise_reference, round_shift_reference

# acc, multiplier, shift, expected: halves go up, also below zero; then the clamp
LITERALS = [
    (0, 1, 1, 0),
    (1, 1, 1, 1),  # 0.5
    (3, 1, 1, 2),  # 1.5
    (5, 1, 2, 1),  # 1.25
    (6, 1, 2, 2),  # 1.5
    (7, 1, 2, 2),  # 1.75
    (-1, 1, 1, 0),  # -0.5 up to 0
    (-3, 1, 1, 0),
    (509, 1, 1, 255),  # 254.5
    (511, 1, 1, 255),  # 255.5 clamped
    (2**31 - 1, 2**31 - 1, 62, 1),  # just under 1
    (-(2**31), 2**31 - 1, 62, 0),
    (2**31 - 1, 2**31 - 1, 1, 255),
    (2**30, 2**30, 53, 128),
    (100, 0, 5, 0),
]


def fused(acc, multiplier, shift, residual=None, residual_multiplier=0):
    """Requantisation by the kernel: a convolution without inputs has its bias as accumulator."""
    acc = np.asarray(acc, np.int32)
    return conv_int8.forward(
        np.zeros((0, 4), np.uint8),
        np.zeros((1, 4, len(acc)), np.int8),
        np.full((1, 1), -1, np.int32),
        bias=acc,
        multiplier=np.broadcast_to(np.asarray(multiplier, np.int32), acc.shape).copy(),
        shift=shift,
        residual=residual,
        residual_multiplier=residual_multiplier,
    )[0]


@pytest.mark.parametrize(("value", "shift", "expected"), [(1, 1, 1), (-1, 1, 0), (-2, 2, 0), (-3, 2, -1), (6, 2, 2)])
def test_round_shift_literal(value, shift, expected):
    assert round_shift_reference(np.int64(value), shift) == expected


@pytest.mark.parametrize(("acc", "multiplier", "shift", "expected"), LITERALS)
def test_literal(isa, acc, multiplier, shift, expected):
    assert requantise_reference(np.array([acc]), multiplier, shift)[0] == expected
    np.testing.assert_array_equal(fused([acc] * 16, multiplier, shift), [expected] * 16)


@pytest.mark.parametrize("shift", [1, 2, 15, 31, 32, 33, 61, 62])
def test_kernel_equals_reference_over_the_whole_range(isa, rng, shift):
    """kernel = reference for extreme and random int32 accumulators and multipliers, with and without residual."""
    acc = rng.integers(-(2**31), 2**31, 96, dtype=np.int64).astype(np.int32)
    acc[:4] = -(2**31), 2**31 - 1, 0, -1
    multiplier = (rng.integers(0, 2**31, 96) >> rng.integers(0, 31, 96)).astype(np.int32)
    residual = rng.integers(0, 256, (1, 96), dtype=np.uint8)
    acc[4:16] = np.tile(acc[:4], 3)
    multiplier[4:16] = np.repeat([0, 1, 2**31 - 1], 4)
    for scale in (0, 1, 2**31 - 1):
        got = fused(acc, multiplier, shift, residual, scale)
        np.testing.assert_array_equal(got, requantise_reference(acc, multiplier, shift, residual[0], scale))
    np.testing.assert_array_equal(fused(acc, multiplier, shift), requantise_reference(acc, multiplier, shift))


@pytest.mark.parametrize("shift", [0, -1, 63])
def test_other_shifts_are_refused(shift):
    with pytest.raises(ValueError, match=r"shift: expected 1\.\.62"):
        check_shift(shift)
