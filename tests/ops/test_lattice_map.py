"""positions = positions_reference, bit for bit; find(positions(place)) = place."""

import numpy as np
import pytest

from pcc.ops import lattice_map
from pcc.sensors.known import find_table
from tests.sensors.tables import small_table


def places(table, size, rng):
    laser = rng.integers(0, table.num_lasers, size).astype(np.uint8)
    step = rng.integers(0, table.steps, size).astype(np.int32)
    return laser, step, rng.integers(1, 60_000 * 8 // table.range_step, size).astype(np.int32)


def both(*args):
    return lattice_map.positions(*args), lattice_map.positions_reference(*args)


@pytest.mark.parametrize("size", [0, 1, 7, 30_001])
@pytest.mark.parametrize("lasers", [1, 16, 256])
def test_positions_equal_reference(isa, threads, rng, size, lasers):
    table = small_table(lasers)
    laser, step, index = places(table, size, rng)
    half = (2 * index + rng.integers(0, 2, size)).astype(np.int32)
    found, want = (
        f(table.lattice, laser, step, half) for f in (lattice_map.positions, lattice_map.positions_reference)
    )
    for a, b in zip(found, want, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_positions_at_the_edge_of_reach(rng):
    table = small_table(range_step=1)
    laser = np.arange(16, dtype=np.uint8)
    step, half = np.arange(0, 900, 60, dtype=np.int32)[:16], np.full(16, 2 * table.max_index, np.int32)
    step = np.resize(step, 16).astype(np.int32)
    found, want = (
        f(table.lattice, laser, step, half) for f in (lattice_map.positions, lattice_map.positions_reference)
    )
    np.testing.assert_array_equal(found[0], want[0])


@pytest.mark.parametrize("table", [small_table(), small_table(64, 2048, 16), find_table("hdl64e-kitti")], ids=str)
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
