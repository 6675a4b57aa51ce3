"""Field chunks: decode(encode(field)) = field; sizes are checked before memory is taken."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pcc.codec.dtypes import NAMES
from pcc.codec.fields import decode_field, encode_field, select
from pcc.codec.planes import FILL
from pcc.codec.wire import text, varint
from pcc.errors import CorruptStream, LimitExceeded, UnsupportedField

SHAPES = st.one_of(st.tuples(st.integers(0, 20)), st.tuples(st.integers(0, 20), st.integers(0, 4)))


def check(name: str, values: np.ndarray) -> bytes:
    data = encode_field(name, values)
    decoded_name, decoded = decode_field(data, len(values), values.nbytes)
    assert (decoded_name, decoded.dtype, decoded.shape) == (name, values.dtype, values.shape)
    assert decoded.tobytes() == values.tobytes()
    return data


@given(st.text(max_size=10), st.sampled_from(NAMES).flatmap(lambda name: hnp.arrays(name, SHAPES)))
def test_any_field_survives(name, values):
    """decode(encode(name, v)) = (name, v), for every dtype and shape."""
    check(name, values)


@pytest.mark.parametrize("columns", [1, 63, 64, 65, 200])
def test_wide_fields_survive(columns, rng):
    """They are decoded some columns at a time."""
    check("wide", rng.integers(0, 5, (30, columns)).astype(np.uint16))
    check("wide", np.empty((0, columns), np.uint16))


def test_sizes():
    assert len(check("red", np.array([7], np.uint8))) == 9
    assert len(check("red", np.empty(0, np.uint8))) == 6
    assert len(check("normal", np.zeros((1000, 3), np.float32))) < 40


def test_big_endian_values_come_back_native():
    values = np.array([1, 2, 3], ">u4")
    _, decoded = decode_field(encode_field("a", values), 3, 100)
    assert decoded.tolist() == [1, 2, 3]
    assert decoded.dtype == np.dtype("u4")


def test_long_doubles_and_very_wide_fields_are_unsupported():
    with pytest.raises(UnsupportedField, match="'a'"):
        encode_field("a", np.zeros(2, np.longdouble))
    with pytest.raises(UnsupportedField, match="65536"):
        encode_field("a", np.zeros((1, 65536), bool))


def test_the_limit_comes_before_the_memory():
    """A chunk of 20 bytes that promises 2^25 float64 is refused without allocating them."""
    chunk = text("a") + bytes([11]) + varint(0) + bytes([0]) + bytes([FILL, 0] * 8)
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="'a'"):
        decode_field(chunk, 1 << 25, 1 << 20)
    with pytest.raises(LimitExceeded):
        decode_field(text("a") + bytes([11]) + varint(65000), 1 << 25, 1 << 30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_damaged_chunks_are_corrupt():
    good = encode_field("abc", np.arange(10, dtype=np.uint16))
    for n in range(len(good)):
        with pytest.raises(CorruptStream):
            decode_field(good[:n], 10, 1000)
    with pytest.raises(CorruptStream, match="too many"):
        decode_field(good + b"x", 10, 1000)
    with pytest.raises(CorruptStream, match="dtype"):
        decode_field(text("a") + bytes([200]), 10, 1000)
    with pytest.raises(CorruptStream, match="columns"):
        decode_field(text("a") + bytes([1]) + varint(1 << 40), 0, 1000)


def test_select():
    fields = {"a": np.zeros(1), "b": np.ones(1)}
    assert list(select(fields, "all")) == ["a", "b"]
    assert list(select(fields, "none")) == []
    assert list(select(fields, ["b"])) == ["b"]
    with pytest.raises(ValueError, match=r"'c'.*there are a, b"):
        select(fields, ["a", "c"])
    with pytest.raises(ValueError, match="'all'"):
        select(fields, "a")
