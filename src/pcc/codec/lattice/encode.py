"""A frame of a spinning LiDAR in its sensor's lattice: the encoder's side.

points on a 1 mm grid, located -> cells + points apart -> header, points apart, ranges, corrections
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pcc.codec.lattice.apart import write_apart
from pcc.codec.lattice.cells import code_ranges
from pcc.codec.lattice.chunk import MAX_GROUP, LatticeHeader, write_lattice_header
from pcc.codec.lattice.corrections import code_corrections, measure
from pcc.codec.lattice.layout import Listed, Motion, Ordered, Placed, place_cells, put_in_order
from pcc.codec.lattice.reflectance import Shown
from pcc.entropy.coders import RansEncoder
from pcc.geometry.grid import Grid
from pcc.geometry.range_image import RangeImage, roll_of
from pcc.inference.lattice_program import LatticeProgram
from pcc.ops.lattice_map import SLOPE_BITS
from pcc.sensors.bins import RangeBins
from pcc.sensors.locate import Located
from pcc.sensors.scan import Scan, row_feats, scan_of
from pcc.sensors.table import SensorTable


@dataclass(frozen=True, eq=False)
class LatticeFrame:
    """What becomes of a frame.

    Attributes:
        payload: of the lattice chunk.
        table: of the sensor.
        grid, depth: of the decoded voxels.
        ordered: the decoded points; ``ordered.order`` are rows of ``rows``.
        rows: (N,) points of the input as encoder and decoder list them before they are put in order.
        shown: what fields are coded with.
        listed: the points as they are listed.
        num_merged: points of the input that were left out because their voxel was taken, or None.
    """

    payload: bytes
    table: SensorTable
    grid: Grid
    depth: int
    ordered: Ordered
    rows: np.ndarray
    shown: Shown
    listed: Listed
    num_merged: int | None = None

    def with_raw(self, count: int) -> LatticeFrame:
        """With ``count`` points that have no position in the lattice, as the fields' chunks list them: at the end."""
        ordered, shown = self.ordered, self.shown
        order = np.concatenate([ordered.order, np.arange(len(ordered.order), len(ordered.order) + count)])
        return replace(
            self,
            ordered=replace(ordered, order=order),
            shown=replace(shown, num_apart=shown.num_apart + count),
        )


