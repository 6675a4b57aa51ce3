"""The start of a geometry chunk: literal bytes, parse(write(h)) = h, and what no encoder writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec.fallback import num_network_levels
from pcc.codec.geometry import GeometryHeader, parse_geometry_header, write_geometry_header
from pcc.codec.inferred import Inferred
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream

DIGEST = bytes(range(16))


@pytest.mark.parametrize(
    ("header", "literal"),
    [
        (GeometryHeader(DIGEST, 4), DIGEST.hex() + "04"),
        (GeometryHeader(DIGEST, 0, 0b1100000000), "8006" + DIGEST.hex() + "00"),
        (GeometryHeader(None, 0, 0x1FFFFF), "ffff7f"),
        (GeometryHeader(DIGEST, 1, 0x1FFFF8, b"\x12\x34\x88"), "f8ff7f" + DIGEST.hex() + "01" + "123488"),
        (GeometryHeader(DIGEST, 0, inferred=Inferred((40, 0), (-8, 127))), DIGEST.hex() + "00" + "0228f8007f"),
    ],
)
def test_literal(header, literal):
    assert write_geometry_header(header).hex() == literal
    reader = Reader(bytes.fromhex(literal))
    flags = header.adaptive > 0, len(header.calibrations) > 0, header.inferred is not None
    assert parse_geometry_header(reader, 21, *flags) == header
    assert not reader.remaining


@given(st.integers(2, 21), st.integers(0, 255), st.data())
def test_parse_inverts_write(depth, level_offset, data):
    """parse(write(h)) = h."""
    mask = data.draw(st.integers(0, (1 << depth) - 1))
    alone = mask == (1 << depth) - 1
    codes = [data.draw(st.integers(0, 255)) if mask >> level & 1 == 0 else 0x88 for level in range(depth)]
    calibrated = not alone and data.draw(st.booleans())
    calibrations = bytes(codes[: num_network_levels(mask, depth)]) if calibrated else b""
    header = GeometryHeader(None, 0, mask) if alone else GeometryHeader(DIGEST, level_offset, mask, calibrations)
    assert parse_geometry_header(Reader(write_geometry_header(header)), depth, mask > 0, calibrated) == header


@pytest.mark.parametrize("payload", ["", "00", "08" + DIGEST.hex() + "00", "8000", "03" + DIGEST.hex(), "ff"])
def test_corrupt(payload):
    """No mask, zero, a fourth of three levels, a longer form than needed, no offset, no end."""
    with pytest.raises(CorruptStream):
        parse_geometry_header(Reader(bytes.fromhex(payload)), 3, True, False)


@pytest.mark.parametrize("rest", ["00", "04" + "0000" * 4, "01", "0100", "010080", "02" + "0000" + "ff80"])
def test_corrupt_inferred_levels(rest):
    """None, more than there are, too short, leaning too far."""
    with pytest.raises(CorruptStream):
        parse_geometry_header(Reader(DIGEST + b"\0" + bytes.fromhex(rest)), 3, False, False, True)


def test_inferred_levels_beside_adaptive_ones():
    payload = b"\x01" + DIGEST + b"\0\x01\0\0"
    with pytest.raises(CorruptStream):
        parse_geometry_header(Reader(payload), 3, True, False, True)


@pytest.mark.parametrize("payload", ["07", "03" + DIGEST.hex() + "008888", "05" + DIGEST.hex() + "00878888"])
def test_corrupt_calibrations(payload):
    """Without a model, a byte too few, of an adaptive level."""
    with pytest.raises(CorruptStream):
        parse_geometry_header(Reader(bytes.fromhex(payload)), 3, True, True)
