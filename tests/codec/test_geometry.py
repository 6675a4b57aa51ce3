"""The start of a geometry chunk: literal bytes, parse(write(h)) = h, and what no encoder writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec.geometry import GeometryHeader, parse_geometry_header, write_geometry_header
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream

DIGEST = bytes(range(16))


@pytest.mark.parametrize(
    ("header", "literal"),
    [
        (GeometryHeader(DIGEST, 4), DIGEST.hex() + "04"),
        (GeometryHeader(DIGEST, 0, 0b1100000000), "8006" + DIGEST.hex() + "00"),
        (GeometryHeader(None, 0, 0x1FFFFF), "ffff7f"),
    ],
)
def test_literal(header, literal):
    assert write_geometry_header(header).hex() == literal
    reader = Reader(bytes.fromhex(literal))
    assert parse_geometry_header(reader, 21, header.adaptive > 0) == header
    assert not reader.remaining


@given(st.integers(2, 21), st.integers(0, 255), st.data())
def test_parse_inverts_write(depth, level_offset, data):
    """parse(write(h)) = h."""
    mask = data.draw(st.integers(0, (1 << depth) - 1))
    alone = mask == (1 << depth) - 1
    header = GeometryHeader(None, 0, mask) if alone else GeometryHeader(DIGEST, level_offset, mask)
    assert parse_geometry_header(Reader(write_geometry_header(header)), depth, mask > 0) == header


@pytest.mark.parametrize("payload", ["", "00", "08" + DIGEST.hex() + "00", "8000", "03" + DIGEST.hex(), "ff"])
def test_corrupt(payload):
    """No mask, zero, a fourth of three levels, a longer form than needed, no offset, no end."""
    with pytest.raises(CorruptStream):
        parse_geometry_header(Reader(bytes.fromhex(payload)), 3, True)
