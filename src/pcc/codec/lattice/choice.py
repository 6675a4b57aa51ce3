"""Whether a cloud is coded in a sensor's lattice, on which grid, and by which sensor and model.

The lattice needs positions in millimetres: a cloud on a grid of 1 mm, a cloud of integers, or one that is rounded to
1 mm because it is asked for. What is not seen to come from a known spinning LiDAR goes to the octree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pcc.codec.choice import AUTO
from pcc.codec.lattice.encode import LatticeFrame, encode_lattice
from pcc.errors import InvalidSensor, LimitExceeded, ModelMismatch
from pcc.geometry.grid import Grid, bounds, codes_of, grid_of_integers, grid_of_step
from pcc.geometry.voxels import own_step
from pcc.inference.lattice_program import LatticeProgram
from pcc.ops import sort
from pcc.sensors.cache import touch
from pcc.sensors.fitted import fit_frame, surrounds
from pcc.sensors.known import find_table, is_shipped, known_tables
from pcc.sensors.locate import Located, is_far, locate, sample_of
from pcc.sensors.table import SensorTable

MODEL = "lattice"  # where none is named
MAX_APART = 0.1  # of the points; with more the octree is better
_UNIT_M = 0.001  # of tables
_MAX_CELL_SHARE = 8  # cells per point
_MOST_CELLS = 2.5  # per point; a turn has 1 to 2

Sensor = str | Path | SensorTable


def try_lattice(
    xyz: np.ndarray,
    sensor: Sensor,
    program: LatticeProgram,
    *,
    voxel_size: float | None,
    max_error: float | None,
    required: bool,
    merge: bool = False,
    to_the_last_place: bool = False,
    carried: frozenset[bytes] = frozenset(),
) -> LatticeFrame | None:
    """The frame in its sensor's lattice; None where it has none, or is better off without.

    Args:
        xyz: (N, 3); with NaN or infinity it is None.
        sensor: ``auto``, a name, a file or a table.
        required: raise instead of giving None, but for NaN and infinity.
        merge: one point a voxel, the first; not together with ``max_error``.
        to_the_last_place: know a correction for motion as finely as float32 positions tell it.
        carried: digests of tables that the stream has already.

    Raises:
        InvalidSensor: the sensor is not known; or ``required``, and the cloud is not in its lattice.
    """
    auto = isinstance(sensor, str) and sensor == AUTO
    tables = known_tables() if auto else [_table_of(sensor)]
    if not len(xyz) or not np.isfinite(bounds(xyz)).all():
        return None
    moved = required or (xyz.dtype.kind == "f" and surrounds(sample_of(_seen(xyz))))
    how = program, moved, to_the_last_place, carried
    frame, points = None, _points(xyz, voxel_size, max_error, merge)
    if points is not None:
        frame = _encode(points, tables, *how)
        if auto and (frame is None or not _fills(frame)):
            fitted = fit_frame(points.seen)
            better = None if fitted is None else _encode(points, [fitted], *how)
            frame = min((f for f in (frame, better) if f is not None), key=lambda f: len(f.payload), default=None)
        if frame is not None:
            touch(frame.table)
    if frame is None and required:
        names = ", ".join(table.name for table in tables) or "no sensor"
        raise InvalidSensor(f"the cloud does not lie in the lattice of {names}, or not on a grid of 1 mm")
    return frame


def _fills(frame: LatticeFrame) -> bool:
    """Whether the points of a frame fill its columns as those of its sensor do: another sensor's are scattered."""
    return frame.shown.filled.size <= _MOST_CELLS * len(frame.rows)


def default_program() -> LatticeProgram | None:
    """The model of spinning LiDAR that codes where none is named; None where it is not installed."""
    from pcc.inference.registry import find_model

    try:
        program = find_model(MODEL)
    except ModelMismatch:
        return None
    return program if isinstance(program, LatticeProgram) else None


def _table_of(sensor: Sensor) -> SensorTable:
    return sensor if isinstance(sensor, SensorTable) else find_table(sensor)


@dataclass(frozen=True, eq=False)
class _Points:
    """Points on a grid of the tables' unit.

    Attributes:
        xyz: (N, 3), as they were given.
        grid: that they lie on, or are rounded to.
        real: (N, 3) float64, multiples of the grid's step.
        max_error: of ``real`` in voxels, or None: they are rounded first.
        rows: (N,) of the input, or None: all.
        num_merged: points of the input that were left out, or None.
    """

    xyz: np.ndarray
    grid: Grid
    real: np.ndarray
    max_error: float | None
    rows: np.ndarray | None = None
    num_merged: int | None = None

    @property
    def seen(self) -> np.ndarray:
        """(M, 3) of ``xyz``: without those at the origin, from which nothing came back."""
        return _seen(self.xyz)


