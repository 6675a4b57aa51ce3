"""The syntax of the preamble and of the frame header: what the fields are and how they are written and read.

Where these bytes lie in the file, and how they are checked, is the container's matter. ``docs/bitstream.md`` is the
normative description.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from pcc.codec.dtypes import dtype_code, dtype_of
from pcc.codec.limits import Limits, within
from pcc.codec.wire import Reader, signed_varint, varint
from pcc.errors import CorruptStream
from pcc.geometry.voxels import Grid
from pcc.ops.checksum import crc32c

MAGIC = b"\x89PCC\r\n\x1a\n"  # as PNG's: a high byte, a CR LF, an end of file and a LF show text-mode damage
VERSION = 1
PREAMBLE_BYTES = len(MAGIC) + 1 + 2 + 4
MAX_DEPTH = 21

INTRA = 0
TIMESTAMP, QUANTIZED, MERGED, ADAPTIVE, CALIBRATED, INFERRED = 1, 2, 4, 8, 16, 32

_FLAGS = TIMESTAMP | QUANTIZED | MERGED | ADAPTIVE | CALIBRATED | INFERRED


def write_preamble() -> bytes:
    """The first bytes of every stream: magic, version, required features (none yet), CRC-32C."""
    head = MAGIC + bytes([VERSION]) + bytes(2)
    return head + crc32c(head).to_bytes(4, "little")


def parse_preamble(data: bytes | memoryview) -> None:
    """Checks that ``data`` begins as a stream that this version can read.

    Raises:
        CorruptStream: it is not a pcc stream, is damaged, or is of a newer version (the message says which).
    """
    reader = Reader(data)
    if bytes(reader.data[: len(MAGIC)]) != MAGIC:
        raise CorruptStream("not a pcc stream: the first 8 bytes differ")
    reader.take(len(MAGIC))
    version, features = reader.u8(), reader.u16()
    if version != VERSION:
        raise CorruptStream(f"format version {version}: this pcc reads version {VERSION}; a newer pcc is needed")
    if crc32c(bytes(reader.data[: reader.position])) != reader.u32():
        raise CorruptStream("preamble: checksum mismatch")
    if features:
        raise CorruptStream(f"required features {features:#06x} are unknown: the stream is newer than this pcc")


@dataclass(frozen=True)
class FrameHeader:
    """What a decoder knows of a frame before its first chunk.

    Attributes:
        grid: From voxel indices to values: (k + origin) * num / den in float64, cast to the dtype.
        depth: Bits an axis of the voxel indices, 0..21.
        num_points: Points of the decoded frame.
        num_voxels: Distinct positions among them; 1..num_points, or 0 when there are no points.
        quantized: The positions were rounded to the grid; otherwise they are the input's, value for value.
        num_merged: Input points that are not in the frame because their voxel was taken; None if all were kept.
        timestamp_ns: Nanoseconds since 1970, or None.
        adaptive: Some levels of the octree were coded without the model (`pcc.codec.geometry`).
        calibrated: The model's logits were calibrated (`pcc.codec.geometry`).
        inferred: Not all of the octree is coded: voxels may differ from the input's (`pcc.codec.inferred`).
    """

    grid: Grid
    depth: int
    num_points: int
    num_voxels: int
    quantized: bool = False
    num_merged: int | None = None
    timestamp_ns: int | None = None
    adaptive: bool = False
    calibrated: bool = False
    inferred: bool = False

    @property
    def voxel_size(self) -> float:
        """The edge of a voxel in the unit of the cloud (metres for sensors)."""
        return self.grid.step


def write_grid(grid: Grid) -> bytes:
    """dtype, numerator, denominator and origin; the digest of a frame covers these bytes too."""
    numbers = struct.pack("<Bdd", dtype_code(np.dtype(grid.dtype), "xyz"), grid.num, grid.den)
    return numbers + b"".join(signed_varint(int(axis)) for axis in grid.origin)


def parse_grid(reader: Reader) -> Grid:
    """Reads what ``write_grid`` wrote."""
    dtype, num, den = dtype_of(reader.u8()), reader.f64(), reader.f64()
    origin = (reader.signed_varint(), reader.signed_varint(), reader.signed_varint())
    try:
        return Grid(num=num, den=den, origin=origin, dtype=dtype)
    except ValueError as error:
        raise CorruptStream(f"frame header: {error}") from error


def write_header(header: FrameHeader) -> bytes:
    """The payload of the chunk that begins a frame."""
    flags = QUANTIZED * header.quantized | ADAPTIVE * header.adaptive | CALIBRATED * header.calibrated
    flags |= INFERRED * header.inferred
    optional = b""
    if header.num_merged is not None:
        flags |= MERGED
        optional += varint(header.num_merged)
    if header.timestamp_ns is not None:
        flags |= TIMESTAMP
        optional += signed_varint(header.timestamp_ns)
    counts = bytes([header.depth]) + varint(header.num_points) + varint(header.num_voxels)
    return bytes([INTRA, flags]) + write_grid(header.grid) + counts + optional


def parse_header(payload: bytes | memoryview, limits: Limits) -> FrameHeader:
    """Reads what ``write_header`` wrote.

    Raises:
        CorruptStream: a value is out of range, or of a newer version.
        LimitExceeded: more points than ``limits`` allow.
    """
    reader = Reader(payload)
    kind, flags = reader.u8(), reader.u8()
    if kind != INTRA or flags & ~_FLAGS:
        raise CorruptStream(f"frame type {kind}, flags {flags:#04x}: the stream is newer than this pcc")
    if flags & INFERRED and not flags & QUANTIZED:
        raise CorruptStream("frame header: inferred levels of positions that are the input's")
    grid, depth = parse_grid(reader), reader.u8()
    num_points, num_voxels = reader.varint(), reader.varint()
    num_merged = reader.varint() if flags & MERGED else None
    timestamp_ns = reader.signed_varint() if flags & TIMESTAMP else None
    reader.finish("frame header")
    within("points", num_points, limits.max_points)
    if depth > MAX_DEPTH or not min(num_points, 1) <= num_voxels <= min(num_points, 1 << 3 * depth):
        raise CorruptStream(f"frame header: {num_voxels} voxels at depth {depth} for {num_points} points")
    if flags & (ADAPTIVE | CALIBRATED | INFERRED) and num_voxels < 2:
        raise CorruptStream(f"frame header: flags {flags:#04x} of an octree, which {num_voxels} voxels do not need")
    return FrameHeader(
        grid,
        depth,
        num_points,
        num_voxels,
        bool(flags & QUANTIZED),
        num_merged,
        timestamp_ns,
        adaptive=bool(flags & ADAPTIVE),
        calibrated=bool(flags & CALIBRATED),
        inferred=bool(flags & INFERRED),
    )
