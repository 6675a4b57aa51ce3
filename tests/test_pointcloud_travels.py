"""Clouds go through pickle and copy, and what is no cloud is named."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import pcc
from tests.clouds import assert_equal

CLOUD = pcc.PointCloud(np.eye(3), {"i": np.arange(3, dtype=np.uint8), "k": np.ones((3, 2))})


@pytest.mark.parametrize("travel", [lambda c: pickle.loads(pickle.dumps(c)), copy.deepcopy, copy.copy])
def test_pickle_and_copy(travel):
    """travel(cloud) = cloud, read-only as ever."""
    other = travel(CLOUD)
    assert_equal(other, CLOUD)
    with pytest.raises(ValueError, match="read-only"):
        other.xyz[0] = 5


def test_names_are_text():
    with pytest.raises(TypeError, match="names of type str, got 5"):
        pcc.PointCloud(np.eye(3), {5: np.arange(3)})  # type: ignore[dict-item]


def test_arrays_are_not_clouds():
    with pytest.raises(TypeError, match=r"expected a PointCloud, got ndarray; pcc\.PointCloud\(xyz\)"):
        pcc.encode(np.eye(3))  # type: ignore[arg-type]