def encode_lattice(
    voxels: np.ndarray,
    grid: Grid,
    located: Located,
    program: LatticeProgram,
    *,
    embedded: bool,
    max_error: float | None = None,
) -> LatticeFrame | None:
    """The frame in the lattice of a sensor; None where it has no points there.

    Args:
        voxels: (N, 3), multiples of the grid's step, which is the table's unit: int64, or float64 with ``max_error``,
            which is then one to the positions before they were rounded.
        grid: its step and dtype count.
        located: the points in the sensor's lattice.
        embedded: put the table into the stream.
        max_error: in voxels; None: no loss.
    """
    table = located.table
    group = 1 if max_error is None else group_of(table, max_error)
    bins = RangeBins(table.range_units, group)
    fits = located.fits & (located.found.index <= table.max_index - group)
    cells = _near_enough(scan_of(table, located.found, fits), bins, voxels, located, max_error)
    scan, kept = cells.scan, len(cells.delta)
    if not kept:
        return None
    rows = np.concatenate([cells.point, scan.apart])
    decoded = np.rint(voxels[rows]).astype(np.int64)
    decoded[:kept] = cells.placed.corrected(cells.delta).voxels
    origin = decoded.min(0)
    coords = (decoded - origin).astype(np.int32)
    depth = max(int(coords.max()).bit_length(), 1)
    apart = put_in_order(coords[kept:])
    rows[kept:], coords[kept:] = rows[kept:][apart.order], coords[kept:][apart.order]
    numbers = bins.numbers(scan.index)
    header = LatticeHeader(
        program.digest, table, embedded, scan.firings, scan.statistics, group, int(numbers.max()).bit_length(),
        measure(cells.placed.place, cells.delta) if cells.delta.any() else None, kept, len(apart.order), cells.motion,
        None if cells.raw_delta is None else measure(cells.measured.place, cells.raw_delta),
    )  # fmt: skip
    feats = row_feats(table, scan.statistics)
    image = RangeImage(scan.deviations, feats)
    payload = write_lattice_header(header) + write_apart(apart, depth)
    payload += _code(program, image, bins, header, numbers, cells)
    out_grid = Grid(grid.num, grid.den, (int(origin[0]), int(origin[1]), int(origin[2])), grid.dtype)
    shown = Shown(
        program,
        image,
        bins.width,
        feats,
        numbers > 0,
        len(apart.order),
        roll_of(table.shift, table.steps, len(scan.firings)),
    )
    listed = Listed(coords.astype(np.int64) + origin, cells.raw.voxels, cells.motion)
    return LatticeFrame(payload, table, out_grid, depth, put_in_order(coords), rows, shown, listed)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The points (K,) in the cells of a scan, laser by laser.

    Attributes:
        point: (K,) rows of the input.
        measured, raw_delta: where they were measured, and what these positions lack where that is known; or None.
        raw, motion: whole positions before the correction for motion, and that, or None.
        placed, delta: where they come to lie, and what these positions lack or may not lack.
    """

    scan: Scan
    point: np.ndarray
    measured: Placed
    raw_delta: np.ndarray | None
    raw: Placed
    motion: Motion | None
    placed: Placed
    delta: np.ndarray


def _near_enough(scan: Scan, bins: RangeBins, voxels: np.ndarray, located: Located, max_error: float | None) -> _Cells:
    """The cells but for those that would be decoded farther away than they may; the points of these are apart."""
    cells = _cells(scan, bins, voxels, located, max_error)
    left = voxels[cells.point] - cells.placed.corrected(cells.delta).voxels
    far = left.any(1) if max_error is None else (left**2).sum(1) > max_error**2
    return _cells(scan.without(far), bins, voxels, located, max_error) if far.any() else cells


def _cells(scan: Scan, bins: RangeBins, voxels: np.ndarray, located: Located, max_error: float | None) -> _Cells:
    measured = place_cells(scan.table, scan.firings, bins, bins.numbers(scan.index))
    point = scan.point[scan.point >= 0]
    raw_delta = motion = None
    if (whole := located.raw) is not None and max_error is None:
        raw_delta = _corrections(whole[point] - measured.voxels, None)
    raw = measured.corrected(raw_delta)
    if located.twist is not None:
        motion = Motion(located.twist, located.wrap(point, raw.voxels))
    placed = raw.moved(motion)
    delta = _corrections(voxels[point] - placed.voxels, max_error)
    return _Cells(scan, point, measured, raw_delta, raw, motion, placed, delta)


MAX_WIDTH = 1 << 22  # range units of a bin: a quarter of a kilometre


def group_of(table: SensorTable, max_error: float) -> int:
    """The most range indices in a bin whose middle, rounded to voxels, lies within ``max_error`` voxels of all."""
    length = float(np.sqrt((table.slope.astype(float) ** 2).sum(1)).max()) / 2**SLOPE_BITS
    most = min(MAX_GROUP, MAX_WIDTH // table.range_units)
    return min(max(int(2 * (max_error - math.sqrt(3) / 2) / length) + 1, 1), most)


def _corrections(away: np.ndarray, max_error: float | None) -> np.ndarray:
    """(N, 3) int8 in -1..1 for what positions lack (N, 3): of all, or of those that are too far away."""
    nearest = np.clip(np.rint(away), -1, 1)
    if max_error is not None:
        nearest[(away**2).sum(1) <= max_error**2] = 0
    return nearest.astype(np.int8)


def _code(
    program: LatticeProgram, image: RangeImage, bins: RangeBins, header: LatticeHeader, numbers: np.ndarray,
    cells: _Cells,
) -> bytes:  # fmt: skip
    """The entropy stream: ranges, and corrections before and after the motion's."""
    coder = RansEncoder()
    code_ranges(program, coder, image, bins, header.bits, numbers)
    if header.raw_corrections is not None:
        code_corrections(coder, cells.measured.place, header.raw_corrections, cells.raw_delta)
    if header.corrections is not None:
        code_corrections(coder, cells.placed.place, header.corrections, cells.delta)
    return coder.finish()
