"""nearest(a, b)[1] = all distances' least, and its rows lie that far away."""

import numpy as np
import pytest

from pcc.geometry.near import d1
from pcc.ops import morton
from pcc.ops.nearest import nearest, nearest_reference


def codes_of(rng, n, low, high):
    return np.unique(morton.encode(rng.integers(low, high, (n, 3)).astype(np.int32)))


def check(codes, others):
    rows, squared = nearest(codes, others)
    np.testing.assert_array_equal(squared, nearest_reference(codes, others)[1])
    a, b = morton.decode(codes).astype(np.int64), morton.decode(others[rows]).astype(np.int64)
    np.testing.assert_array_equal(squared, ((a - b) ** 2).sum(1))


@pytest.mark.parametrize(
    ("n", "m", "side"),
    [(300, 300, 12), (500, 40, 30), (200, 3, 200), (1, 1, 1 << 20), (50, 1, 9), (900, 2000, 1 << 21), (60, 90, 100)],
)
def test_equals_all_distances(threads, rng, n, m, side):
    check(codes_of(rng, n, 0, side), codes_of(rng, m, 0, side))


def test_shells(rng):
    """Every distance around the five voxels beyond which the octree is searched; both ends of the cube."""
    for middle in ([8, 8, 8], [9, 10, 11], [0, 3, 0], [(1 << 21) - 1] * 3):
        steps = rng.integers(-7, 8, (400, 3))
        coords = np.clip(np.array(middle) + steps, 0, (1 << 21) - 1).astype(np.int32)
        other = morton.encode(np.array([middle], np.int32))
        check(morton.encode(coords), other)
        for code in np.unique(morton.encode(coords)):
            check(other, np.array([code]))


def test_clusters_far_from_each_other(rng):
    """What is nearest by Morton order is not what is nearest."""
    half = 1 << 20
    others = np.unique(
        np.concatenate([codes_of(rng, 80, half, half + 40), codes_of(rng, 80, 0, 9), codes_of(rng, 9, 0, half)])
    )
    check(codes_of(rng, 200, half - 40, half), others)


def test_large_sets_agree_on_all_threads(threads, rng):
    codes, others = codes_of(rng, 60_000, 0, 64), codes_of(rng, 30_000, 0, 64)
    rows, squared = nearest(codes, others)
    away = morton.decode(codes).astype(np.int64) - morton.decode(others[rows])
    np.testing.assert_array_equal(squared, (away**2).sum(1))
    some = rng.permutation(len(codes))[:300]
    np.testing.assert_array_equal(squared[some], nearest_reference(codes[some], others)[1])


def test_d1_is_the_larger_mean():
    a, b = (morton.encode(np.array(xyz, np.int32)) for xyz in ([[0, 0, 0]], [[0, 0, 0], [0, 0, 2]]))
    assert d1(a, b) == d1(b, a) == 2.0


def test_no_codes_and_wrong_ones(rng):
    rows, squared = nearest(np.zeros(0, np.uint64), codes_of(rng, 9, 0, 9))
    assert len(rows) == len(squared) == 0
    some, large = np.arange(3, dtype=np.uint64), np.array([1 << 63], np.uint64)
    for codes, others in ((some, some[:0]), (some, some[::-1].copy()), (some, some * 0), (large, some), (some, large)):
        with pytest.raises(ValueError, match="others"):
            nearest(codes, others)
