"""The syntax of the lattice chunk before its entropy-coded payload (docs/bitstream.md, section 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.lattice.corrections import NUM_CLASSES
from pcc.codec.lattice.firings import parse_firings, write_firings
from pcc.codec.lattice.layout import Motion
from pcc.codec.wire import Reader, signed_varint, varint
from pcc.codec.work import Work
from pcc.errors import CorruptStream, InvalidSensor
from pcc.ops.lattice_map import MAX_LASERS
from pcc.ops.mixture import MAX_BITS
from pcc.ops.twist_map import MAX_COMPONENT, Twist
from pcc.sensors.known import find_table_by_digest
from pcc.sensors.scan import FILL_LEVELS, NOISE_LEVELS, RowStatistics
from pcc.sensors.table import DIGEST_BYTES, MAX_OFFSET, MAX_SLOPE, SensorTable
from pcc.sensors.turn import MAX_STEPS

MODEL_DIGEST_BYTES = 16
EMBEDDED, CORRECTED, MOVED, RAW_CORRECTED = 1, 2, 4, 8
_FLAGS = EMBEDDED | CORRECTED | MOVED | RAW_CORRECTED
MAX_GROUP = 1 << 16
_MOST_UNITS = 1 << 26  # what a mixture's bins may reach
_BYTE = np.dtype(np.uint8)


@dataclass(frozen=True, eq=False)
class LatticeHeader:
    """What a decoder reads before the cells.

    Attributes:
        model: digest of the program, 16 bytes.
        sensor: its table.
        embedded: whether the table is in the stream; else its digest is, and a decoder has to know it.
        firings: (C,) int32.
        statistics: of the rows.
        group: range indices in a bin; bits: of the bins' numbers.
        corrections: codes of probabilities (`pcc.codec.lattice.corrections`), or None: positions are the lattice's.
        num_cells: points in cells; num_apart: points that are not.
        motion: that the frame was corrected for, or None.
        raw_corrections: as ``corrections``, of positions before that, or None.
    """

    model: bytes
    sensor: SensorTable
    embedded: bool
    firings: np.ndarray
    statistics: RowStatistics
    group: int
    bits: int
    corrections: bytes | None
    num_cells: int
    num_apart: int
    motion: Motion | None
    raw_corrections: bytes | None


def write_lattice_header(header: LatticeHeader) -> bytes:
    """As docs/bitstream.md has it."""
    flags = EMBEDDED * header.embedded | CORRECTED * (header.corrections is not None)
    flags |= MOVED * (header.motion is not None) | RAW_CORRECTED * (header.raw_corrections is not None)
    out = bytes([flags]) + header.model
    out += write_table(header.sensor) if header.embedded else header.sensor.digest
    out += write_firings(header.firings)
    out += encode_column(header.statistics.noise) + encode_column(header.statistics.fill)
    out += varint(header.group) + bytes([header.bits])
    out += (header.corrections or b"") + (header.raw_corrections or b"")
    out += varint(header.num_cells) + varint(header.num_apart)
    return out if header.motion is None else out + write_motion(header.motion)


FindTable = Callable[[bytes], SensorTable | None]


def parse_lattice_header(
    reader: Reader, find_table: FindTable = find_table_by_digest, work: Work | None = None
) -> LatticeHeader:
    """Reads what ``write_lattice_header`` wrote.

    Args:
        find_table: the table of a digest, among those known and those of other frames of the stream.
        work: pays for columns and wraps.

    Raises:
        CorruptStream: it breaks a rule.
        InvalidSensor: the sensor is not known here.
        LimitExceeded: more than ``work`` pays for.
    """
    flags = reader.u8()
    if flags & ~_FLAGS or (flags & RAW_CORRECTED and not flags & MOVED):
        raise CorruptStream(f"lattice: flags {flags:#04x}: the stream is newer than this pcc")
    model = bytes(reader.take(MODEL_DIGEST_BYTES))
    sensor = parse_table(reader) if flags & EMBEDDED else _known(bytes(reader.take(DIGEST_BYTES)), find_table)
    lasers = sensor.num_lasers
    firings = parse_firings(reader, sensor.steps, work)
    noise, fill = decode_column(reader, _BYTE, lasers), decode_column(reader, _BYTE, lasers)
    if noise.max() >= NOISE_LEVELS or fill.max() >= FILL_LEVELS:
        raise CorruptStream("lattice: a row's statistics are out of range")
    group, bits = reader.varint(), reader.u8()
    if not 1 <= group <= MAX_GROUP or not 1 <= bits <= MAX_BITS or group * sensor.range_units << bits > _MOST_UNITS:
        raise CorruptStream(f"lattice: {bits} bits of groups of {group}, range step {sensor.range_step}")
    corrections = bytes(reader.take(NUM_CLASSES + 1)) if flags & CORRECTED else None
    raw_corrections = bytes(reader.take(NUM_CLASSES + 1)) if flags & RAW_CORRECTED else None
    num_cells, num_apart = reader.varint(), reader.varint()
    if not 1 <= num_cells <= lasers * len(firings):
        raise CorruptStream(f"lattice: {num_cells} points in {lasers * len(firings)} cells")
    if flags & MOVED and work is not None:
        work.memory(num_cells)
    motion = parse_motion(reader, num_cells) if flags & MOVED else None
    return LatticeHeader(
        model, sensor, bool(flags & EMBEDDED), firings, RowStatistics(noise, fill), group, bits, corrections, num_cells,
        num_apart, motion, raw_corrections,
    )  # fmt: skip


def embedded_table(payload: bytes | memoryview) -> SensorTable | None:
    """The table that a lattice chunk carries, if it does; raises as ``parse_lattice_header``."""
    reader = Reader(payload)
    embedded = reader.u8() & EMBEDDED
    reader.take(MODEL_DIGEST_BYTES)
    return parse_table(reader) if embedded else None


def _known(digest: bytes, find_table: FindTable) -> SensorTable:
    table = find_table(digest)
    if table is None:
        raise InvalidSensor(
            f"the stream needs the sensor {digest.hex()}, which is not known here "
            "(`pcc sensor list` lists what is; PCC_SENSOR_PATH adds folders)"
        )
    return table


def write_motion(motion: Motion) -> bytes:
    """The twist's six numbers, and the points that have a wrap."""
    out = b"".join(signed_varint(value) for value in (*motion.twist.velocity, *motion.twist.angular))
    rows = np.flatnonzero(motion.wrap)
    gaps = np.diff(rows, prepend=-1) - 1
    pairs = (varint(2 * int(gap) + (motion.wrap[row] > 0)) for gap, row in zip(gaps, rows, strict=True))
    return out + varint(len(rows)) + b"".join(pairs)


