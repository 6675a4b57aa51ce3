"""A frame of a spinning LiDAR in its sensor's lattice: the decoder's side, the mirror of ``encode``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pcc.codec.header import FrameHeader
from pcc.codec.lattice.apart import parse_apart
from pcc.codec.lattice.cells import code_ranges
from pcc.codec.lattice.chunk import FindTable, LatticeHeader, parse_lattice_header
from pcc.codec.lattice.corrections import code_corrections
from pcc.codec.lattice.derived import CellIndex
from pcc.codec.lattice.layout import Listed, Ordered, Placed, place_cells, put_in_order
from pcc.codec.lattice.reflectance import Shown
from pcc.codec.limits import Limits, within
from pcc.codec.wire import Reader
from pcc.codec.work import APART_BYTES, Work
from pcc.entropy.coders import RansDecoder
from pcc.errors import CorruptStream
from pcc.geometry.range_image import RangeImage, azimuths_of, deviations_of, roll_of
from pcc.inference.lattice_program import LatticeProgram
from pcc.ops import morton
from pcc.ops.twist_map import REACH
from pcc.sensors.bins import RangeBins
from pcc.sensors.known import find_table_by_digest
from pcc.sensors.scan import row_feats


@dataclass(frozen=True, eq=False)
class Decoded:
    """The points in order, what fields are decoded with, and the points as they are listed."""

    ordered: Ordered
    shown: Shown
    listed: Listed

    @cached_property
    def cells(self) -> CellIndex:
        """Lasers and firing columns of the points."""
        return CellIndex.of(self.shown.filled, self.shown.rolls, self.shown.num_apart)

    def with_raw(self, count: int) -> Decoded:
        """With ``count`` points that have no position in the lattice: the last as listed, and in decoded order."""
        placed = self.ordered.order
        order = np.concatenate([placed, np.arange(len(placed), len(placed) + count)])
        shown = replace(self.shown, num_apart=self.shown.num_apart + count)
        return replace(self, ordered=replace(self.ordered, order=order), shown=shown)


def decode_lattice(
    payload: memoryview,
    frame: FrameHeader,
    find: Callable[[bytes], LatticeProgram],
    limits: Limits,
    find_table: FindTable = find_table_by_digest,
    work: Work | None = None,
) -> Decoded:
    """The points of a lattice chunk.

    Args:
        find: the program of a digest; find_table: the sensor's table.
        work: pays for columns, cells and nodes.

    Raises:
        CorruptStream: the payload is damaged.
        InvalidSensor, ModelMismatch: the sensor or the model is not known here.
        LimitExceeded: more cells than ``limits`` allow points, or than ``work`` pays for.
    """
    reader = Reader(payload)
    header = parse_lattice_header(reader, find_table, work)
    if header.num_cells + header.num_apart != frame.num_placed:
        raise CorruptStream(f"lattice: {header.num_cells} and {header.num_apart} points of {frame.num_placed}")
    num_cells = within("cells", header.sensor.num_lasers * len(header.firings), limits.max_points)
    if work is not None:
        work.steps(header.sensor.steps)
        work.cells(num_cells)
        work.memory(APART_BYTES * header.num_apart)
    apart = morton.decode(parse_apart(reader, header.num_apart, frame.depth, work))
    coder = RansDecoder(bytes(reader.rest()))
    shown, numbers = _ranges(header, find(header.model), coder)
    raw = place_cells(header.sensor, header.firings, _bins(header), numbers)
    if header.raw_corrections is not None:
        raw = raw.corrected(code_corrections(coder, raw.place, header.raw_corrections, None))
    if header.motion is not None and np.abs(raw.voxels).max(initial=0) >= REACH:
        raise CorruptStream("lattice: a point that was measured beyond the reach of motion")
    coords = np.concatenate([_coords(header, raw, coder, frame), apart])
    coder.finish()
    ordered = put_in_order(coords)
    if len(ordered.codes) != frame.num_voxels:
        raise CorruptStream(f"lattice: decoded {len(ordered.codes)} voxels, the stream declares {frame.num_voxels}")
    listed = Listed(coords + np.array(frame.grid.origin, np.int64), raw.voxels, header.motion)
    return Decoded(ordered, shown, listed)


def _ranges(header: LatticeHeader, program: LatticeProgram, coder: RansDecoder) -> tuple[Shown, np.ndarray]:
    """The turn with all ranges, and the bins' numbers (L, C) int32."""
    table, bins = header.sensor, _bins(header)
    azimuths = azimuths_of(header.firings, table.shift, table.steps)
    feats = row_feats(table, header.statistics)
    image = RangeImage(deviations_of(azimuths, table.steps), feats)
    numbers = code_ranges(program, coder, image, bins, header.bits, None)
    filled, rolls = numbers > 0, roll_of(table.shift, table.steps, len(header.firings))
    if int(filled.sum()) != header.num_cells:
        raise CorruptStream(f"lattice: {int(filled.sum())} points in cells, the stream declares {header.num_cells}")
    if int(bins.halves(numbers).max(initial=0)) > 2 * table.max_index + 2:
        raise CorruptStream("lattice: a range beyond the sensor's reach")
    return Shown(program, image, bins.width, feats, filled, header.num_apart, rolls), numbers


def _coords(header: LatticeHeader, raw: Placed, coder: RansDecoder, frame: FrameHeader) -> np.ndarray:
    """Voxels (N, 3) int32 >= 0 of the points in cells, from where they were measured."""
    placed = raw.moved(header.motion)
    if header.corrections is not None:
        placed = placed.corrected(code_corrections(coder, placed.place, header.corrections, None))
    voxels = placed.voxels.astype(np.int64) - np.array(frame.grid.origin)
    if len(voxels) and (voxels.min() < 0 or int(voxels.max()) >> frame.depth):
        raise CorruptStream("lattice: a point outside of the frame's cube")
    return voxels.astype(np.int32)


def _bins(header: LatticeHeader) -> RangeBins:
    return RangeBins(header.sensor.range_units, header.group)
