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
from pcc.codec.lattice.layout import Motion, Ordered, Placed, place_cells, put_in_order
from pcc.codec.lattice.reflectance import Shown
from pcc.entropy.coders import RansEncoder
from pcc.geometry.grid import Grid
from pcc.geometry.range_image import RangeImage
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
    located: Located,
    program: LatticeProgram,
    *,
    embedded: bool,
    max_error: float | None = None,
) -> LatticeFrame | None:
    """The frame in the lattice of a sensor; None where it has no points there.

    Args:
        voxels: (N, 3) int64, multiples of the grid's step, which is the table's unit.
        grid: its step and dtype count.
        located: the points in the sensor's lattice.
        embedded: put the table into the stream.
        max_error: in voxels; None: no loss.
    """
    table = located.table
    scan = scan_of(table, located.found, located.fits)
    bins = RangeBins(scan.range_step, 1 if max_error is None else group_of(table, max_error))
    scan = _keep_close(scan, bins, voxels, located, max_error)
    if not len(scan.firings) or not (scan.index > 0).any():
        return None
    placed, motion = _place(scan, bins, located)
    kept = len(placed.voxels)
    rows = np.concatenate([scan.point[scan.point >= 0], scan.apart])
    decoded = voxels[rows]
    delta = _corrections(decoded[:kept] - placed.voxels, max_error)
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
    )  # fmt: skip
    image = RangeImage(scan.deviations, row_feats(table, scan.statistics))
    payload = write_lattice_header(header) + write_apart(apart, depth)
    payload += _code(program, image, bins, header, numbers, placed.place, delta)
    out_grid = Grid(grid.num, grid.den, (int(origin[0]), int(origin[1]), int(origin[2])), grid.dtype)
    shown = Shown(program, image, bins.width, numbers > 0, len(apart.order))
    return LatticeFrame(payload, out_grid, depth, put_in_order(coords), rows, shown)


def _place(scan: Scan, bins: RangeBins, located: Located) -> tuple[Placed, Motion | None]:
    """Where the points in cells come to lie, and the motion that they are corrected for."""
    raw = place_cells(scan.table, scan.firings, bins, bins.numbers(scan.index))
    if located.twist is None:
        return raw, None
    motion = Motion(located.twist, located.wrap(scan.point[scan.point >= 0], raw.voxels))
    return raw.moved(motion), motion


def group_of(table: SensorTable, max_error: float) -> int:
    """The most range indices in a bin whose middle lies within ``max_error`` voxels of all, after rounding to voxels."""
    length = float(np.sqrt((table.slope.astype(float) ** 2).sum(1)).max()) / 2**SLOPE_BITS
    return min(max(int(2 * (max_error - math.sqrt(3) / 2) / length) + 1, 1), MAX_GROUP)


def _keep_close(
    scan: Scan, bins: RangeBins, voxels: np.ndarray, located: Located, max_error: float | None
) -> Scan:
    """Without the cells that would be decoded farther away than they may; their points are apart."""
    if not len(scan.firings):
        return scan
    placed, _ = _place(scan, bins, located)
    away = voxels[scan.point[scan.point >= 0]] - placed.voxels
    left = away - _corrections(away, max_error)
    far = left.any(1) if max_error is None else (left**2).sum(1) > max_error**2
    return scan.without(far) if far.any() else scan


def _corrections(away: np.ndarray, max_error: float | None) -> np.ndarray:
    """(N, 3) int8 in -1..1 for what positions lack (N, 3): of all, or of those that are too far away."""
    nearest = np.clip(away, -1, 1)
    if max_error is not None:
        nearest[(away**2).sum(1) <= max_error**2] = 0
    return nearest.astype(np.int8)


def _code(
    program: LatticeProgram, image: RangeImage, bins: RangeBins, header: LatticeHeader, numbers: np.ndarray,
    place: np.ndarray, delta: np.ndarray,
) -> bytes:  # fmt: skip
    """The entropy stream: ranges, and corrections."""
    coder = RansEncoder()
    code_ranges(program, coder, image, bins, header.bits, numbers)
    if header.corrections is not None:
        code_corrections(coder, place, header.corrections, delta)
    return coder.finish()
