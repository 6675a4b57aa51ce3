"""restores(v) = (cast(floor(v * den / num + 0.5) * num / den) == v, for all v); codes = morton(index - origin)."""

import numpy as np
import pytest

from pcc.ops import grid

STEPS = [(1.0, 1.0), (1.0, 1000.0), (1.0, 64.0), (0.02, 1.0), (3.0, 7.0)]


@pytest.mark.parametrize("dtype", grid.DTYPES)
@pytest.mark.parametrize(("num", "den"), STEPS)
@pytest.mark.parametrize("size", [0, 1, 7, 3001, 400_001])
def test_values_of_the_grid_are_restored(isa, threads, rng, dtype, num, den, size):
    """Multiples of the step are restored, and one value beside them, wherever it is, is seen."""
    values = (rng.integers(-(2**20), 2**20, size) * num / den).astype(dtype)
    assert grid.restores(values, num, den) == grid.restores_reference(values, num, den)
    assert grid.restores(values, 1.0, 1.0) == grid.restores_reference(values, 1.0, 1.0)
    if (num, den) != (0.02, 1.0) and (num, den) != (3.0, 7.0):
        assert grid.restores(values, num, den)
    for place in {0, size // 2, size - 1} if size else ():
        damaged = values.copy()
        damaged[place] += dtype_step(dtype, num / den)
        assert grid.restores(damaged, num, den) == grid.restores_reference(damaged, num, den)


def dtype_step(dtype: str, step: float) -> float:
    return np.dtype(dtype).type(0.37 * step)


@pytest.mark.parametrize("dtype", grid.DTYPES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0**52, -(2.0**52), 1e30, 0.5, -0.5])
def test_what_no_grid_restores(isa, dtype, value):
    """Not finite, too far for an exact index, or between two indices."""
    values = np.zeros(100, dtype)
    values[63] = value
    assert not grid.restores(values, 1.0, 1.0)


def test_zero_without_its_sign(isa):
    assert grid.restores(np.array([-0.0, 0.0, 3.0], np.float32), 1.0, 1.0)


@pytest.mark.parametrize("dtype", grid.DTYPES)
@pytest.mark.parametrize(("num", "den"), STEPS)
@pytest.mark.parametrize("size", [0, 1, 9, 100_003])
def test_codes_equal_reference(isa, threads, rng, dtype, num, den, size):
    xyz = (rng.uniform(-1000, 1000, (size, 3)) * num / den).astype(dtype)
    origin = (-1001, -1000, -1002)
    np.testing.assert_array_equal(grid.codes(xyz, num, den, origin), grid.codes_reference(xyz, num, den, origin))


@pytest.mark.parametrize("dtype", grid.DTYPES)
@pytest.mark.parametrize(("num", "den"), [*STEPS, (1e300, 1.0)])
@pytest.mark.parametrize("size", [0, 1, 9, 100_003])
def test_values_equal_reference(isa, threads, rng, dtype, num, den, size):
    """Bit for bit, and codes of them are the codes again where the grid restores them."""
    codes, origin = rng.integers(0, 2**60, size, dtype=np.uint64), (-7, 0, 2**40)
    found = grid.values(codes, num, den, origin, np.dtype(dtype))
    want = grid.values_reference(codes, num, den, origin, np.dtype(dtype))
    np.testing.assert_array_equal(found.view(np.uint8), want.view(np.uint8))
    if dtype == "float64" and num < 1e300:
        np.testing.assert_array_equal(grid.codes(found, num, den, origin), codes)


def test_literal_values():
    """(1, 0, 2) plus (0, -5, 0) in tenths."""
    found = grid.values(np.array([0b001_100], np.uint64), 1.0, 10.0, (0, -5, 0), np.dtype(np.float32))
    assert found.tolist() == [[np.float32(0.1), -0.5, np.float32(0.2)]]


def test_literal():
    """Ties go upwards: 0.5 -> 1, -0.5 -> 0; (1, 0, 2) less (0, 0, 0) is 100 in binary, then 001 above."""
    assert grid.codes(np.array([[0.5, -0.5, 2.4]]), 1.0, 1.0, (0, 0, 0)).tolist() == [0b001_100]


@pytest.mark.parametrize("value", [-1.0, 2.0**21, 2.0**31, 2.0**40, np.nan, np.inf, -np.inf])
def test_points_beyond_the_grid(isa, value):
    xyz = np.zeros((50, 3), np.float32)
    grid.codes(xyz, 1.0, 1.0, (0, 0, 0))
    xyz[30, 1] = value
    with pytest.raises(ValueError, match="voxels"):
        grid.codes(xyz, 1.0, 1.0, (0, 0, 0))


def test_other_dtypes():
    with pytest.raises(TypeError, match="float16"):
        grid.restores(np.zeros(3, np.float16), 1.0, 1.0)
    with pytest.raises(TypeError, match="int32"):
        grid.codes(np.zeros((3, 3), np.int32), 1.0, 1.0, (0, 0, 0))
