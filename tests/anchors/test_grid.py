"""pcc.anchors.grid: coordinates(whole_numbers(xyz)) == xyz on a grid, in the same dtype; records come back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from pcc.anchors.grid import (
    GRID_BYTES,
    coordinates,
    grid_record,
    pack_grid,
    read_grid_record,
    unpack_grid,
    whole_numbers,
)
from pcc.errors import AnchorError
from pcc.geometry.grid import Grid


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64])
def test_a_grid_loses_nothing(dtype):
    xyz = (np.arange(30).reshape(10, 3) / (1000 if np.dtype(dtype).kind == "f" else 1)).astype(dtype)
    steps, grid = whole_numbers(xyz, None)
    assert np.array_equal(steps, np.arange(30).reshape(10, 3))
    back = coordinates(steps, read_grid_record(json.loads(json.dumps(grid_record(grid)))))
    assert back.dtype == dtype
    assert back.tobytes() == xyz.tobytes()


def test_a_voxel_size_rounds_ties_upwards():
    """floor(x / 2 + 1/2): -1, 1 and 3 are ties."""
    steps, grid = whole_numbers(np.array([[-1.0, 1.0, 3.0]]), 2.0)
    assert steps.tolist() == [[0, 1, 2]]
    assert coordinates(steps, grid).tolist() == [[0, 2, 4]]


def test_integers_are_rounded_and_clipped():
    """1.5 k for k = 1, 2, 3 is 2 (to even), 3, 4 (to even); 255.5 does not fit uint8."""
    grid = Grid(1.5, 1.0, (0, 0, 0), np.dtype(np.uint8))
    assert coordinates(np.array([[1, 2, 3], [-1, 0, 171]]), grid).tolist() == [[2, 3, 4], [0, 0, 255]]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_refuses_what_is_not_finite(value):
    with pytest.raises(AnchorError, match="finite"):
        whole_numbers(np.array([[value, 0, 0]]), 1.0)


def test_refuses_what_lies_on_no_grid():
    with pytest.raises(AnchorError, match="give voxel_size"):
        whole_numbers(np.array([[math.pi, 0, 0]]), None)


def test_pack():
    grid = Grid(1.0, 1000.0, (-5, 0, 1 << 40), np.dtype(np.float32))
    assert unpack_grid(pack_grid(grid) + b"more") == grid
    assert len(pack_grid(grid)) == GRID_BYTES


@pytest.mark.parametrize("position", [0, GRID_BYTES - 3, GRID_BYTES - 2])
def test_damaged(position):
    """A step that is NaN, or a data type of objects, or none at all."""
    data = bytearray(pack_grid(Grid(1.0, 1.0, (0, 0, 0), np.dtype(np.float32))))
    data[position : position + 8 if position == 0 else position + 1] = b"\xff" * 8 if position == 0 else b"O"
    with pytest.raises(AnchorError, match="holds no grid"):
        unpack_grid(bytes(data))


@pytest.mark.parametrize("record", [None, [], [1, 1], [0, 1, "<f4"], [1, 1, "O"], [1, 1, "U3"], [1, 1, "none"]])
def test_damaged_records(record):
    with pytest.raises((ValueError, TypeError)):
        read_grid_record(record)
