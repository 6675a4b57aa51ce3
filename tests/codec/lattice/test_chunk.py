"""parse(write(header)) = header; every rule that a header may break is a CorruptStream."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from pcc.codec.lattice.chunk import (
    LatticeHeader,
    embedded_table,
    parse_lattice_header,
    parse_motion,
    parse_table,
    write_lattice_header,
    write_motion,
    write_table,
)
from pcc.codec.lattice.corrections import NUM_CLASSES
from pcc.codec.lattice.layout import Motion
from pcc.codec.wire import Reader, signed_varint, varint
from pcc.errors import CorruptStream, InvalidSensor, PccError
from pcc.ops.twist_map import MAX_COMPONENT, Twist
from pcc.sensors.known import find_table
from pcc.sensors.scan import RowStatistics
from pcc.sensors.table import MAX_OFFSET, MAX_SLOPE, SensorTable
from tests.sensors.tables import small_table

CODES = bytes(range(NUM_CLASSES + 1))


def header_of(table, **changes):
    rng = np.random.default_rng(3)
    lasers = table.num_lasers
    statistics = RowStatistics(
        rng.integers(0, 64, lasers).astype(np.uint8), rng.integers(0, 16, lasers).astype(np.uint8)
    )
    header = LatticeHeader(
        bytes(range(16)),
        table,
        True,
        np.arange(0, 900, 10, dtype=np.int32),
        statistics,
        1,
        16,
        None,
        1000,
        3,
        None,
        None,
    )
    return replace(header, **changes)


def motion_of(num_points, rows=()):
    wrap = np.zeros(num_points, np.int8)
    wrap[list(rows)] = [1 if row % 2 else -1 for row in rows]
    return Motion(Twist((-5, 0, MAX_COMPONENT), (1, -MAX_COMPONENT, 12_345)), wrap)


def assert_same_table(a, b):
    assert a.digest == b.digest
    for name in ("slope", "offset", "shift"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"corrections": CODES},
        {"raw_corrections": CODES[::-1], "motion": motion_of(1000)},
        {"corrections": CODES, "raw_corrections": CODES[::-1], "motion": motion_of(1000, (0, 1, 7, 999))},
        {"motion": motion_of(1000)},
        {"group": 1 << 10, "bits": 10, "num_cells": 1, "num_apart": 1 << 40},
        {"firings": np.array([899], np.int32), "num_cells": 16},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_round_trip(changes):
    header = header_of(small_table(), **changes)
    reader = Reader(write_lattice_header(header) + b"rest")
    found = parse_lattice_header(reader)
    assert bytes(reader.rest()) == b"rest"
    assert_same_table(found.sensor, header.sensor)
    np.testing.assert_array_equal(found.firings, header.firings)
    np.testing.assert_array_equal(found.statistics.noise, header.statistics.noise)
    np.testing.assert_array_equal(found.statistics.fill, header.statistics.fill)
    plain = {f.name for f in fields(LatticeHeader)} - {"sensor", "firings", "statistics", "motion"}
    assert {name: getattr(found, name) for name in plain} == {name: getattr(header, name) for name in plain}
    assert (found.motion is None) == (header.motion is None)
    if header.motion is not None:
        assert found.motion.twist == header.motion.twist
        np.testing.assert_array_equal(found.motion.wrap, header.motion.wrap)
        assert found.motion.wrap.dtype == np.int8


def test_tables_by_digest(monkeypatch, tmp_path):
    """A known sensor's is 16 bytes; an unknown one has a name in the message; the caller may know more."""
    table = small_table()
    known = header_of(find_table("hdl64e-kitti"), embedded=False)
    assert parse_lattice_header(Reader(write_lattice_header(known))).sensor.name == "hdl64e-kitti"
    data = write_lattice_header(header_of(table, embedded=False))
    with pytest.raises(InvalidSensor, match=table.digest.hex()):
        parse_lattice_header(Reader(data))
    found = parse_lattice_header(Reader(data), {table.digest: table}.get)
    assert found.sensor is table
    assert not found.embedded
    assert embedded_table(data) is None
    assert_same_table(embedded_table(write_lattice_header(header_of(table))), table)


