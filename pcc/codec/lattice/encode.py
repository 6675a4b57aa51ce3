"""A frame of a spinning LiDAR in its sensor's lattice: the encoder's side.

points on a 1 mm grid -> find laser, step, index -> cells + points apart -> header, cells, corrections, points apart
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcc.codec.lattice.apart import write_apart
from pcc.codec.lattice.cells import code_ranges
from pcc.codec.lattice.chunk import MAX_GROUP, LatticeHeader, write_lattice_header
from pcc.codec.lattice.corrections import code_corrections, measure
from pcc.codec.lattice.layout import Ordered, place_cells, put_in_order
from pcc.codec.lattice.reflectance import Shown
from pcc.entropy.coders import RansEncoder
from pcc.geometry.grid import Grid
from pcc.geometry.range_image import RangeImage
from pcc.inference.lattice_program import LatticeProgram
from pcc.ops.lattice_map import SLOPE_BITS, find
from pcc.sensors.bins import RangeBins
from pcc.sensors.scan import Scan, row_feats, scan_of
from pcc.sensors.table import SensorTable

MAX_CORRECTION = 1
ON_LATTICE = 1.5  # voxels that a point may lie from its place


@dataclass(frozen=True, eq=False)
class LatticeFrame:
    """What becomes of a frame.

    Attributes:
        payload: of the lattice chunk.
        grid, depth: of the decoded voxels.
        ordered: the decoded points; ``ordered.order`` are rows of ``rows``.
        rows: (N,) points of the input as encoder and decoder list them before they are put in order.
        shown: what reflectances are coded with.
    """

    payload: bytes
    grid: Grid
    depth: int
    ordered: Ordered
    rows: np.ndarray
    shown: Shown


def encode_lattice(
    voxels: np.ndarray,
    grid: Grid,
    table: SensorTable,
    program: LatticeProgram,
    *,
    embedded: bool,
    max_error: float | None = None,
) -> LatticeFrame | None:
    """The frame in the lattice of a sensor; None where it has no points there.

    Args:
        voxels: (N, 3) int64, multiples of the grid's step, which is the table's unit.
        grid: its step and dtype count.
        embedded: put the table into the stream.
        max_error: in voxels; None: no loss.
    """
    found = find(table.lattice, voxels.astype(np.float64), table.max_index)
    scan = scan_of(table, found, found.error < ON_LATTICE)
    bins = RangeBins(scan.range_step, 1 if max_error is None else group_of(table, max_error))
    scan = _keep_close(scan, bins, voxels, max_error)
    if not len(scan.firings):
        return None
    numbers = bins.numbers(scan.index)
    placed = place_cells(table, scan.firings, bins, numbers)
    kept = len(placed.voxels)
    rows = np.concatenate([scan.point[scan.point >= 0], scan.apart])
    decoded = voxels[rows]
    delta = (decoded[:kept] - placed.voxels).astype(np.int8) if max_error is None else None
    if delta is None:
        decoded[:kept] = placed.voxels
    origin = decoded.min(0)
    coords = (decoded - origin).astype(np.int32)
    depth = max(int(coords.max()).bit_length(), 1)
    apart = put_in_order(coords[kept:])
    rows[kept:], coords[kept:] = rows[kept:][apart.order], coords[kept:][apart.order]
    image = RangeImage(scan.deviations, row_feats(table, scan.statistics))
    payload = _payload(program, embedded, scan, bins, image, placed.place, delta, apart, depth)
    out_grid = Grid(grid.num, grid.den, (int(origin[0]), int(origin[1]), int(origin[2])), grid.dtype)
    shown = Shown(program, image, bins.width, numbers > 0, len(apart.order))
    return LatticeFrame(payload, out_grid, depth, put_in_order(coords), rows, shown)


def group_of(table: SensorTable, max_error: float) -> int:
    """The most range indices in a bin whose middle lies within ``max_error`` voxels of all, after rounding to voxels."""
    length = float(np.sqrt((table.slope.astype(float) ** 2).sum(1)).max()) / 2**SLOPE_BITS
    return min(max(int(2 * (max_error - math.sqrt(3) / 2) / length) + 1, 1), MAX_GROUP)


def _keep_close(scan: Scan, bins: RangeBins, voxels: np.ndarray, max_error: float | None) -> Scan:
    """Without the cells that would be decoded farther away than they may; their points are apart."""
    if not len(scan.firings):
        return scan
    placed = place_cells(scan.table, scan.firings, bins, bins.numbers(scan.index))
    point = scan.point[scan.point >= 0]
    away = voxels[point] - placed.voxels
    if max_error is None:
        far = np.abs(away).max(1, initial=0) > MAX_CORRECTION
    else:
        far = (away**2).sum(1) > max_error**2
    return scan.without(far) if far.any() else scan


def _payload(
    program: LatticeProgram, embedded: bool, scan: Scan, bins: RangeBins, image: RangeImage, place: np.ndarray,
    delta: np.ndarray | None, apart: Ordered, depth: int,
) -> bytes:  # fmt: skip
    numbers = bins.numbers(scan.index)
    bits, corrections = int(numbers.max()).bit_length(), None if delta is None else measure(place, delta)
    header = LatticeHeader(
        program.digest, scan.table, embedded, scan.firings, scan.statistics, bins.group, bits, corrections, len(place),
        len(apart.order),
    )  # fmt: skip
    coder = RansEncoder()
    code_ranges(program, coder, image, bins, bits, numbers)
    if corrections is not None:
        code_corrections(coder, place, corrections, delta)
    return write_lattice_header(header) + write_apart(apart, depth) + coder.finish()
