"""positions = positions_reference, bit for bit; find(positions(place)) = place."""

import numpy as np
import pytest

from pcc.ops import lattice_map
from pcc.sensors.known import find_table
from pcc.sensors.turn import turn_table
from tests.sensors.tables import small_table


def places(table, size, rng):
    laser = rng.integers(0, table.num_lasers, size).astype(np.uint8)
    step = rng.integers(0, table.steps, size).astype(np.int32)
    return laser, step, rng.integers(1, 60_000 * 8 // table.range_step, size).astype(np.int32)


def both(*args):
    return lattice_map.positions(*args), lattice_map.positions_reference(*args)


@pytest.mark.parametrize("size", [0, 1, 7, 30_001])
@pytest.mark.parametrize("lasers", [1, 16, 256])
@pytest.mark.parametrize("radial", [False, True], ids=["straight", "radial"])
def test_positions_equal_reference(isa, threads, rng, size, lasers, radial):
    table = small_table(lasers, radial=radial)
    laser, step, index = places(table, size, rng)
    half = (2 * index + rng.integers(0, 2, size)).astype(np.int32)
    found, want = (
        f(table.lattice, laser, step, half) for f in (lattice_map.positions, lattice_map.positions_reference)
    )
    for a, b in zip(found, want, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_radial_positions_are_as_far_from_the_axis_as_straight_ones_are_ahead():
    """A laser 100 voxels beside the axis: x^2 + y^2 = ahead^2, y = 100; and one step of a quarter turn on."""
    slope, offset = np.array([[2 << 24, 0, 1 << 24]]), np.array([[5 << 24, 100 << 24, 7 << 24]])
    laser, index = np.zeros(3, np.uint8), np.array([500, 500, 20_000], np.int32)
    lattice = lattice_map.Lattice(slope, offset, turn_table(4), radial=True)
    xyz, place = lattice_map.positions(lattice, laser, np.array([0, 1, 0], np.int32), 2 * index)
    assert xyz.tolist() == [[1000, 100, 507], [-100, 1000, 507], [40005, 100, 20007]]
    exact = xyz + (place - 128.0) / 256
    assert np.hypot(exact[:, 0], exact[:, 1]) == pytest.approx(2 * index + 5, abs=0.02)


@pytest.mark.parametrize("sign", [-1, 1])
def test_radial_positions_where_there_are_none(sign):
    """Nearer to the axis than the laser's line, and behind it: straight."""
    slope, offset = np.array([[sign << 24, 0, 0]]), np.array([[0, 100 << 24, 0]])
    laser, step, half = np.zeros(2, np.uint8), np.zeros(2, np.int32), np.array([20, 198], np.int32)
    args = lattice_map.Lattice(slope, offset, turn_table(4), True), laser, step, half
    for found in both(*args):
        assert found[0].tolist() == [[10 * sign, 100, 0], [99 * sign, 100, 0]]


def test_positions_at_the_edge_of_reach(rng):
    table = small_table(range_step=1)
    laser = np.arange(16, dtype=np.uint8)
    step, half = np.arange(0, 900, 60, dtype=np.int32)[:16], np.full(16, 2 * table.max_index, np.int32)
    step = np.resize(step, 16).astype(np.int32)
    found, want = (
        f(table.lattice, laser, step, half) for f in (lattice_map.positions, lattice_map.positions_reference)
    )
    np.testing.assert_array_equal(found[0], want[0])


@pytest.mark.parametrize(
    "table",
    [small_table(), small_table(64, 2048, 16), small_table(radial=True), find_table("hdl64e-kitti")],
    ids=["small", "64 lasers", "radial", "kitti"],
)
def test_find_is_the_way_back(threads, rng, table):
    """Of rounded positions, too, and wherever they are farther than the rounding from other places."""
    laser, step, index = places(table, 5000, rng)
    index = np.clip(index, 4000 * 8 // table.range_step, None).astype(np.int32)
    xyz, _ = lattice_map.positions(table.lattice, laser, step, (2 * index).astype(np.int32))
    found = lattice_map.find(table.lattice, xyz.astype(np.float64), table.max_index)
    again, _ = lattice_map.positions(table.lattice, found.laser, found.step, (2 * found.index).astype(np.int32))
    assert (again == xyz).all(1).mean() == 1.0
    assert found.error.max() <= 0.51
    same = (found.laser == laser) & (found.step == step) & (found.index == index)
    assert same.mean() > 0.99


def test_find_far_from_the_lattice(rng):
    table = small_table()
    xyz = np.array([[0.0, 0, 0], [0, 0, 5000], [3000, 0, 9000]])
    found = lattice_map.find(table.lattice, xyz, table.max_index)
    assert (found.error > 10).all()
    assert (found.index >= 1).all()


@pytest.mark.parametrize(("laser", "step"), [(16, 0), (0, 900), (0, -1)])
def test_places_that_there_are_not(laser, step):
    table = small_table()
    with pytest.raises(IndexError):
        lattice_map.positions(
            table.lattice, np.array([laser], np.uint8), np.array([step], np.int32), np.array([2], np.int32)
        )