@pytest.mark.parametrize(
    "changes",
    [
        {"group": 0},
        {"group": (1 << 16) + 1},
        {"bits": 0},
        {"bits": 21},
        {"group": 1 << 16, "bits": 7},
        {"sensor": replace(small_table(), range_step=1023), "bits": 15},
        {"num_cells": 16 * 90 + 1},
        {"num_cells": 0},
        {"raw_corrections": CODES},
        {"num_cells": 1 << 60},
        {"statistics": RowStatistics(np.full(16, 64, np.uint8), np.zeros(16, np.uint8))},
        {"statistics": RowStatistics(np.zeros(16, np.uint8), np.full(16, 16, np.uint8))},
        {"motion": motion_of(1001, (1000,))},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_rules(changes):
    """Groups and bits whose bins no mixture takes among them."""
    with pytest.raises(CorruptStream, match="lattice: "):
        parse_lattice_header(Reader(write_lattice_header(header_of(small_table(), **changes))))


def test_the_most_that_bins_may_reach():
    """bits of groups of range steps below 2^26 units: 15 bits of 2 mm in groups of 64."""
    table = small_table()
    assert table.range_step == 8
    parse_lattice_header(Reader(write_lattice_header(header_of(table, group=64, bits=15))))
    with pytest.raises(CorruptStream, match="16 bits of groups of 64, range step 8"):
        parse_lattice_header(Reader(write_lattice_header(header_of(table, group=64, bits=16))))


@pytest.mark.parametrize("flags", [16, 32, 128, 255])
def test_flags_of_a_newer_pcc(flags):
    data = bytearray(write_lattice_header(header_of(small_table())))
    data[0] |= flags
    with pytest.raises(CorruptStream, match="newer than this pcc"):
        parse_lattice_header(Reader(bytes(data)))


def test_every_cut():
    header = header_of(small_table(4), corrections=CODES, raw_corrections=CODES, motion=motion_of(1000, (3, 500)))
    header = replace(header, num_cells=300, motion=motion_of(300, (3, 299)))
    data = write_lattice_header(header)
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            parse_lattice_header(Reader(data[:size]))


def test_damaged_bytes(rng):
    """A header that keeps the rules, or an error of ours."""
    data = write_lattice_header(
        header_of(small_table(4), corrections=CODES, num_cells=300, motion=motion_of(300, (9,)))
    )
    for _ in range(600):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        try:
            header = parse_lattice_header(Reader(bytes(damaged)))
        except PccError:
            continue
        assert 4 * header.group * header.sensor.range_step << header.bits <= 1 << 26
        assert header.num_cells <= header.sensor.num_lasers * len(header.firings)


@pytest.mark.parametrize(
    "table",
    [small_table(), small_table(1), small_table(256), replace(small_table(9), radial=True), find_table("hdl64e-kitti")],
    ids=lambda t: str(t.num_lasers),
)
def test_tables(table):
    reader = Reader(write_table(table))
    found = parse_table(reader)
    assert_same_table(found, table)
    assert found.radial == table.radial
    assert not reader.remaining


def numbers_of(steps, range_step, lasers, *values, radial=0):
    return varint(steps) + varint(range_step) + bytes([radial]) + varint(lasers) + b"".join(map(signed_varint, values))


ONE = 1 << 24, 0, 0, 0, 0, 0, 0


@pytest.mark.parametrize(
    "data",
    [
        numbers_of(900, 8, 0),
        numbers_of(900, 8, 257),
        numbers_of(900, 8, 1 << 60),
        numbers_of(0, 8, 1, *ONE),
        numbers_of(1 << 21, 8, 1, *ONE),
        numbers_of(900, 0, 1, *ONE),
        numbers_of(900, 1024, 1, *ONE),
        numbers_of(900, 8, 1, 0, 0, 0, 0, 0, 0, 0),
        numbers_of(900, 8, 1, MAX_SLOPE + 1, 0, 0, 0, 0, 0, 0),
        numbers_of(900, 8, 1, -(1 << 63), 0, 0, 0, 0, 0, 0),
        numbers_of(900, 8, 1, 1 << 24, 0, 0, MAX_OFFSET + 1, 0, 0, 0),
        numbers_of(900, 8, 1, 1 << 24, 0, 0, 0, 0, 0, (1 << 20) + 1),
        numbers_of(900, 8, 2, MAX_SLOPE, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        numbers_of(900, 8, 1, *ONE, radial=2),
    ],
    ids=range(14),
)
def test_tables_that_are_none(data):
    with pytest.raises(CorruptStream, match="sensor table"):
        parse_table(Reader(data))
    assert isinstance(parse_table(Reader(numbers_of(900, 8, 1, *ONE))), SensorTable)


@pytest.mark.parametrize("rows", [(), (0,), (9,), (0, 1, 2, 5, 9), tuple(range(10))], ids=str)
def test_motions(rows):
    reader = Reader(write_motion(motion_of(10, rows)))
    found = parse_motion(reader, 10)
    assert not reader.remaining
    assert found.twist == motion_of(10).twist
    np.testing.assert_array_equal(found.wrap, motion_of(10, rows).wrap)


@pytest.mark.parametrize(
    "tail",
    [varint(1) + varint(20), varint(1) + varint(1 << 63), varint(1 << 63), varint(11) + varint(0) * 11],
    ids=range(4),
)
def test_wraps_of_points_that_there_are_not(tail):
    head = b"".join(map(signed_varint, (0,) * 6))
    with pytest.raises(CorruptStream):
        parse_motion(Reader(head + tail), 10)


@pytest.mark.parametrize("value", [MAX_COMPONENT + 1, -MAX_COMPONENT - 1, -(1 << 63)])
def test_motions_that_are_too_large(value):
    with pytest.raises(CorruptStream, match="a motion is too large"):
        parse_motion(Reader(b"".join(map(signed_varint, (0, 0, 0, 0, value, 0, 0)))), 10)
