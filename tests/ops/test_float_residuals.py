"""restore_floats(fixed, float_residuals(fixed, x)) = x, bit for bit; the residuals of the nearest floats are 0."""

from fractions import Fraction

import numpy as np
import pytest

from pcc.ops.float_residuals import UNITS_A_METRE, float_error, float_residuals, restore_floats


def there_and_back(fixed, values):
    residuals = float_residuals(fixed, values)
    assert residuals.dtype == np.int32
    restored = restore_floats(fixed, residuals)
    assert restored.dtype == np.float32
    np.testing.assert_array_equal(restored.view(np.uint32), values.view(np.uint32))
    return residuals


def test_all_bit_patterns(rng):
    """Also of numbers that have nothing to do with the positions, -0.0, denormal and even infinite ones."""
    fixed = rng.integers(-(1 << 45), 1 << 45, (20_000, 3))
    bits = rng.integers(0, 1 << 32, (20_000, 3)).astype(np.uint32)
    bits[:7, 0] = [0, 0x80000000, 1, 0x80000001, 0x7F7FFFFF, 0xFF7FFFFF, 0x007FFFFF]
    fixed[:3] = [[0, 0, 0], [1, -1, 0], [(1 << 45), -(1 << 45), 0]]
    there_and_back(fixed, bits.view(np.float32))


def test_literal_values():
    fixed = np.array([[0, 0, 0], [UNITS_A_METRE, UNITS_A_METRE, -UNITS_A_METRE]], np.int64)
    above, below = np.nextafter(np.float32(1), np.float32(2)), np.nextafter(np.float32(1), np.float32(0))
    values = np.array([[0.0, -0.0, 1e-45], [above, below, -above]], np.float32)
    assert there_and_back(fixed, values).tolist() == [[0, -1, 1], [1, -1, -1]]


def test_predictions_are_the_nearest_floats(rng):
    fixed = rng.integers(-(1 << 41), 1 << 41, (300, 3))
    nearest = restore_floats(fixed, np.zeros((300, 3), np.int32))
    for units, value in zip(fixed.ravel().tolist(), nearest.ravel(), strict=True):
        real = Fraction(units, UNITS_A_METRE)
        off = abs(Fraction(float(value)) - real)
        assert all(off <= abs(Fraction(float(np.nextafter(value, np.float32(to)))) - real) for to in (-1e9, 1e9))


def test_float_error_is_what_float32_metres_have_beyond_millimetres(rng):
    voxels = rng.integers(-(1 << 20) + 1, 1 << 20, (2000, 3)).astype(np.int32)
    voxels[0] = [0, (1 << 20) - 1, -(1 << 20) + 1]
    error = float_error(voxels)
    assert np.abs(error).max() < 1 << 20
    for voxel, units in zip(voxels.ravel().tolist(), error.ravel().tolist(), strict=True):
        beyond = Fraction(float(np.float32(voxel / 1000))) * 1000 - voxel
        assert abs(beyond * (1 << 24) - units) <= Fraction(1, 2)


def test_no_points():
    there_and_back(np.zeros((0, 3), np.int64), np.zeros((0, 3), np.float32))


def test_wrong_shapes():
    with pytest.raises(ValueError, match="values: expected shape"):
        float_residuals(np.zeros((2, 3), np.int64), np.zeros((1, 3), np.float32))
    with pytest.raises(TypeError, match="values: expected float32"):
        float_residuals(np.zeros((2, 3), np.int64), np.zeros((2, 3)))
