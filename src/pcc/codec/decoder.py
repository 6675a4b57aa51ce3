"""From a stream to clouds; the mirror of ``encoder``.

A stream is hostile: each chunk is checked (checksum, place, size against the limits) before its values take memory,
and the digest at the end of a frame is compared with what was decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pcc.codec.columns import decode_column
from pcc.codec.container import (
    DIGEST,
    EXACT,
    FIELD,
    FIELD_TAGS,
    FLOATS,
    GEOMETRY,
    HEADER,
    LATTICE,
    LOW_BITS,
    MULTIPLICITY,
    ORDER,
    RAW_POINTS,
    REFLECTANCE,
    Chunk,
    frame_chunks,
)
from pcc.codec.digest import DIGEST_BYTES, decoded_digest
from pcc.codec.exact import decode_exact
from pcc.codec.fields import decode_field
from pcc.codec.finite import all_finite
from pcc.codec.floats import MAX_FLOAT_VOXEL, decode_floats
from pcc.codec.geometry import parse_geometry_header
from pcc.codec.header import FrameHeader, parse_header
from pcc.codec.lattice.scan_order import scan_orders
from pcc.codec.limits import DEFAULT_LIMITS, Limits, within
from pcc.codec.low_bits import decode_low_bits
from pcc.codec.order import decode_order, decoded_order
from pcc.codec.raw_points import decode_raw_points
from pcc.codec.session import Session
from pcc.codec.wire import Reader
from pcc.codec.work import (
    EXACT_BYTES,
    FIELD_COST,
    FLOAT_BYTES,
    LOOKS,
    LOW_BYTES,
    ORDER_BYTES,
    RAW_COST,
    Work,
    position_bytes,
)
from pcc.errors import CorruptStream, ModelMismatch
from pcc.geometry.voxels import point_indices, point_values
from pcc.ops import morton
from pcc.ops.twist_map import FIXED_BITS
from pcc.pointcloud import PointCloud

if TYPE_CHECKING:
    from pcc.codec.lattice.decode import Decoded
    from pcc.inference.registry import Model


def decode(data: bytes | memoryview, *, limits: Limits = DEFAULT_LIMITS, model: Model | None = None) -> PointCloud:
    """The cloud in a stream of one frame, points in Morton order, or in the input's where that was kept.

    Args:
        data: A whole stream.
        limits: How much the frame may take.
        model: Decode with this program; None finds the one that the stream names among those installed.

    Raises:
        CorruptStream: not a pcc stream, truncated, damaged, or of a newer version.
        LimitExceeded: larger than ``limits``.
        ModelMismatch: the model is not installed, or is not ``model``; names the digest that the stream asks for.
        InvalidSensor: the stream needs a sensor's table that is neither known here nor in the stream.
        ValueError: the stream has several frames.
    """
    session = Session(data, limits)
    if len(session.spans) > 1:
        raise ValueError(f"data: expected one frame, got {len(session.spans)}; use pcc.decode_frames")
    if not session.spans:
        raise CorruptStream("truncated: the stream has no frame")
    return decode_frame(data, session.spans[0], model=model, session=session)


def decode_frames(
    data: bytes | memoryview, *, limits: Limits = DEFAULT_LIMITS, model: Model | None = None
) -> Iterator[PointCloud]:
    """The clouds of a stream of any number of frames, one by one; raises as ``decode`` does."""
    session = Session(data, limits)
    for span in session.spans:
        yield decode_frame(data, span, model=model, session=session)


def decode_frame(
    data: bytes | memoryview, span: tuple[int, int], *, limits: Limits = DEFAULT_LIMITS, model: Model | None = None,
    session: Session | None = None,
) -> PointCloud:  # fmt: skip
    """The cloud of the frame at bytes ``span`` (see ``container.frame_spans``); raises as ``decode`` does.

    Args:
        session: of the file, whose limits hold; None: this frame is the only one that is decoded of it.
    """
    session = session or Session(data, limits)
    limits, work = session.limits, session.work_on(span)
    chunks = frame_chunks(data, span)
    header = parse_header(next(chunks).payload, limits)
    by_tag: dict[bytes, list[Chunk]] = {tag: [] for tag in _TAGS}
    for chunk in chunks:
        by_tag[FIELD if chunk.tag in FIELD_TAGS else chunk.tag].append(chunk)
        within("fields", len(by_tag[FIELD]), limits.max_fields)
    _check_extensions(by_tag, header)
    work.memory(_bytes_beside_fields(header, by_tag))
    lattice = _decode_lattice(session, work, by_tag, header, model) if by_tag[LATTICE] else None
    if lattice is not None:
        codes, counts = lattice.ordered.codes, lattice.ordered.counts
    else:
        codes = _decode_geometry(session, work, by_tag[GEOMETRY], header, model)
        counts = _decode_counts(by_tag[MULTIPLICITY], header)
    floats = _decode_floats(by_tag[FLOATS], header, codes, counts, lattice)
    xyz = _positions(by_tag, header, codes, counts) if floats is None else floats
    if floats is None and not _finite(header, codes, xyz):
        raise CorruptStream(f"a position is beyond the finite {header.grid.dtype}")
    if header.num_raw:
        raw = decode_raw_points(by_tag[RAW_POINTS][0].payload, header.num_raw, header.grid.dtype)
        xyz, lattice = np.concatenate([xyz, raw]), None if lattice is None else lattice.with_raw(header.num_raw)
    fields = _decode_fields(by_tag[FIELD], header, limits, lattice, work)
    order = _decode_order(by_tag[ORDER], header, lattice)
    digest = bytes(by_tag[DIGEST][0].payload)
    positions = xyz if header.extensions else None
    if len(digest) != DIGEST_BYTES or digest != decoded_digest(
        header.grid, codes, counts, fields, floats=floats, order=order, positions=positions
    ):
        raise CorruptStream("digest mismatch: the decoded values are not those that were encoded")
    if order is not None:
        xyz, fields = xyz[order], {name: values[order] for name, values in fields.items()}
    return PointCloud(xyz, fields)


_TAGS = (HEADER, GEOMETRY, LATTICE, MULTIPLICITY, LOW_BITS, FLOATS, EXACT, RAW_POINTS, FIELD, ORDER, DIGEST)


def _check_extensions(by_tag: Mapping[bytes, Sequence[Chunk]], header: FrameHeader) -> None:
    """The chunks that the header announces are there, and no others of them."""
    for tag, there in ((LOW_BITS, header.num_low_bits), (EXACT, header.exact), (RAW_POINTS, header.num_raw)):
        if bool(there) != bool(by_tag[tag]):
            raise CorruptStream(f"chunk {tag.decode()!r}: the frame header says {there}, {len(by_tag[tag])} found")
    if by_tag[LOW_BITS] and (by_tag[LATTICE] or not header.num_placed):
        raise CorruptStream("low bits of positions that have none")
    if by_tag[EXACT] and (by_tag[FLOATS] or not header.num_placed):
        raise CorruptStream("exact positions beside others, or of no points")


def _positions(
    by_tag: Mapping[bytes, Sequence[Chunk]], header: FrameHeader, codes: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """(N, 3) positions of the points that have a voxel."""
    bits, low = header.num_low_bits, None
    if bits:
        low = decode_low_bits(by_tag[LOW_BITS][0].payload, header.num_placed, bits)
    if not header.exact:
        return point_values(codes, counts, header.grid, low, bits)
    index = point_indices(codes, counts, header.grid, low, bits)
    return decode_exact(by_tag[EXACT][0].payload, index, header.grid.each_axis, header.grid.dtype)


def _finite(header: FrameHeader, codes: np.ndarray, xyz: np.ndarray) -> bool:
    if header.extensions:
        return header.grid.dtype.kind != "f" or bool(np.isfinite(xyz).all())
    return all_finite(codes, header.grid, header.depth)


def _bytes_beside_fields(header: FrameHeader, by_tag: Mapping[bytes, Sequence[Chunk]]) -> int:
    """What is decoded of a frame, fields left out, takes at most about so many bytes."""
    of_points = FLOAT_BYTES * len(by_tag[FLOATS]) + ORDER_BYTES * len(by_tag[ORDER])
    of_points += EXACT_BYTES * header.exact + LOW_BYTES * (header.num_low_bits > 0)
    itemsize = header.grid.dtype.itemsize
    raw = RAW_COST * 3 * itemsize * header.num_raw
    return position_bytes(header.num_points, header.num_voxels, itemsize) + of_points * header.num_points + raw


def _decode_floats(
    chunks: Sequence[Chunk], header: FrameHeader, codes: np.ndarray, counts: np.ndarray, lattice: Decoded | None
) -> np.ndarray | None:
    """(N, 3) float32 of a frame that has them beside its voxels."""
    if not chunks:
        return None
    if header.grid.dtype != np.float32 or not header.num_placed or header.num_low_bits:
        raise CorruptStream(f"floats beside {header.num_placed} positions of {header.grid.dtype}")
    if lattice is not None:
        voxels = lattice.listed.voxels
    else:
        voxels = np.repeat(morton.decode(codes), counts, axis=0) + np.array(header.grid.origin, np.int64)
    if np.abs(voxels).max() > MAX_FLOAT_VOXEL:
        raise CorruptStream("floats beside voxels too far away")
    fixed = voxels << FIXED_BITS if lattice is None else lattice.listed.fixed()[lattice.ordered.order]
    return decode_floats(chunks[0].payload, fixed)


def _decode_order(chunks: Sequence[Chunk], header: FrameHeader, lattice: Decoded | None) -> np.ndarray | None:
    """(N,) int64, the decoded row of each point, where an order is coded."""
    if not chunks:
        return None
    bases = [decoded_order(header.num_points)]
    if lattice is not None:
        bases += scan_orders(lattice.shown.filled, lattice.shown.rolls, lattice.ordered.order)
    return decode_order(chunks[0].payload, header.num_points, bases)


def _decode_geometry(
    session: Session, work: Work, chunks: Sequence[Chunk], header: FrameHeader, model: Model | None
) -> np.ndarray:
    """(V,) uint64 Morton codes. A frame of at most one voxel has no geometry: its voxel is the origin."""
    if (header.num_voxels > 1) != bool(chunks):
        raise CorruptStream(f"{header.num_voxels} voxels and {len(chunks)} geometry chunks")
    if not chunks:
        return np.zeros(header.num_voxels, np.uint64)
    from pcc.codec.octree import decode_octree
    from pcc.inference.program import Program

    reader = Reader(chunks[0].payload)
    how = parse_geometry_header(reader, header.depth, header.adaptive, header.calibrated, header.inferred)
    program = None if how.digest is None else _find(session, how.digest, model)
    if not isinstance(program, Program | None):
        raise CorruptStream(f"geometry: the model {program.digest.hex()} is of another kind")
    if how.inferred is not None and (program is None or program.lossy_scale is None):
        raise CorruptStream("geometry: the model codes whole levels only")
    data = bytes(reader.rest())
    codes = decode_octree(
        data, header.depth, header.num_voxels, program, how.level_offset, how.adaptive, how.calibrations, how.inferred,
        work,
    )  # fmt: skip
    if len(codes) != header.num_voxels:
        raise CorruptStream(f"geometry: expected {header.num_voxels} voxels, got {len(codes)}")
    return codes


def _find(session: Session, digest: bytes, model: Model | None) -> Model:
    if model is None:
        return session.find_model(digest)
    if model.digest != digest:
        raise ModelMismatch(f"the stream needs the model {digest.hex()}, not {model.name} ({model.digest.hex()})")
    return model


def _decode_counts(chunks: Sequence[Chunk], header: FrameHeader) -> np.ndarray:
    """(V,) int64 points a voxel."""
    if (header.num_placed > header.num_voxels) != bool(chunks):
        raise CorruptStream(
            f"{header.num_placed} points, {header.num_voxels} voxels, {len(chunks)} multiplicity chunks"
        )
    if not chunks:
        return np.broadcast_to(np.int64(1), header.num_voxels)
    reader = Reader(chunks[0].payload)
    counts = decode_column(reader, np.dtype(np.uint32), header.num_voxels).astype(np.int64) + 1
    reader.finish("multiplicities")
    if counts.sum() != header.num_placed:
        raise CorruptStream(f"multiplicities: expected {header.num_placed} points, got {counts.sum()}")
    return counts


def _of_an_octree(header: FrameHeader) -> bool:
    return header.num_voxels < 2 or header.adaptive or header.calibrated or header.inferred


def _decode_lattice(
    session: Session, work: Work, by_tag: Mapping[bytes, Sequence[Chunk]], header: FrameHeader, model: Model | None
) -> Decoded:
    from pcc.codec.lattice.decode import decode_lattice
    from pcc.inference.lattice_program import LatticeProgram

    if by_tag[GEOMETRY] or by_tag[MULTIPLICITY] or _of_an_octree(header):
        raise CorruptStream(f"a lattice chunk beside an octree's, or for {header.num_voxels} voxels")

    def find(digest: bytes) -> LatticeProgram:
        program = _find(session, digest, model)
        if not isinstance(program, LatticeProgram):
            raise CorruptStream(f"lattice: the model {digest.hex()} is of another kind")
        return program

    return decode_lattice(by_tag[LATTICE][0].payload, header, find, session.limits, session.find_table, work)


def _decode_fields(
    chunks: Sequence[Chunk], header: FrameHeader, limits: Limits, lattice: Decoded | None, work: Work
) -> dict[str, np.ndarray]:
    fields: dict[str, np.ndarray] = {}
    bytes_left = limits.max_field_bytes
    for chunk in chunks:
        if chunk.tag == FIELD:
            name, values = decode_field(chunk.payload, header.num_points, bytes_left, work)
        else:
            name, values = _decode_in_lattice(chunk, lattice, bytes_left, work)
        if name in fields:
            raise CorruptStream(f"field {name!r} comes twice")
        fields[name] = values
        bytes_left -= values.nbytes
    return fields


def _decode_in_lattice(chunk: Chunk, lattice: Decoded | None, max_bytes: int, work: Work) -> tuple[str, np.ndarray]:
    """Name and values (N,) of a field that the lattice helps to code."""
    from pcc.codec.lattice.derived import parse_derived
    from pcc.codec.lattice.reflectance import parse_reflectance

    if lattice is None:
        raise CorruptStream(f"chunk {chunk.tag.decode()!r} without a lattice")
    work.columns(1)
    work.memory(FIELD_COST * within("bytes of fields", 8 * len(lattice.ordered.order), max_bytes))
    if chunk.tag == REFLECTANCE:
        work.cells(len(lattice.listed.raw) + lattice.shown.filled.size // LOOKS)
        name, values = parse_reflectance(chunk.payload, lattice.shown)
    else:
        name, values = parse_derived(chunk.payload, lattice.cells)
    return name, values[lattice.ordered.order]
