"""A frame of a spinning LiDAR in its sensor's lattice: the encoder's side.

points on a 1 mm grid, located -> cells + points apart -> header, points apart, ranges, corrections
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
from pcc.sensors.scan import UNITS, Scan, row_feats, scan_of
from pcc.sensors.table import SensorTable


@dataclass(frozen=True, eq=False)
class LatticeFrame:
    """What becomes of a frame.

    Attributes:
        payload: of the lattice chunk.
        grid, depth: of the decoded voxels.
        ordered: the decoded points; ``ordered.order`` are rows of ``rows``.
        rows: (N,) points of the input as encoder and decoder list them before they are put in order.
        shown: what fields are coded with.
        listed: the points as they are listed.
    """

    payload: bytes
    grid: Grid
    depth: int
    ordered: Ordered
    rows: np.ndarray
    shown: Shown
    listed: Listed


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
    scan = scan_of(table, located.found, located.fits & (located.found.index <= table.max_index - group))
    bins = RangeBins(scan.range_step, group)
    scan = _keep_close(scan, bins, voxels, located, max_error)
    if not len(scan.firings) or not (scan.index > 0).any():
        return None
    measured, raw_delta, motion = _place(scan, bins, located, max_error)
    raw = measured.corrected(raw_delta)
    placed = raw.moved(motion)
    kept = len(placed.voxels)
    rows = np.concatenate([scan.point[scan.point >= 0], scan.apart])
    delta = _corrections(voxels[rows[:kept]] - placed.voxels, max_error)
    decoded = np.rint(voxels[rows]).astype(np.int64)
    decoded[:kept] = placed.voxels + delta
    origin = decoded.min(0)
    coords = (decoded - origin).astype(np.int32)
    depth = max(int(coords.max()).bit_length(), 1)
    apart = put_in_order(coords[kept:])
    rows[kept:], coords[kept:] = rows[kept:][apart.order], coords[kept:][apart.order]
    numbers = bins.numbers(scan.index)
    header = LatticeHeader(
        program.digest, table, embedded, scan.firings, scan.statistics, bins.group, int(numbers.max()).bit_length(),
        measure(placed.place, delta) if delta.any() else None, kept, len(apart.order), motion,
        None if raw_delta is None else measure(measured.place, raw_delta),
    )  # fmt: skip
    feats = row_feats(table, scan.statistics)
    image = RangeImage(scan.deviations, feats)
    payload = write_lattice_header(header) + write_apart(apart, depth)
    payload += _code(program, image, bins, header, numbers, (measured.place, raw_delta), (placed.place, delta))
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
    listed = Listed(coords.astype(np.int64) + origin, raw.voxels, motion)
    return LatticeFrame(payload, out_grid, depth, put_in_order(coords), rows, shown, listed)


def _place(
    scan: Scan, bins: RangeBins, located: Located, max_error: float | None
) -> tuple[Placed, np.ndarray | None, Motion | None]:
    """Where the points in cells were measured, what these positions lack where that is known, and the motion."""
    measured = place_cells(scan.table, scan.firings, bins, bins.numbers(scan.index))
    if located.twist is None:
        return measured, None, None
    point, delta = scan.point[scan.point >= 0], None
    if located.raw is not None and max_error is None:
        delta = _corrections(located.raw[point] - measured.voxels, None)
    return measured, delta, Motion(located.twist, located.wrap(point, measured.corrected(delta).voxels))


MAX_WIDTH = 1 << 22  # range units of a bin: a quarter of a kilometre


def group_of(table: SensorTable, max_error: float) -> int:
    """The most range indices in a bin whose middle, rounded to voxels, lies within ``max_error`` voxels of all."""
    length = float(np.sqrt((table.slope.astype(float) ** 2).sum(1)).max()) / 2**SLOPE_BITS
    most = min(MAX_GROUP, MAX_WIDTH // (UNITS * table.range_step))
    return min(max(int(2 * (max_error - math.sqrt(3) / 2) / length) + 1, 1), most)


def _keep_close(scan: Scan, bins: RangeBins, voxels: np.ndarray, located: Located, max_error: float | None) -> Scan:
    """Without the cells that would be decoded farther away than they may; their points are apart."""
    if not len(scan.firings):
        return scan
    measured, delta, motion = _place(scan, bins, located, max_error)
    placed = measured.corrected(delta).moved(motion)
    away = voxels[scan.point[scan.point >= 0]] - placed.voxels
    left = away - _corrections(away, max_error)
    far = left.any(1) if max_error is None else (left**2).sum(1) > max_error**2
    return scan.without(far) if far.any() else scan


def _corrections(away: np.ndarray, max_error: float | None) -> np.ndarray:
    """(N, 3) int8 in -1..1 for what positions lack (N, 3): of all, or of those that are too far away."""
    nearest = np.clip(np.rint(away), -1, 1)
    if max_error is not None:
        nearest[(away**2).sum(1) <= max_error**2] = 0
    return nearest.astype(np.int8)


def _code(
    program: LatticeProgram, image: RangeImage, bins: RangeBins, header: LatticeHeader, numbers: np.ndarray,
    raw: tuple[np.ndarray, np.ndarray | None], final: tuple[np.ndarray, np.ndarray],
) -> bytes:  # fmt: skip
    """The entropy stream: ranges, and corrections (places, and what they lack) before and after the motion's."""
    coder = RansEncoder()
    code_ranges(program, coder, image, bins, header.bits, numbers)
    if header.raw_corrections is not None:
        code_corrections(coder, raw[0], header.raw_corrections, raw[1])
    if header.corrections is not None:
        code_corrections(coder, final[0], header.corrections, final[1])
    return coder.finish()
