"""fit_twist finds the twist that correct was given, and what it undoes is corrected to the points again."""

import subprocess
import sys

import numpy as np
import pytest

from pcc.io import read_points
from pcc.ops import lattice_map, twist_map
from pcc.ops.float_residuals import float_error, float_residuals, restore_floats
from pcc.ops.twist_map import ZERO, twist_of_floats
from pcc.sensors.known import find_table
from pcc.sensors.twist import fit_twist, to_the_last_place
from pcc.sensors.twist_search import voxels_of
from tests.sensors.tables import small_table

TABLE = small_table(32, 1800, seed=3)
MOTIONS = {
    "car": [-1400, 20, -15, 0.002, -0.003, 0.03],
    "reverse": [700, -30, 10, -0.001, 0.002, -0.08],
    "sideways, down": [300, 2200, -180, 0.005, 0.004, 0.1],
    "pitch": [-900, 0, 60, 0.02, 0.03, -0.02],
    "creep": [2, 1, -1, 0.0002, 0, 0.001],
}


def raw_frame(rng, size=16_000):
    """(N, 3) int32: places of the lattice at random, but no two at the axis."""
    laser = rng.integers(0, TABLE.num_lasers, size).astype(np.uint8)
    step = rng.integers(0, TABLE.steps, size).astype(np.int32)
    half = 2 * rng.integers(1500, 30_000, size).astype(np.int32)
    return lattice_map.positions(TABLE.lattice, laser, step, half)[0]


def corrected(voxels, motion):
    """float64 voxels, as float32 metres have them."""
    fixed = twist_map.correct(twist_of_floats(motion), voxels, np.zeros(len(voxels), np.int8))
    return (np.ldexp(fixed, -24) / 1000).astype(np.float32).astype(np.float64) * 1000


def reproduced(fit, voxels, xyz):
    """The share of points (N, 3) that raw voxels are corrected to."""
    again, _ = twist_map.whole_voxels(twist_map.correct(fit.twist, voxels, fit.wrap(voxels)))
    return (again == np.rint(xyz)).all(1).mean()


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("motion", MOTIONS.values(), ids=MOTIONS)
def test_twists_are_found(rng, motion, rounded):
    motion = np.array(motion, np.float64)
    voxels = raw_frame(rng)
    xyz = corrected(voxels, motion)
    fit = fit_twist(TABLE, np.rint(xyz) if rounded else xyz)
    assert fit is not None
    assert fit.rounded == rounded
    assert fit.share > 0.99
    assert np.abs(fit.twist.floats() - motion).max() < (0.05 if rounded else 1e-3)
    assert reproduced(fit, voxels_of(TABLE, fit.found), xyz) > 0.99
    if not rounded:
        raw = np.rint(fit.raw).astype(np.int32)
        assert (raw == voxels).all(1).mean() > 0.9995
        off = np.abs(np.ldexp(twist_map.correct(fit.twist, raw, fit.wrap(raw)), -24) - xyz).max(1)
        assert (off < 0.01).mean() > 0.9995  # float32 metres are off by as much


def test_warm_start_finds_the_same(rng):
    motion = np.array(MOTIONS["car"])
    xyz = corrected(raw_frame(rng), motion)
    start = twist_of_floats(motion + np.array([25, 2, -3, 0.0004, -0.0003, 0.008]))
    found = fit_twist(TABLE, xyz, start=start)
    assert np.abs(found.twist.floats() - motion).max() < 1e-3


def test_a_wrong_start_does_not_hurt(rng):
    motion = np.array(MOTIONS["car"])
    xyz = corrected(raw_frame(rng), motion)
    found = fit_twist(TABLE, xyz, start=twist_of_floats(-2 * motion))
    assert np.abs(found.twist.floats() - motion).max() < 1e-3


def test_raw_frames_have_no_twist(rng):
    voxels = raw_frame(rng)
    for xyz in (voxels.astype(np.float64), (voxels / 1000).astype(np.float32).astype(np.float64) * 1000):
        fit = fit_twist(TABLE, xyz)
        assert fit.twist == ZERO
        np.testing.assert_array_equal(fit.raw, voxels)
        np.testing.assert_array_equal(voxels_of(TABLE, fit.found), voxels)
        assert not fit.wrap(voxels).any()