def _seen(xyz: np.ndarray) -> np.ndarray:
    there = xyz.any(axis=1)
    return xyz if there.all() else xyz[there]


def _points(xyz: np.ndarray, voxel_size: float | None, max_error: float | None, merge: bool) -> _Points | None:
    """The points on their grid; None where they are none of a LiDAR's."""
    unit = 1.0 if xyz.dtype.kind in "iu" else _UNIT_M
    sample = sample_of(_seen(xyz))
    with np.errstate(over="ignore", invalid="ignore"):
        far = is_far(sample / unit)
    if not far or _grid(sample, voxel_size, max_error) is None:
        return None
    grid = _grid(xyz, voxel_size, max_error)
    if grid is None:
        return None
    rows, num_merged = None, None
    if merge:
        rows = _firsts(codes_of(xyz, grid))
        xyz, num_merged = xyz[rows], len(xyz) - len(rows)
    scale = grid.den / grid.num
    error = None if max_error is None else max_error * scale - _dtype_error(xyz, grid)
    return _Points(xyz, grid, xyz.astype(np.float64) * scale, error, rows, num_merged)


def _firsts(codes: np.ndarray) -> np.ndarray:
    """(M,) ascending, the first row of each of the codes (N,)."""
    ordered, order = sort.radix_sort(codes)
    _, counts = sort.unique(ordered)
    return np.sort(order[np.cumsum(counts) - counts])


def _encode(
    points: _Points, tables: list[SensorTable], program: LatticeProgram, moved: bool, to_the_last_place: bool,
    carried: frozenset[bytes],
) -> LatticeFrame | None:  # fmt: skip
    """The smallest frame in the lattice of a table that suits."""
    located = locate(tables, points.real, moved=moved, to_the_last_place=to_the_last_place)
    frames = [_encode_one(points, one, program, carried) for one in located]
    return min((f for f in frames if f is not None), key=lambda f: len(f.payload), default=None)


def _encode_one(
    points: _Points, located: Located, program: LatticeProgram, carried: frozenset[bytes]
) -> LatticeFrame | None:
    num_seen = np.count_nonzero(points.real.any(axis=1))
    if num_seen - np.count_nonzero(located.fits) > MAX_APART * num_seen:
        return None
    voxels = points.real if points.max_error is not None else np.floor(points.real + 0.5).astype(np.int64)
    embedded = not is_shipped(located.table) and located.table.digest not in carried
    frame = encode_lattice(voxels, points.grid, located, program, embedded=embedded, max_error=points.max_error)
    if frame is None or frame.shown.filled.size > _MAX_CELL_SHARE * len(voxels):
        return None
    if points.rows is None:
        return frame
    return replace(frame, rows=points.rows[frame.rows], num_merged=points.num_merged)


def _grid(xyz: np.ndarray, voxel_size: float | None, max_error: float | None) -> Grid | None:
    """A grid of the table's unit that may stand for the cloud: its own, or where it is asked to be rounded.

    None where it has none, or is wider than any LiDAR sees.
    """
    low, high = bounds(xyz)
    step = own_step(xyz) if voxel_size is None else (voxel_size, 1.0)
    if xyz.dtype.kind in "iu":
        return _within_reach(lambda: grid_of_integers(low, high)) if step == (1.0, 1.0) else None
    if step is None and max_error is not None and max_error >= _UNIT_M:
        step = (1.0, 1000.0)
    if step is None or not math.isclose(step[0] / step[1], _UNIT_M, rel_tol=1e-9):
        return None
    num, den = step
    return _within_reach(lambda: grid_of_step(low, high, num, den))


def _within_reach(make: Callable[[], Grid]) -> Grid | None:
    try:
        return make()
    except LimitExceeded:
        return None


def _dtype_error(xyz: np.ndarray, grid: Grid) -> float:
    """By how many voxels positions may move when they are rounded to the cloud's dtype."""
    if xyz.dtype.kind != "f":
        return 0.0
    return float(np.spacing(np.abs(xyz).max())) * grid.den / grid.num
