"""repeat(devoxelize(coords), counts) = xyz[order], exactly or within the bound that was asked for."""

import numpy as np
import pytest

from pcc.errors import InvalidCloud, LimitExceeded
from pcc.geometry.voxels import Grid, Voxels, devoxelize, point_values, voxelize
from pcc.ops import morton

INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
FLOATS = [np.float16, np.float32, np.float64]


def decoded(voxels: Voxels) -> np.ndarray:
    return np.repeat(devoxelize(voxels.coords, voxels.grid), voxels.counts, axis=0)


def check_fields(voxels: Voxels, num_points: int) -> None:
    """coords, codes, counts, order and depth agree with each other."""
    np.testing.assert_array_equal(voxels.codes, morton.encode(voxels.coords))
    assert (np.diff(voxels.codes.astype(np.int64)) > 0).all()
    assert (voxels.counts > 0).all()
    assert int(voxels.counts.sum()) == num_points
    np.testing.assert_array_equal(np.sort(voxels.order), np.arange(num_points))
    assert (voxels.coords.dtype, voxels.counts.dtype, voxels.order.dtype) == (np.int32, np.int32, np.int32)
    if num_points:
        assert voxels.coords.min(axis=0).tolist() == [0, 0, 0]
        assert voxels.depth == int(voxels.coords.max()).bit_length()


