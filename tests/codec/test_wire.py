"""Numbers as bytes: literal bytes, read(write(x)) = x, and every malformed form refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec.wire import Reader, signed_varint, text, varint
from pcc.errors import CorruptStream


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**64 - 1, "ffffffffffffffffff01")],
)
def test_varint_literal(value, expected):
    assert varint(value).hex() == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "00"), (-1, "01"), (1, "02"), (-64, "7f"), (64, "8001")])
def test_signed_varint_literal(value, expected):
    assert signed_varint(value).hex() == expected


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1), st.text())
def test_read_inverts_write(unsigned, signed, name):
    """read(write(x)) = x, and nothing is left."""
    reader = Reader(varint(unsigned) + signed_varint(signed) + text(name))
    assert (reader.varint(), reader.signed_varint(), reader.text()) == (unsigned, signed, name)
    reader.finish("all")


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_number_that_does_not_fit_is_refused(value):
    with pytest.raises(ValueError, match="2\\^64"):
        varint(value)


@pytest.mark.parametrize("data", ["", "80", "8000", "ff" * 10, "ff" * 9 + "02", "80" * 9 + "8001"])
def test_truncated_too_long_and_padded_numbers_are_corrupt(data):
    with pytest.raises(CorruptStream):
        Reader(bytes.fromhex(data)).varint()


def test_every_read_is_bounded():
    for read in (Reader.u8, Reader.u16, Reader.u32, Reader.f64, Reader.varint, Reader.text):
        with pytest.raises(CorruptStream):
            read(Reader(b""))
    with pytest.raises(CorruptStream, match="5 bytes expected"):
        Reader(b"abcd").take(5)
    with pytest.raises(CorruptStream):
        Reader(varint(2**63) + b"a").text()
    with pytest.raises(CorruptStream, match="text"):
        Reader(b"\x01\xff").text()
    with pytest.raises(CorruptStream, match="2 bytes too many"):
        Reader(b"ab").finish("this")
