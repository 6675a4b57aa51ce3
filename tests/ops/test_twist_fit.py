"""undo(correct(p)) = p; cones = cones_reference and sharpness = sharpness_reference, but for rounding."""

import numpy as np
import pytest

from pcc.ops import twist_fit, twist_map
from pcc.sensors.known import find_table
from tests.sensors.tables import small_table

MOTION = np.array([-1800.0, 300, 40, 0.01, -0.02, 0.08])


def raw_points(size, rng, near=2500):
    azimuth, radius = rng.uniform(-np.pi, np.pi, size), rng.uniform(near, 80_000, size)
    return np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), rng.uniform(-0.3, 0.1, size) * radius], 1)


@pytest.mark.parametrize("size", [0, 1, 5001])
def test_undo_is_the_way_back(threads, rng, size):
    voxels = np.rint(raw_points(size, rng)).astype(np.int32)
    wrap = np.zeros(size, np.int8)
    corrected = np.ldexp(twist_map.correct(twist_map.twist_of_floats(MOTION), voxels, wrap), -24)
    before, after = (np.arctan2(p[:, 1], p[:, 0]) / (2 * np.pi) for p in (corrected, voxels))
    raw, share = twist_fit.undo(MOTION, corrected, np.rint(after - before).astype(np.int8))
    assert np.abs(raw - voxels).max(initial=0) < 1e-4
    assert np.abs(share - after).max(initial=0) < 1e-8


def test_undo_at_the_axis_is_finite():
    raw, share = twist_fit.undo(MOTION, np.zeros((3, 3)), np.array([-1, 0, 1], np.int8))
    assert np.isfinite(raw).all()
    assert np.isfinite(share).all()


@pytest.mark.parametrize("table", [small_table(1), small_table(256), find_table("hdl64e-kitti")], ids=str)
def test_cones_equal_reference(isa, threads, rng, table):
    raw = raw_points(3000, rng)
    found, want = twist_fit.cones(table.lattice, raw), twist_fit.cones_reference(table.lattice, raw)
    np.testing.assert_allclose(np.abs(found[1]), np.abs(want[1]), atol=1e-3)
    assert (found[0] == want[0]).mean() > 0.999


def test_sharpness_equals_reference(isa, threads, rng):
    table = find_table("hdl64e-kitti")
    raw = raw_points(500, rng)
    share = rng.uniform(-0.5, 0.5, 500)
    motions = rng.normal(0, 1, (7, 6)) * [1000, 1000, 50, 0.01, 0.01, 0.05]
    found = twist_fit.sharpness(table.lattice, raw, share, motions, 10.0)
    np.testing.assert_allclose(
        found, twist_fit.sharpness_reference(table.lattice, raw, share, motions, 10.0), atol=1e-4
    )
