"""Positions of a frame, coded: in an octree here, or in a sensor's lattice; and what the chunks after them need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pcc.codec import container
from pcc.codec.choice import ADAPTIVE, choose, choose_offset
from pcc.codec.columns import encode_column
from pcc.codec.exact import encode_exact
from pcc.codec.fallback import all_levels
from pcc.codec.geometry import GeometryHeader, write_geometry_header
from pcc.codec.low_bits import encode_low_bits
from pcc.geometry.grid import Grid
from pcc.geometry.voxels import Voxels, point_indices, point_values
from pcc.inference.program import Program
from pcc.ops import morton
from pcc.ops.nearest import nearest

if TYPE_CHECKING:
    from pcc.codec.lattice.encode import LatticeFrame
    from pcc.codec.operating_points import Coded
    from pcc.inference.registry import Model


@dataclass(frozen=True, eq=False)
class Positions:
    """Coded positions.

    Attributes:
        chunks: tags and payloads.
        grid, depth, codes, counts: of the decoded voxels.
        rows: (N,) input rows of the decoded points; the last ``num_raw`` have no voxel.
        low, num_low_bits: (N - num_raw, 3) uint64 lower bits of the points, or None and 0 (`pcc.geometry.voxels`).
        adaptive, calibrated: flags of the frame header.
        num_merged: points left out because their voxel was taken, or None.
        lattice: the frame in its sensor's lattice, or None.
        inferred: not all of the octree is coded; ``rows`` are of points near the decoded ones.
        floats: decoded positions are the input's bit for bit, whatever the grid gives (chunk F or E).
    """

    chunks: list[tuple[bytes, bytes]]
    grid: Grid
    depth: int
    codes: np.ndarray
    counts: np.ndarray
    rows: np.ndarray
    low: np.ndarray | None = None
    num_low_bits: int = 0
    adaptive: bool = False
    calibrated: bool = False
    num_merged: int | None = None
    lattice: LatticeFrame | None = None
    inferred: bool = False
    num_raw: int = 0
    floats: bool = False

    @property
    def num_bytes(self) -> int:
        """Of the chunks."""
        return sum(container.chunk_bytes(len(payload)) for _, payload in self.chunks)

    @property
    def num_placed(self) -> int:
        """Points that have a voxel."""
        return len(self.rows) - self.num_raw

    def values(self) -> np.ndarray:
        """(N - num_raw, 3) what the grid gives for the points that have a voxel."""
        return point_values(self.codes, self.counts, self.grid, self.low, self.num_low_bits)

    def leaves(self) -> np.ndarray:
        """(M,) uint64 ascending codes of the distinct places on the grid, at most 2^21 per axis."""
        if self.low is None:
            return self.codes
        start = self.grid.moved((0, 0, 0))
        index = point_indices(self.codes, self.counts, start, self.low, self.num_low_bits)
        return np.unique(morton.encode(index.astype(np.int32)))

    def beside(self, rows: np.ndarray, raw_rows: np.ndarray) -> Positions:
        """These positions as those of a larger input.

        Args:
            rows: (M,) rows of that input which this one consisted of.
            raw_rows: (R,) rows that have no voxel; they come last.
        """
        num_raw = self.num_raw + len(raw_rows)
        lattice = self.lattice
        if lattice is not None and len(raw_rows):
            lattice = lattice.with_raw(len(raw_rows))
        return replace(self, rows=np.concatenate([rows[self.rows], raw_rows]), num_raw=num_raw, lattice=lattice)

    def with_floats(self, values: np.ndarray, dtype: np.dtype) -> Positions:
        """With what the grid does not give of the input's positions.

        Args:
            values: (M, 3) those of the input, in the coarsest dtype that holds them; none of them raw.
            dtype: of the input's.
        """
        if not len(self.rows):
            return self
        index = point_indices(self.codes, self.counts, self.grid, self.low, self.num_low_bits)
        payload = encode_exact(values[self.rows], index, self.grid.each_axis, dtype)
        if payload is None:
            return self
        return replace(self, chunks=[*self.chunks, (container.EXACT, payload)], floats=True)


def lattice_positions(frame: LatticeFrame) -> Positions:
    """Those of a frame in its sensor's lattice."""
    ordered = frame.ordered
    chunks = [(container.LATTICE, frame.payload)]
    rows = frame.rows[ordered.order]
    return Positions(
        chunks, frame.grid, frame.depth, ordered.codes, ordered.counts, rows,
        num_merged=frame.num_merged, lattice=frame,
    )  # fmt: skip


def octree_positions(voxels: Voxels, model: Program | str, fallback: bool, merge: bool) -> Positions:
    """Those of voxels in an octree.

    Args:
        model: a program, ``auto``, or ``adaptive``.
        fallback: code levels that the model predicts badly without it.
        merge: one point per voxel, the first; not together with lower bits.
    """
    num_merged = None
    if merge:
        merged = _one_each(voxels)
        voxels, num_merged = merged, len(voxels.order) - len(merged.order)
    chunks, header = [], None
    if len(voxels) > 1:
        header, depth, octree = _geometry(voxels, model, fallback)
        chunks.append((container.GEOMETRY, write_geometry_header(header) + octree))
        voxels = voxels.coarser(voxels.depth - depth)
    if len(voxels.order) > len(voxels):
        chunks.append((container.MULTIPLICITY, encode_column((voxels.counts - 1).astype(np.uint32))))
    if voxels.low is not None:
        chunks.append((container.LOW_BITS, encode_low_bits(voxels.low, voxels.num_low_bits)))
    return Positions(
        chunks, voxels.grid, voxels.depth, voxels.codes, voxels.counts, voxels.order, voxels.low, voxels.num_low_bits,
        adaptive=header is not None and header.adaptive > 0,
        calibrated=header is not None and len(header.calibrations) > 0,
        num_merged=num_merged,
    )  # fmt: skip


def inferred_positions(voxels: Voxels, coded: Coded) -> Positions:
    """Those of voxels of which about as many come out, most where they were."""
    codes = coded.octree.codes
    firsts = np.cumsum(voxels.counts) - voxels.counts
    rows = voxels.order[firsts[nearest(codes, voxels.codes)[0]]]
    counts = np.broadcast_to(np.int64(1), len(codes))
    chunks = [(container.GEOMETRY, coded.payload)]
    return Positions(chunks, voxels.grid, voxels.depth, codes, counts, rows, inferred=True)


def _one_each(voxels: Voxels) -> Voxels:
    """The voxels with one point each, the first in the order of the input."""
    firsts = np.cumsum(voxels.counts) - voxels.counts
    return replace(voxels, order=voxels.order[firsts], counts=np.broadcast_to(np.int64(1), len(voxels)))


def _geometry(voxels: Voxels, model: Model | str, fallback: bool) -> tuple[GeometryHeader, int, bytes]:
    """Who codes which level, how many there are, and the coded octree."""
    from pcc.codec.octree import encode_cheapest, encode_octree

    codes, depth, program, offset = voxels.codes, voxels.depth, None, 0
    if isinstance(model, Program):
        program, offset = model, choose_offset(voxels, model)
    elif model != ADAPTIVE:
        program, offset = choose(voxels)
    if program is not None and not fallback:
        return GeometryHeader(program.digest, offset), depth, encode_octree(codes, depth, program, offset)
    found = encode_cheapest(codes, depth, program, offset, may_end=True)
    if program is None or found.mask == all_levels(found.depth):
        return GeometryHeader(None, 0, found.mask), found.depth, found.data
    offset += depth - found.depth  # levels keep their scales
    return GeometryHeader(program.digest, offset, found.mask, found.calibrations), found.depth, found.data
