"""positions(laser, step, index) = round(xyz): synthetic frames lie on their sensor's lattice, in the driver's order."""

import numpy as np
import pytest

from pcc.datasets.sensor_models import KINDS, make_sensor
from pcc.datasets.sensors import measure, sensor_frames
from pcc.datasets.street import Street
from pcc.ops import lattice_map

SMALL = {kind: make_sensor(kind, seed=1, every=8) for kind in KINDS}
FLAT = Street(np.zeros((0, 6)), np.zeros((0, 4)), np.zeros(2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rounded", [True, False])
def test_frames_lie_on_the_lattice(kind, rounded):
    model = SMALL[kind]
    (frame,) = sensor_frames(model, 1, seed=3, rounded=rounded)
    half = (2 * frame.index).astype(np.int32)
    voxels, _ = lattice_map.positions(model.table.lattice, frame.laser, frame.step, half)
    millimetres = frame.cloud.xyz.astype(np.float64) * 1000
    assert len(voxels) > 1000
    assert frame.cloud.xyz.dtype == np.float32
    if rounded:
        assert np.abs(millimetres - np.rint(millimetres)).max() < 0.01
        assert (voxels == np.rint(millimetres)).all(1).mean() > 0.999
    else:
        assert np.abs(millimetres - voxels).max() < 0.51
        assert np.abs(millimetres - np.rint(millimetres)).max() > 0.4


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_the_driver(kind):
    """KITTI's files hold laser after laser from the uppermost, others column after column."""
    model = SMALL[kind]
    (frame,) = sensor_frames(model, 1, seed=3, time=True)
    time = frame.cloud.fields["time"]
    if model.laser_by_laser:
        assert (np.diff(frame.laser.astype(int)) <= 0).all()
        assert (np.diff(time)[np.diff(frame.laser.astype(int)) == 0] > 0).all()
    else:
        assert (np.diff(time) >= 0).all()
        assert (np.diff(frame.laser.astype(int))[np.diff(time) == 0] > 0).all()
    assert 0 <= time.min() < time.max() < 0.1


def test_fields():
    model = SMALL["vlp16"]
    (plain,) = sensor_frames(model, 1, seed=3)
    (frame,) = sensor_frames(model, 1, seed=3, intensity="uint8", ring="uint16")
    assert list(plain.cloud.fields) == ["intensity"]
    assert plain.cloud.fields["intensity"].dtype == np.float32
    assert frame.cloud.fields["intensity"].dtype == np.uint8
    np.testing.assert_array_equal(np.rint(plain.cloud.fields["intensity"] * 100), frame.cloud.fields["intensity"])
    np.testing.assert_array_equal(frame.cloud.fields["ring"], frame.laser)


def test_frames_do_not_depend_on_their_number():
    one, two = sensor_frames("vlp16", 1, seed=4), sensor_frames("vlp16", 2, seed=4)
    np.testing.assert_array_equal(one[0].cloud.xyz, two[0].cloud.xyz)
    assert len(two[1].cloud) != len(two[0].cloud) or not np.array_equal(two[1].cloud.xyz, two[0].cloud.xyz)


def test_ranges_are_those_of_the_ground(rng):
    """On flat ground without noise, z = -1.73 m up to the ripples, and all rays that look down hit."""
    model = SMALL["vlp16"]
    frame = measure(model, FLAT, rng, noise=0.0, dropout=0.0)
    down = model.table.elevation < 0
    assert set(frame.laser) == set(np.flatnonzero(down))
    assert np.abs(frame.cloud.xyz[:, 2] + 1.73).max() < 0.1