@pytest.mark.parametrize("whole", [False, True])
def test_points_of_no_lattice(rng, whole):
    xyz = rng.normal(0, 20_000, (5000, 3))
    assert fit_twist(TABLE, np.rint(xyz) if whole else xyz) is None


@pytest.mark.parametrize(
    "xyz",
    [
        np.zeros((0, 3)),
        np.zeros((5000, 3)),
        np.full((5000, 3), 7000.25),
        np.array([[9000.5, 1, 1]]),
        np.full((300, 3), 1e9) + 0.25,
    ],
    ids=["none", "axis", "one place", "one", "far"],
)
def test_degenerate_points(xyz):
    assert fit_twist(TABLE, xyz) is None


def test_points_beyond_the_seam(rng):
    """Points that were measured a turn later or earlier than their azimuth tells keep their place."""
    motion = np.array(MOTIONS["car"], np.float64)
    voxels = raw_frame(rng)
    azimuth = np.arctan2(voxels[:, 1], voxels[:, 0]) / (2 * np.pi)
    wrap = np.where(np.abs(azimuth) > 0.498, -np.sign(azimuth), 0).astype(np.int8)
    fixed = twist_map.correct(twist_of_floats(motion), voxels, wrap)
    fit = fit_twist(TABLE, np.ldexp(fixed, -24))
    assert (wrap != 0).sum() > 20
    behind = wrap != 0
    assert (np.rint(fit.raw)[behind] == voxels[behind]).all(1).mean() > 0.95
    assert (fit.wrap(np.rint(fit.raw).astype(np.int32)) == wrap)[behind].mean() > 0.95


def test_float32_metres_to_the_last_place(rng):
    """As KITTI's came about: raw float32 metres, corrected in float64, and float32 again."""
    motion = np.array(MOTIONS["car"])
    voxels = raw_frame(rng)
    fixed = twist_map.correct(twist_of_floats(motion), voxels, np.zeros(len(voxels), np.int8), float_error(voxels))
    values = (np.ldexp(fixed, -24) / 1000).astype(np.float32)
    fit = fit_twist(TABLE, values.astype(np.float64) * 1000)
    tight = to_the_last_place(fit, values.astype(np.float64) * 1000)
    raw = np.rint(fit.raw).astype(np.int32)
    equal = []
    for twist in (fit.twist, tight.twist):
        again = twist_map.correct(twist, raw, fit.wrap(raw), float_error(raw))
        residuals = float_residuals(again, values)
        np.testing.assert_array_equal(restore_floats(again, residuals).view(np.int32), values.view(np.int32))
        equal.append((residuals == 0).mean())
    assert equal[1] > 0.99
    assert equal[1] >= equal[0]
    assert tight.raw is fit.raw


@pytest.mark.parametrize("order", ["file", "shuffled"])
def test_kittis_odometry(shared_data, tmp_path, rng, order):
    command = [sys.executable, str(shared_data / "unpack.py"), str(tmp_path), "kitti_odometry00_*"]
    subprocess.run(command, check=True, capture_output=True)
    table, last = find_table("hdl64e-kitti"), None
    for path in sorted(tmp_path.rglob("*.bin")):
        xyz = read_points(path).xyz.astype(np.float64) * 1000
        xyz = rng.permutation(xyz) if order == "shuffled" else xyz
        fit, rounded = fit_twist(table, xyz, start=last), fit_twist(table, np.rint(xyz))
        last = fit.twist
        assert fit.twist.velocity[0] < 0  # the car drives ahead, and the scanner turns clockwise
        assert reproduced(fit, np.rint(fit.raw).astype(np.int32), xyz) > 0.999
        assert reproduced(fit, voxels_of(table, fit.found), xyz) > 0.99
        assert reproduced(rounded, voxels_of(table, rounded.found), xyz) > 0.99
