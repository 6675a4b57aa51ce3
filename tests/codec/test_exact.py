"""decode_exact(encode_exact(values)) = values bit for bit, whatever the values and however they lie to the grid."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.codec.dtypes import dtype_code
from pcc.codec.exact import COLUMN, GRID, PLANES, PLANES_AND_GRID, decode_exact, encode_exact
from pcc.errors import CorruptStream
from pcc.geometry.grid import Axis

FLOATS = [np.float16, np.float32, np.float64]
GRIDS = {
    "power of two": Axis(2.0**-7),
    "decimal": Axis(0.01),
    "offset": Axis(1.0, 1000.0, 0.37),
    "far too coarse": Axis(1e6),
    "single": Axis(float(np.float32(0.01)), 1.0, float(np.float32(0.3)), single=True),
}


def index_of(values, axis):
    return np.stack([axis.indices(column).astype(np.int64) for column in values.T], 1)


def methods(payload, values):
    """Of x, where nothing but a method byte follows for the other axes."""
    return payload[1]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("grid", GRIDS)
def test_round_trip(rng, dtype, grid):
    for spread in (1.0, 20.0):
        values = (rng.normal(size=(500, 3)) * spread).astype(dtype)
        values[:40] = 0
        values[40:50] = -0.0
        axes = 3 * (GRIDS[grid],)
        index = index_of(values, axes[0])
        payload = encode_exact(values, index, axes, np.dtype(dtype))
        back = decode_exact(memoryview(payload), index, axes, np.dtype(dtype))
        assert back.tobytes() == values.tobytes()


def test_nothing_is_written_where_the_grid_tells_all():
    axes, index = 3 * (Axis(1.0, 1000.0),), np.arange(30).reshape(10, 3)
    values = np.stack([axes[0].values(column, np.dtype(np.float32)) for column in index.T], 1)
    assert encode_exact(values, index, axes, np.dtype(np.float32)) is None
    narrow = encode_exact(values, index, axes, np.dtype(np.float64))
    assert narrow == bytes([dtype_code(np.dtype(np.float32), ""), GRID, GRID, GRID])
    assert decode_exact(memoryview(narrow), index, axes, np.dtype(np.float64)).dtype == np.float64


def test_the_method_follows_from_the_values(rng):
    """Off by a unit here and there: a column. Anywhere in a voxel: planes. Some on the grid: planes of the others."""
    axes, n = 3 * (Axis(2.0**-7),), 4000
    free = (rng.normal(size=(n, 3)) * 20).astype(np.float32)
    near = np.nextafter(np.rint(free * 128) / np.float32(128), np.float32(100)).astype(np.float32)
    mixed = free.copy()
    mixed[: n // 4] = 0
    for values, method in ((near, COLUMN), (free, PLANES), (mixed, PLANES_AND_GRID)):
        payload = encode_exact(values, index_of(values, axes[0]), axes, np.dtype(np.float32))
        assert payload[1] == method


def test_planes_cost_what_a_voxel_holds(rng):
    """log2(floats in a voxel) bits per value: 2^-7 between 8 and 16 holds 2^13 of float32, for all three axes alike."""
    values = (8 + 8 * rng.random((1 << 14, 3))).astype(np.float32)
    values[values >= 16] = 9
    axes = 3 * (Axis(2.0**-7),)
    payload = encode_exact(values, index_of(values, axes[0]), axes, np.dtype(np.float32))
    assert 8 * len(payload) / (3 << 14) == pytest.approx(13, abs=0.02)


def test_damage_is_corrupt(rng):
    axes = 3 * (Axis(2.0**-7),)
    values = (rng.normal(size=(60, 3))).astype(np.float32)
    index = index_of(values, axes[0])
    payload = encode_exact(values, index, axes, np.dtype(np.float32))
    for broken in (payload[:-1], payload + b"\0", b"\x02" + payload[1:], payload[:1] + b"\x09" + payload[2:], b""):
        with pytest.raises(CorruptStream):
            decode_exact(memoryview(broken), index, axes, np.dtype(np.float32))
    with pytest.raises(CorruptStream, match="for positions of"):
        decode_exact(memoryview(payload), index, axes, np.dtype(np.float16))