def check_lossless(xyz: np.ndarray, voxels: Voxels) -> None:
    check_fields(voxels, len(xyz))
    out = decoded(voxels)
    assert out.dtype == xyz.dtype.newbyteorder("=")
    np.testing.assert_array_equal(out, xyz[voxels.order])


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
@pytest.mark.parametrize("size", [0, 1, 3, 1001])
def test_integer_values_of_every_dtype(rng, dtype, size):
    """Integers, also in float dtypes, come back as they were, duplicates included."""
    low = -90 if np.dtype(dtype).kind in "if" else 0
    xyz = rng.integers(low, 100, (size, 3)).astype(dtype)
    xyz = np.concatenate([xyz, xyz[: size // 2]])
    voxels = voxelize(xyz)
    check_lossless(xyz, voxels)
    assert (voxels.grid.num, voxels.grid.den) == (1, 1)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("end", ["min", "max"])
def test_the_ends_of_integer_ranges(dtype, end):
    """No overflow at the lowest and highest values, nor over the whole range where it fits."""
    info = np.iinfo(dtype)
    near = [getattr(info, end) + (step if end == "min" else -step) for step in (0, 5, 100)]
    check_lossless(np.array([near, near[::-1]], dtype), voxelize(np.array([near, near[::-1]], dtype)))
    whole = np.array([[info.min] * 3, [info.max] * 3], dtype)
    if info.bits <= 16:
        check_lossless(whole, voxelize(whole))
        return
    with pytest.raises(LimitExceeded, match="smallest voxel size"):
        voxelize(whole)


def test_bool():
    xyz = np.array([[True, False, True], [True, True, True]])
    check_lossless(xyz, voxelize(xyz))


def test_literal():
    """Three points, two in one voxel: order, counts and origin by hand."""
    voxels = voxelize(np.array([[5, -2, 8], [4, -2, 7], [5, -2, 8]], np.int16))
    assert voxels.coords.tolist() == [[0, 0, 0], [1, 0, 1]]
    assert voxels.codes.tolist() == [0, 5]
    assert voxels.counts.tolist() == [1, 2]
    assert voxels.order.tolist() == [1, 0, 2]
    assert voxels.depth == 1
    assert voxels.grid == Grid(1.0, 1.0, (4, -2, 7), np.dtype(np.int16))


def test_order_is_stable_within_a_voxel(rng):
    """order ascends within each voxel."""
    voxels = voxelize(rng.integers(0, 4, (5000, 3)))
    inside = np.diff(voxels.order) > 0
    starts = np.cumsum(voxels.counts)[:-1] - 1
    inside[starts] = True
    assert inside.all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("den", [1, 2, 4, 8, 10, 16, 100, 128, 1000, 1024, 10000])
def test_grids_are_recognised(rng, dtype, den):
    """cast(k / den) is restored bit for bit, on the coarsest grid that does."""
    k = rng.integers(-80_000, 80_000, (40_001, 3))
    k[0] = 1  # on no coarser grid
    xyz = (k / np.float64(den)).astype(dtype)
    voxels = voxelize(xyz)
    check_lossless(xyz, voxels)
    assert (voxels.grid.num, voxels.grid.den) == (1, den)
    assert voxels.grid.origin == tuple(k.min(axis=0).tolist())


def test_the_coarsest_grid_wins():
    """Multiples of 0.5 that were written with three decimals are on 1/2."""
    assert voxelize(np.array([[0.5, 1.0, -1.5], [2, 2.5, 0]], np.float32)).grid.den == 2


def test_negative_zero_comes_back_as_zero():
    xyz = np.array([[-0.0, 0.001, 0.0]], np.float32)
    voxels = voxelize(xyz)
    assert voxels.grid.den == 1000
    np.testing.assert_array_equal(decoded(voxels), xyz)


@pytest.mark.parametrize("row", [0, 54_321, 99_999])
def test_one_point_off_the_grid_is_enough(row):
    """A sample decides quickly against a grid, never for it."""
    xyz = (np.arange(300_000).reshape(-1, 3) % 7919 / 1000).astype(np.float32)
    xyz[row, 1] = np.nextafter(xyz[row, 1], np.float32(9))
    with pytest.raises(InvalidCloud, match=r"--voxel-size or --max-error"):
        voxelize(xyz)


@pytest.mark.parametrize("order", [">", "<"])
def test_either_byte_order_and_strides(order):
    xyz = np.asfortranarray(np.arange(30).reshape(10, 3).astype(order + "f4") / 4)
    check_lossless(xyz, voxelize(xyz))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("options", [{}, {"voxel_size": 1.0}, {"max_error": 1.0}])
def test_refuses_what_is_not_finite(bad, options):
    xyz = np.zeros((1000, 3), np.float32)
    xyz[700, 2] = bad
    with pytest.raises(InvalidCloud, match="1 of 1000"):
        voxelize(xyz, **options)


@pytest.mark.parametrize(
    "options", [{"voxel_size": 1.0, "max_error": 1.0}, {"voxel_size": 0}, {"max_error": -1}, {"voxel_size": np.nan}]
)
def test_refuses_wrong_options(options):
    with pytest.raises(ValueError, match=r"voxel_size|max_error"):
        voxelize(np.zeros((1, 3)), **options)


def test_refuses_wrong_arrays():
    with pytest.raises(ValueError, match=r"\(N, 3\)"):
        voxelize(np.zeros((3, 2)))
    with pytest.raises(InvalidCloud, match="64 bits"):
        voxelize(np.zeros((1, 3), np.complex64))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("size", [0.3, 1.0, 2.0, 7.25])
def test_voxel_size(rng, dtype, size):
    """Every coordinate moves by half a voxel at most (and by half a unit more where it must be an integer)."""
    xyz = (rng.normal(0, 100, (5000, 3))).astype(dtype)
    voxels = voxelize(xyz, voxel_size=size)
    check_fields(voxels, len(xyz))
    error = np.abs(decoded(voxels).astype(np.float64) - xyz[voxels.order])
    assert error.max() <= size / 2 * (1 + 1e-5) + (0.5 if dtype is np.int32 else 0)


def test_voxel_size_literal():
    """Ties go up: -0.5 -> 0, 0.5 -> 1, 1.5 -> 2 voxels."""
    voxels = voxelize(np.array([[-0.5, 0.5, 1.5], [0, 0, 0]]), voxel_size=1)
    assert decoded(voxels)[np.argsort(voxels.order)].tolist() == [[0, 1, 2], [0, 0, 0]]


def test_integers_are_clipped_to_their_range():
    """255 is nearest to the multiple 256 of 2, which uint8 does not hold."""
    assert decoded(voxelize(np.array([[255, 254, 0]], np.uint8), voxel_size=2)).tolist() == [[255, 254, 0]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.uint8])
@pytest.mark.parametrize("max_error", [0.01, 0.4, 1.0, 3.3])
@pytest.mark.parametrize("offset", [0, 50, 3000])
def test_max_error_holds(rng, dtype, max_error, offset):
    """|decoded - input| <= max_error for every point, in exact arithmetic, after the cast."""
    top = 200 if dtype is np.uint8 else 1000
    xyz = (rng.random((3000, 3)) * top + (0 if dtype is np.uint8 else offset)).astype(dtype)
    voxels = voxelize(xyz, max_error=max_error)
    check_fields(voxels, len(xyz))
    error = decoded(voxels).astype(np.float64) - xyz[voxels.order].astype(np.float64)
    assert np.sqrt((error**2).sum(axis=1)).max() <= max_error


def test_max_error_uses_what_it_was_given(rng):
    """The voxels are as large as the bound allows: within 0.1 % of 2 M / sqrt(3)."""
    voxels = voxelize(rng.random((2000, 3)) * 50, max_error=0.01)
    assert 0.999 * 0.02 / np.sqrt(3) < voxels.grid.step <= 0.02 / np.sqrt(3)
    assert type(voxels.grid.num) is float


def test_max_error_below_the_own_grid_loses_nothing(rng):
    xyz = (rng.integers(0, 5000, (999, 3)) / 1000).astype(np.float32)
    check_lossless(xyz, voxelize(xyz, max_error=1e-5))


@pytest.mark.parametrize("options", [{}, {"voxel_size": 0.001}, {"max_error": 0.001}])
def test_too_wide_names_a_voxel_size_that_fits(options):
    xyz = np.array([[0, 0, 0], [5_000.001, 1, 1]])
    with pytest.raises(LimitExceeded, match="smallest voxel size that fits is") as error:
        voxelize(xyz, **options)
    size = float(str(error.value).split("fits is ")[1].split()[0])
    assert voxelize(xyz, voxel_size=size).depth == 21
    assert size < 1.01 * 5000 / 2**21


def test_far_from_zero():
    """Indices beyond 2^52 are refused with a size that fits; an integer grid far away is recognised."""
    with pytest.raises(LimitExceeded, match=r"farther than 2\^52 voxels of 0.1 from 0; subtract an offset.*at least"):
        voxelize(np.array([[1e20, 0, 0]]), voxel_size=0.1)
    xyz = np.array([[4.0e6, 5.1e6, 100.5], [4.0e6 + 0.5, 5.1e6, 101]])
    check_lossless(xyz, voxelize(xyz))


def test_empty_and_single():
    for options in ({}, {"voxel_size": 0.1}, {"max_error": 0.1}):
        empty = voxelize(np.empty((0, 3), np.float32), **options)
        assert (len(empty), empty.depth, len(empty.order)) == (0, 0, 0)
        assert decoded(empty).shape == (0, 3)
        single = voxelize(np.array([[1.5, 2.5, -3.5]] * 4, np.float32), **options)
        assert (len(single), single.depth, single.counts.tolist()) == (1, 0, [4])


@pytest.mark.parametrize("fields", [(0.0, 1.0, (0, 0, 0)), (1.0, np.nan, (0, 0, 0)), (1.0, 3.0, (2**53, 0, 0))])
def test_grid_refuses_nonsense(fields):
    with pytest.raises(ValueError, match="expected"):
        Grid(*fields, np.dtype(np.float32))


@pytest.mark.parametrize("levels", [0, 1, 3, 6])
def test_coarser_voxels_keep_every_point(rng, levels):
    """point_values of coarser voxels with their lower bits = the points, each where it was."""
    xyz = rng.integers(0, 60, (300, 3)).astype(np.int32)
    voxels = voxelize(xyz).coarser(levels)
    assert voxels.num_low_bits == levels
    assert voxels.depth == 6 - levels
    assert (np.diff(voxels.codes.astype(np.int64)) > 0).all()
    assert voxels.counts.sum() == 300
    back = point_values(voxels.codes, voxels.counts, voxels.grid, voxels.low, voxels.num_low_bits)
    np.testing.assert_array_equal(back, xyz[voxels.order])
    twice = voxelize(xyz).coarser(min(levels, 2)).coarser(levels - min(levels, 2))
    back = point_values(twice.codes, twice.counts, twice.grid, twice.low, twice.num_low_bits)
    np.testing.assert_array_equal(back, xyz[twice.order])


def test_wide_grids_have_lower_bits():
    """2^30 on an axis leaves 10 bits beside an octree of 21; without ``wide`` it is an error."""
    xyz = np.array([[0, 0, 0], [1 << 30, 5, 7], [(1 << 30) - 1, 0, 1]], np.int64)
    voxels = voxelize(xyz, wide=True)
    assert (voxels.depth, voxels.num_low_bits) == (21, 10)
    back = point_values(voxels.codes, voxels.counts, voxels.grid, voxels.low, voxels.num_low_bits)
    np.testing.assert_array_equal(back, xyz[voxels.order])
    with pytest.raises(LimitExceeded, match="smallest voxel size"):
        voxelize(xyz)
