"""The ways in which the positions of a cloud may be coded as asked: which are worth coding, to be compared by size.

    without loss     its sensor's lattice, if it has one; else an octree on its own grid, or near which it lies
    within a bound   likewise, on a grid as coarse as the bound allows; both where they may be alike
    at a target      `pcc.codec.lossy_ways`

Points that no grid holds stay apart: those without a position, and strays where a grid would be too wide with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcc.codec import container
from pcc.codec.choice import ADAPTIVE, AUTO, estimate_bytes
from pcc.codec.floats import MAX_FLOAT_VOXEL, encode_floats
from pcc.codec.positions import Positions, lattice_positions, octree_positions
from pcc.codec.target import MODEL as LOSSY_MODEL
from pcc.codec.target import Target
from pcc.errors import InvalidSensor, LimitExceeded
from pcc.geometry.grid import Grid
from pcc.geometry.lossless import OwnGrid, has_negative_zero, narrowed, own_grid, strays, too_wide
from pcc.geometry.voxels import Voxels, own_step, point_indices, voxelize, voxels_on
from pcc.inference.program import Program

if TYPE_CHECKING:
    from pcc.codec.lattice.choice import Sensor
    from pcc.codec.lattice.encode import LatticeFrame
    from pcc.inference.registry import Model

NO_SENSOR = "none"
MILLIMETRE = 0.001  # the lattice's unit
MOST_LOSSY_DEPTH = 19
_LIKELY = 0.8  # of the lattice's bytes: an octree that is estimated to take no less than this is coded to see
_ALL_APART = 0.02  # share of points off the lattice from which on an octree may be smaller without loss, too
_SCATTERED = 4.0  # cells per point, likewise


@dataclass(frozen=True)
class Request:
    """What is asked of the positions; as the arguments of `pcc.codec.encoder.encode_frame`."""

    model: str | Path | Model = AUTO
    voxel_size: float | None = None
    max_error: float | None = None
    target: Target | None = None
    merge: bool = False
    fallback: bool = True
    sensor: Sensor = AUTO
    carried: frozenset[bytes] = frozenset()

    @property
    def lossless(self) -> bool:
        """Nothing may be lost, but for merged duplicates."""
        return self.voxel_size is None and self.max_error is None and self.target is None


def candidates(xyz: np.ndarray, request: Request) -> list[Positions]:
    """Coded positions of a cloud (N, 3), one at least; the smallest frame that they lead to is the one to take.

    Raises:
        InvalidCloud, LimitExceeded, ModelMismatch, InvalidSensor, ValueError: see `pcc.codec.encoder.encode_frame`.
    """
    finite = np.isfinite(xyz).all(axis=1) if xyz.dtype.kind == "f" else np.ones(len(xyz), bool)
    if finite.all():
        return _of_finite(xyz, request)
    rows, raw = np.flatnonzero(finite), np.flatnonzero(~finite)
    return [way.beside(rows, raw) for way in _of_finite(xyz[rows], request)]


def named_model(model: str | Path | Model) -> Model | None:
    """The model that is asked for; None for ``auto`` and ``adaptive``."""
    if model in (AUTO, ADAPTIVE):
        return None
    from pcc.inference.registry import find_model

    return find_model(model) if isinstance(model, str | Path) else model


def _of_finite(xyz: np.ndarray, request: Request) -> list[Positions]:
    program = named_model(request.model)
    if request.target is not None:
        lossy = _lossy(xyz, program, request, request.target)
        return [lossy] if lossy is not None else [_octree(xyz, program, request)]
    way = _lattice(xyz, program, request)
    if way is None:
        return [_octree(xyz, program, request)]
    if program is not None or not _octree_may_win(xyz, way, request):
        return [way]
    return [way, _octree(xyz, program, request)]


def _octree_may_win(xyz: np.ndarray, way: Positions, request: Request) -> bool:
    """Whether an octree might be smaller than a lattice, as far as a sample tells."""
    assert way.lattice is not None
    shown = way.lattice.shown
    scattered = shown.num_apart > _ALL_APART * len(xyz) or shown.filled.size > _SCATTERED * len(xyz)
    if request.lossless and not scattered:
        return False
    from pcc.inference.registry import find_model

    size = way.grid.step if request.lossless else request.voxel_size
    try:
        voxels = voxelize(xyz, voxel_size=size, max_error=request.max_error)
    except LimitExceeded:
        return False
    program = find_model("lidar")
    assert isinstance(program, Program)
    return estimate_bytes(voxels, program) * _LIKELY < way.num_bytes


# --- octree


@dataclass(frozen=True, eq=False)
class _Placed:
    """Points on a grid, and those that it does not hold; rows of the cloud, and None where it holds all."""

    own: OwnGrid
    rows: np.ndarray | None = None
    apart: np.ndarray | None = None

    def of(self, xyz: np.ndarray) -> np.ndarray:
        """The points on the grid."""
        return xyz if self.rows is None else xyz[self.rows]


def _octree(xyz: np.ndarray, program: Model | None, request: Request) -> Positions:
    named = program if isinstance(program, Program) else str(request.model)
    if not len(xyz):
        return octree_positions(voxels_on(xyz, _empty_grid(xyz, request)), named, request.fallback, request.merge)
    placed = _place(xyz, _grid_finder(request))
    points = placed.of(xyz)
    own, kept = placed.own, None
    voxels = voxels_on(points, own.grid)
    if request.merge and (voxels.low is not None or not own.restores):
        kept = _first_of_each(points if request.lossless else _indices(voxels, len(points)))
        voxels = voxels_on(points[kept], own.grid)
    way = octree_positions(voxels, named, request.fallback, request.merge and kept is None)
    if not own.restores:
        way = way.with_floats(own.values if kept is None else own.values[kept], xyz.dtype)
    if kept is not None:
        way = _merged(way, kept, len(points))
    return _with_apart(way, xyz, placed, request.merge)


def _with_apart(way: Positions, xyz: np.ndarray, placed: _Placed, merge: bool) -> Positions:
    """Positions with the points that their grid does not hold, one per position where they are merged."""
    if placed.rows is None or placed.apart is None:
        return way
    kept = placed.apart[_first_of_each(xyz[placed.apart])] if merge else placed.apart
    way = way.beside(placed.rows, kept)
    return replace(way, num_merged=(way.num_merged or 0) + len(placed.apart) - len(kept)) if merge else way


def _empty_grid(xyz: np.ndarray, request: Request) -> Grid:
    return voxelize(xyz, voxel_size=request.voxel_size, max_error=request.max_error).grid


def _grid_finder(request: Request) -> Callable[[np.ndarray], OwnGrid]:
    if request.lossless or (request.target is not None and request.voxel_size is None):
        return own_grid

    def find(xyz: np.ndarray) -> OwnGrid:
        voxels = voxelize(xyz, voxel_size=request.voxel_size, max_error=request.max_error, wide=True)
        return OwnGrid(voxels.grid, xyz, True)

    return find


def _place(xyz: np.ndarray, find: Callable[[np.ndarray], OwnGrid]) -> _Placed:
    """The grid of a cloud, of all its points if they share one that an octree's bits hold."""
    error: LimitExceeded | None = None
    try:
        own = find(xyz)
        if own.restores and not too_wide(xyz, own.grid):
            return _Placed(own)
    except LimitExceeded as found:
        error = found
    far = strays(xyz)
    if far.any() and not far.all():
        rows = np.flatnonzero(~far)
        return _Placed(find(xyz[rows]), rows, np.flatnonzero(far))
    if error is not None:
        raise error
    return _Placed(own)


