"""The syntax of the preamble and of the frame header: what the fields are and how they are written and read.

Where these bytes lie in the file, and how they are checked, is the container's matter. ``docs/bitstream.md`` is the
normative description.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import numpy as np

from pcc.codec.dtypes import dtype_code, dtype_of
from pcc.codec.limits import Limits, within
from pcc.codec.wire import Reader, signed_varint, varint
from pcc.errors import CorruptStream
from pcc.geometry.grid import Axis, Grid
from pcc.ops.checksum import crc32c

MAGIC = b"\x89PCC\r\n\x1a\n"  # as PNG's: a high byte, a CR LF, an end of file and a LF show text-mode damage
VERSION = 1
PREAMBLE_BYTES = len(MAGIC) + 1 + 2 + 4
MAX_DEPTH = 21

INTRA = 0
TIMESTAMP, QUANTIZED, MERGED, ADAPTIVE, CALIBRATED, INFERRED, EXTENDED = 1, 2, 4, 8, 16, 32, 64
WIDE, RAW, EXACT, AXES = 1, 2, 4, 8  # flags of the extension
MAX_LOW_BITS = 43  # 64 bits of integers less the 21 of an octree

_FLAGS = TIMESTAMP | QUANTIZED | MERGED | ADAPTIVE | CALIBRATED | INFERRED | EXTENDED
_EXTENSIONS = WIDE | RAW | EXACT | AXES


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
        num_voxels: Distinct voxels of those that have one; at least 1 unless there are none.
        quantized: The positions were rounded to the grid; otherwise they are the input's, value for value.
        num_merged: Input points that are not in the frame because their voxel was taken; None if all were kept.
        timestamp_ns: Nanoseconds since 1970, or None.
        adaptive: Some levels of the octree were coded without the model (`pcc.codec.geometry`).
        calibrated: The model's logits were calibrated (`pcc.codec.geometry`).
        inferred: Not all of the octree is coded: voxels may differ from the input's (`pcc.codec.inferred`).
        num_low_bits: Of each position per axis, beside its voxel (`pcc.codec.low_bits`), 0..43.
        num_raw: Points without a voxel (`pcc.codec.raw_points`), of ``num_points``.
        exact: Positions are floats beside the grid (`pcc.codec.exact`).
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
    num_low_bits: int = 0
    num_raw: int = 0
    exact: bool = False

    @property
    def num_placed(self) -> int:
        """Points that have a voxel."""
        return self.num_points - self.num_raw

    @property
    def extensions(self) -> int:
        """Flags of the extension; 0: there is none."""
        found = WIDE * (self.num_low_bits > 0) | RAW * (self.num_raw > 0)
        return found | EXACT * self.exact | AXES * (self.grid.axes is not None)

    @property
    def voxel_size(self) -> float:
        """The edge of a voxel in the unit of the cloud (metres for sensors)."""
        return self.grid.step


def write_grid(grid: Grid) -> bytes:
    """dtype, numerator, denominator and origin; the digest of a frame covers these bytes, and those of the axes."""
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


def write_axes(grid: Grid) -> bytes:
    """Numerator, denominator, offset and precision of x, y and z; nothing where the grid has one scale for all."""
    return b"".join(struct.pack("<dddB", a.num, a.den, a.offset, a.single) for a in grid.axes or ())


def parse_axes(reader: Reader) -> tuple[Axis, Axis, Axis]:
    """Reads what ``write_axes`` wrote."""
    x, y, z = (_parse_axis(reader) for _ in range(3))
    return x, y, z


def _parse_axis(reader: Reader) -> Axis:
    num, den, offset, single = reader.f64(), reader.f64(), reader.f64(), reader.u8()
    if single > 1:
        raise CorruptStream(f"frame header: precision {single}; a newer pcc may know it")
    try:
        return Axis(num, den, offset, bool(single))
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
    if header.extensions:
        flags |= EXTENDED
        optional += _write_extension(header)
    counts = bytes([header.depth]) + varint(header.num_points) + varint(header.num_voxels)
    return bytes([INTRA, flags]) + write_grid(header.grid) + counts + optional


def _write_extension(header: FrameHeader) -> bytes:
    out = varint(header.extensions)
    out += bytes([header.num_low_bits]) if header.num_low_bits else b""
    out += varint(header.num_raw) if header.num_raw else b""
    return out + write_axes(header.grid)


def _parse_extension(reader: Reader, grid: Grid) -> tuple[int, int, bool, Grid]:
    """Low bits, raw points, whether positions are exact, and the grid with its axes."""
    flags = reader.varint()
    if not flags or flags & ~_EXTENSIONS:
        raise CorruptStream(f"frame header: extension {flags:#x}: the stream is newer than this pcc")
    low_bits = reader.u8() if flags & WIDE else 0
    num_raw = reader.varint() if flags & RAW else 0
    if bool(flags & WIDE) != (1 <= low_bits <= MAX_LOW_BITS) or bool(flags & RAW) != (num_raw > 0):
        raise CorruptStream(f"frame header: {low_bits} low bits, {num_raw} raw points")
    if flags & EXACT and grid.dtype.kind != "f":
        raise CorruptStream(f"frame header: exact positions of {grid.dtype}")
    try:
        return low_bits, num_raw, bool(flags & EXACT), replace(grid, axes=parse_axes(reader)) if flags & AXES else grid
    except ValueError as error:
        raise CorruptStream(f"frame header: {error}") from error


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
    num_low_bits, num_raw, exact = 0, 0, False
    if flags & EXTENDED:
        num_low_bits, num_raw, exact, grid = _parse_extension(reader, grid)
    reader.finish("frame header")
    if depth + num_low_bits > (64 if grid.is_integer else 53):
        raise CorruptStream(f"frame header: {depth} and {num_low_bits} bits per axis of positions of {grid.dtype}")
    within("points", num_points, limits.max_points)
    num_placed = num_points - num_raw
    if depth > MAX_DEPTH or not min(num_placed, 1) <= num_voxels <= min(num_placed, 1 << 3 * depth):
        raise CorruptStream(f"frame header: {num_voxels} voxels at depth {depth} for {num_placed} points")
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
        num_low_bits=num_low_bits,
        num_raw=num_raw,
        exact=exact,
    )
