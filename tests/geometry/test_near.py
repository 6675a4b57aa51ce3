"""Nearest voxels against all distances."""

import numpy as np
import pytest

from pcc.geometry.near import REACH, nearest
from pcc.ops import morton


def codes_of(rng, n, side):
    return np.unique(morton.encode(rng.integers(0, side, (n, 3)).astype(np.int32)))


@pytest.mark.parametrize(
    ("n", "m", "side"), [(300, 300, 12), (500, 40, 30), (200, 3, 200), (1, 1, 1 << 20), (50, 1, 9)]
)
def test_equals_all_distances(rng, n, m, side):
    """Exact within reach; beyond, the row is that of the distance, which is no less than the least."""
    codes, others = codes_of(rng, n, side), codes_of(rng, m, side)
    rows, squared = nearest(codes, others)
    a, b = (morton.decode(c).astype(np.int64) for c in (codes, others))
    every = ((a[:, None] - b) ** 2).sum(2)
    np.testing.assert_array_equal(squared, every[np.arange(len(a)), rows])
    least = every.min(1)
    assert (squared >= least).all()
    near = least <= REACH**2
    np.testing.assert_array_equal(squared[near], least[near])
    assert squared.mean() <= 1.5 * least.mean()


def test_no_codes(rng):
    rows, squared = nearest(np.zeros(0, np.uint64), codes_of(rng, 9, 9))
    assert len(rows) == len(squared) == 0