def _indices(voxels: Voxels, num_points: int) -> np.ndarray:
    """(N, 3) int64 indices of the points, in the order of the input."""
    index = np.empty((num_points, 3), np.int64)
    index[voxels.order] = point_indices(voxels.codes, voxels.counts, voxels.grid, voxels.low, voxels.num_low_bits)
    return index


def _first_of_each(values: np.ndarray) -> np.ndarray:
    """(M,) ascending first rows of distinct rows (N, 3), zeros alike whatever their sign."""
    return np.sort(np.unique(values + values.dtype.type(0), axis=0, return_index=True)[1])


def _merged(way: Positions, kept: np.ndarray, num_points: int) -> Positions:
    return replace(way, rows=kept[way.rows], num_merged=num_points - len(kept))


# --- lattice


def _lattice(xyz: np.ndarray, program: Model | None, request: Request) -> Positions | None:
    """The frame in its sensor's lattice, where it has one and may be coded there."""
    octree = isinstance(program, Program) or request.model == ADAPTIVE
    required = program is not None and not octree
    none = isinstance(request.sensor, str) and request.sensor == NO_SENSOR
    if required and none:
        raise InvalidSensor("a model of spinning LiDAR needs a sensor; 'none' was asked for")
    if required and request.merge and request.max_error is not None:
        raise ValueError("duplicates: a model of spinning LiDAR merges none where it may move points (max_error)")
    if octree or none or (request.merge and request.max_error is not None):
        return None
    from pcc.codec.lattice.choice import default_program
    from pcc.inference.lattice_program import LatticeProgram

    lattice_program = program if isinstance(program, LatticeProgram) else default_program()
    if lattice_program is None:
        return None
    return _in_lattice(xyz, lattice_program, request, required)