def parse_motion(reader: Reader, num_points: int) -> Motion:
    """Reads what ``write_motion`` wrote.

    Raises:
        CorruptStream: it breaks a rule.
    """
    numbers = [reader.signed_varint() for _ in range(6)]
    if max(map(abs, numbers)) > MAX_COMPONENT:
        raise CorruptStream("lattice: a motion is too large")
    wrap, row = np.zeros(num_points, np.int8), -1
    for _ in range(reader.varint()):
        gap = reader.varint()
        row += (gap >> 1) + 1
        if row >= num_points:
            raise CorruptStream("lattice: a wrap of a point that there is not")
        wrap[row] = 1 if gap & 1 else -1
    return Motion(Twist((numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5])), wrap)


def write_table(table: SensorTable) -> bytes:
    """Numbers, then slopes, offsets and shifts as differences from the laser before."""
    out = varint(table.steps) + varint(table.range_step) + bytes([table.radial]) + varint(table.num_lasers)
    for values in (table.slope, table.offset, table.shift[:, None].astype(np.int64)):
        out += b"".join(signed_varint(int(value)) for value in np.diff(values, axis=0, prepend=0).reshape(-1))
    return out


def parse_table(reader: Reader) -> SensorTable:
    """Reads what ``write_table`` wrote.

    Raises:
        CorruptStream: it is no valid table.
    """
    steps, range_step, radial, lasers = reader.varint(), reader.varint(), reader.u8(), reader.varint()
    if lasers > MAX_LASERS or max(steps, range_step) > MAX_STEPS or radial > 1:
        raise CorruptStream(f"sensor table: {lasers} lasers, {steps} steps, range step {range_step}, radial {radial}")
    arrays = [_parse_rows(reader, lasers, columns, most) for columns, most in _TABLE_COLUMNS]
    try:
        shift = arrays[2][:, 0].astype(np.int32)
        return SensorTable("embedded", steps, range_step, arrays[0], arrays[1], shift, bool(radial))
    except InvalidSensor as error:
        raise CorruptStream(f"sensor table: {error}") from error


_TABLE_COLUMNS = ((3, MAX_SLOPE), (3, MAX_OFFSET), (1, MAX_STEPS))


def _parse_rows(reader: Reader, lasers: int, columns: int, most: int) -> np.ndarray:
    rows = np.zeros((lasers, columns), np.int64)
    last = [0] * columns
    for laser in range(lasers):
        last = [value + reader.signed_varint() for value in last]
        if max(map(abs, last)) > most:
            raise CorruptStream("sensor table: a value is too large")
        rows[laser] = last
    return rows
