"""What a bound would give: about the size that it does give, and nothing where the grid tells all."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.info import describe
from pcc.codec.outlook import outlook


def look(cloud, **options):
    return outlook(cloud.xyz, describe(pcc.encode(cloud, **options))[0])


def test_floats_on_no_grid(rng):
    u = rng.random((20_000, 2)) * 60
    xyz = np.column_stack([u, np.sin(u[:, 0]) + 2]).astype(np.float32)
    xyz[5] = np.nan
    cloud = pcc.PointCloud(xyz, {"i": rng.integers(0, 9, 20_000).astype(np.uint8)})
    found = look(cloud)
    assert found.max_error == 0.001
    assert found.num_bytes == pytest.approx(len(pcc.encode(cloud, max_error=found.max_error)), rel=0.15)


def test_nothing_to_say(rng):
    grid = pcc.PointCloud(np.round(rng.random((300, 3)) * 9, 2))
    free = pcc.PointCloud(rng.random((300, 3)))
    assert look(grid) is None
    assert look(free, max_error=0.1) is None
    assert look(pcc.PointCloud(np.full((5, 3), np.nan))) is None
    assert look(pcc.PointCloud(np.full((5, 3), 1.1))) is None
    assert look(pcc.PointCloud(np.zeros((0, 3)))) is None