def _in_lattice(xyz: np.ndarray, program: Any, request: Request, required: bool) -> Positions | None:
    from pcc.codec.lattice.choice import try_lattice

    def attempt(voxel_size: float | None, required: bool, floats: bool = False) -> LatticeFrame | None:
        return try_lattice(
            xyz, request.sensor, program, voxel_size=voxel_size, max_error=request.max_error, required=required,
            merge=request.merge, to_the_last_place=floats, carried=request.carried,
        )  # fmt: skip

    if not request.lossless or own_step(xyz) is not None:
        frame = attempt(request.voxel_size, required)
        if frame is None:
            return None
        way = lattice_positions(frame)
        return way.with_floats(xyz, xyz.dtype) if request.lossless and has_negative_zero(xyz) else way
    values = narrowed(xyz)
    if request.merge or values.dtype != np.float32 or np.abs(values).max(initial=0) >= MAX_FLOAT_VOXEL * MILLIMETRE:
        attempt(None, required)  # says what is wrong where it has to be one
        return None
    frame = attempt(MILLIMETRE, required, floats=True)
    return None if frame is None else _with_floats_in_lattice(lattice_positions(frame), frame, values, xyz.dtype)


def _with_floats_in_lattice(way: Positions, frame: LatticeFrame, values: np.ndarray, dtype: np.dtype) -> Positions:
    """Positions of single precision beside a lattice of millimetres, which may know them finer than its voxels."""
    if dtype != np.float32:
        return way.with_floats(values, dtype)
    fixed = frame.listed.fixed()[frame.ordered.order]
    payload = encode_floats(fixed, values[way.rows])
    return replace(way, chunks=[*way.chunks, (container.FLOATS, payload)], floats=True)


# --- a target


def _lossy(xyz: np.ndarray, program: Model | None, request: Request, target: Target) -> Positions | None:
    """Positions that meet the target; None where nothing has to be lost."""
    if target.quality == 100:
        return None
    if program is None:
        if request.model == ADAPTIVE:
            raise ValueError("model: bpp, psnr and quality need a model that infers")
        from pcc.inference.registry import find_model

        program = find_model(LOSSY_MODEL)
    if not isinstance(program, Program) or program.lossy_scale is None:
        raise ValueError(f"model: {program.name} codes whole levels only; bpp, psnr and quality need {LOSSY_MODEL}")
    if not len(xyz):
        return None
    placed = _place(xyz, _grid_finder(request))
    points = placed.of(xyz)
    voxels = voxels_on(points, placed.own.grid)
    depth = voxels.depth + voxels.num_low_bits
    if depth > MOST_LOSSY_DEPTH:
        raise LimitExceeded(
            f"the cloud has {depth} bits per axis; bpp, psnr and quality take at most {MOST_LOSSY_DEPTH}: give a "
            "larger --voxel-size"
        )
    from pcc.codec.lossy_ways import choose_way

    whole_model = AUTO if request.model == AUTO else program
    way = choose_way(points, voxels, program, target, request.merge, whole_model)
    return _with_apart(way, xyz, placed, request.merge)
