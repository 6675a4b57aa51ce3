"""Preamble and frame header: literal bytes, parse(write(h)) = h, and every impossible value refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec.header import FrameHeader, parse_header, parse_preamble, write_header, write_preamble
from pcc.codec.limits import Limits
from pcc.errors import CorruptStream, LimitExceeded
from pcc.geometry.grid import Axis, Grid
from pcc.ops.checksum import crc32c

LIMITS = Limits()
HEADER = FrameHeader(Grid(1.0, 1000.0, (-5, 0, 300), np.dtype(np.float32)), depth=17, num_points=9, num_voxels=8)
INDEX = st.integers(-(2**52), 2**52)
STEP = st.floats(1e-100, 1e100)
GRIDS = st.builds(
    Grid, STEP, STEP, st.tuples(INDEX, INDEX, INDEX), st.sampled_from(["f4", "f8", "i4", "u8", "?"]).map(np.dtype)
)


def test_preamble_literal():
    assert write_preamble().hex() == "895043430d0a1a0a" + "01" + "0000" + "bbf31121"
    assert len(write_preamble()) == 15
    parse_preamble(write_preamble())


@given(
    GRIDS,
    st.integers(0, 21),
    st.integers(1, 10**6),
    st.booleans(),
    st.none() | st.integers(0, 2**40),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
)
def test_parse_inverts_write(grid, depth, num_points, quantized, num_merged, timestamp_ns, adaptive):
    """parse(write(h)) = h."""
    num_voxels = min(num_points, 8**depth)
    header = FrameHeader(
        grid, depth, num_points, num_voxels, quantized, num_merged, timestamp_ns, adaptive and num_voxels > 1
    )
    assert parse_header(write_header(header), LIMITS) == header


def test_a_frame_header_is_small():
    assert len(write_header(HEADER)) == 26
    assert parse_header(write_header(HEADER), LIMITS).voxel_size == 0.001


def test_an_empty_frame():
    header = replace(HEADER, depth=0, num_points=0, num_voxels=0)
    assert parse_header(write_header(header), LIMITS) == header


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth": 22},
        {"depth": 255},
        {"num_voxels": 0},
        {"num_voxels": 10},
        {"num_points": 0},
        {"depth": 0},
        {"depth": 1, "num_voxels": 9},
    ],
)
def test_impossible_counts_are_corrupt(wrong):
    with pytest.raises(CorruptStream):
        parse_header(write_header(replace(HEADER, **wrong)), LIMITS)


@pytest.mark.parametrize("num_points", [101, 2**40, 2**63])
def test_too_many_points_exceed_the_limit(num_points):
    with pytest.raises(LimitExceeded, match="limit is 100"):
        parse_header(write_header(replace(HEADER, num_points=num_points)), Limits(max_points=100))


@pytest.mark.parametrize("number", [0.0, -1.0, np.nan, np.inf])
def test_a_grid_without_a_step_is_corrupt(number):
    data = bytearray(write_header(HEADER))
    data[3:11] = np.float64(number).tobytes()
    with pytest.raises(CorruptStream):
        parse_header(bytes(data), LIMITS)


def test_every_byte_changed_or_missing_is_corrupt_or_another_header():
    """Parsing ends in a header or in CorruptStream / LimitExceeded, nothing else."""
    data = write_header(replace(HEADER, timestamp_ns=5, num_merged=3))
    for i in range(len(data)):
        with pytest.raises(CorruptStream):
            parse_header(data[:i], LIMITS)
        for value in range(256):
            try:
                parse_header(data[:i] + bytes([value]) + data[i + 1 :], LIMITS)
            except (CorruptStream, LimitExceeded):
                continue


def test_a_newer_version_is_named():
    version2 = bytearray(write_preamble())
    version2[8] = 2
    with pytest.raises(CorruptStream, match=r"version 2.*newer"):
        parse_preamble(bytes(version2))
    features = bytearray(write_preamble()[:11])
    features[9] = 4
    with pytest.raises(CorruptStream, match=r"0x0004.*newer"):
        parse_preamble(bytes(features) + crc32c(bytes(features)).to_bytes(4, "little"))
    with pytest.raises(CorruptStream, match="newer"):
        parse_header(b"\x01" + write_header(HEADER)[1:], LIMITS)


def test_every_change_of_the_preamble_is_corrupt():
    good = write_preamble()
    for i in range(len(good)):
        with pytest.raises(CorruptStream):
            parse_preamble(good[:i])
        for bit in range(8):
            with pytest.raises(CorruptStream):
                parse_preamble(good[:i] + bytes([good[i] ^ 1 << bit]) + good[i + 1 :])
    with pytest.raises(CorruptStream, match="not a pcc stream"):
        parse_preamble(good.replace(b"\r\n", b"\n"))


AXES = Axis(0.5), Axis(1.0, 3.0, -7.5), Axis(2.0, single=True)
EXTENDED = [
    replace(HEADER, num_low_bits=9, depth=21),
    replace(HEADER, num_raw=1),
    replace(HEADER, exact=True),
    replace(
        HEADER,
        grid=Grid(0.5, 1.0, (0, 1, 2), np.dtype("f4"), AXES),
    ),
    replace(HEADER, num_low_bits=1, num_raw=2, num_voxels=3, exact=True, timestamp_ns=-5, num_merged=4),
    replace(HEADER, num_points=3, num_raw=3, num_voxels=0, depth=0),
]


@pytest.mark.parametrize("header", EXTENDED)
def test_extensions(header):
    """parse(write(h)) = h, and it is longer than without."""
    payload = write_header(header)
    assert parse_header(payload, LIMITS) == header
    for broken in (payload[:-1], payload + b"\0"):
        with pytest.raises(CorruptStream):
            parse_header(broken, LIMITS)


def test_extension_literal():
    """Flag 64, then flags 1 and 2 with 9 low bits and 3 raw points."""
    plain = write_header(replace(HEADER, depth=21))
    payload = write_header(replace(HEADER, depth=21, num_low_bits=9, num_raw=3, num_voxels=6))
    assert payload[1] == 64
    assert payload[len(plain) :].hex() == "030903"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (replace(HEADER, num_low_bits=44), "low bits"),
        (replace(HEADER, depth=21, num_low_bits=33), "bits per axis"),
        (replace(HEADER, num_raw=9), "8 voxels"),
        (replace(HEADER, exact=True, grid=Grid(2.0, 1.0, (0, 0, 0), np.dtype("i4"))), "exact positions of int32"),
    ],
)
def test_impossible_extensions(header, message):
    with pytest.raises(CorruptStream, match=message):
        parse_header(write_header(header), LIMITS)


def test_unknown_extensions_are_newer():
    payload = write_header(replace(HEADER, num_raw=1))
    for flags in (0, 16, 18):
        with pytest.raises(CorruptStream):
            parse_header(payload[:-2] + bytes([flags, 1]), LIMITS)
