"""Columns of values: decode(encode(v)) = v bit for bit, for every dtype; small where they are simple."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pcc.codec.columns import DELTA, PALETTE, decode_column, differences, encode_column, sums
from pcc.codec.dtypes import NAMES
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream


def check(values: np.ndarray) -> bytes:
    data = encode_column(values)
    reader = Reader(data)
    decoded = decode_column(reader, values.dtype, len(values))
    reader.finish("column")
    assert decoded.dtype == values.dtype
    assert decoded.tobytes() == values.tobytes()
    return data


@given(st.sampled_from(NAMES).flatmap(lambda name: hnp.arrays(name, st.integers(1, 50))))
def test_any_values_survive(values):
    """decode(encode(v)) = v, NaN payloads and signs of zero included."""
    check(values)


@pytest.mark.parametrize("name", NAMES)
def test_equal_values_take_a_few_bytes(name):
    assert len(check(np.full(100_000, 1, name))) <= 1 + 2 * np.dtype(name).itemsize


def test_a_palette_has_no_more_entries_than_there_are_values():
    """No encoder writes one, and 20 bytes of it would cost a decoder 65536 entries for a single value."""
    for entries, size in ((2, 1), (4, 3), (65536, 65535), (65537, 70000), (0, 1)):
        column = bytes([PALETTE]) + varint(entries) + b"\1\0" * 8 + b"\1\0" * 2
        with pytest.raises(CorruptStream, match=f"palette: {entries} entries"):
            decode_column(Reader(column), np.dtype(np.uint64), size)
    column = bytes([PALETTE]) + varint(3) + b"\1\0" * 8 + b"\1\0"
    assert decode_column(Reader(column), np.dtype(np.uint64), 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", ["uint16", "int32", "uint64"])
def test_sequences_take_little(name):
    assert len(check(np.arange(60_000).astype(name))) < 600


def test_few_distinct_floats_use_a_palette(rng):
    """100 distinct float32: about log2(100) bits each and 4 bytes an entry, not three noisy planes."""
    values = (rng.integers(0, 100, 40_000) / 100).astype(np.float32)
    data = check(values)
    assert data[0] & PALETTE
    assert len(data) < 40_000 * 6.8 / 8 + 800


@pytest.mark.parametrize("distinct", [255, 256, 257, 5000, 70_000])
def test_palettes_of_every_index_width(rng, distinct):
    values = np.concatenate([np.arange(distinct), rng.integers(0, distinct, 100_000)]).astype(np.float64) * np.pi
    check(values)


def test_smooth_values_use_differences(rng):
    values = np.cumsum(rng.integers(-3, 4, 50_000)).astype(np.int32)
    assert check(values)[0] == DELTA


@given(hnp.arrays(st.sampled_from(["<u1", "<u2", "<u4", "<u8"]), st.integers(1, 30)))
def test_sums_invert_differences(words):
    """sums(differences(w)) = w modulo 2^bits."""
    assert (sums(differences(words)) == words).all()


def test_differences_literal():
    assert differences(np.array([1, 3, 2, 2, 255], np.uint8)).tolist() == [2, 4, 1, 0, 5]


def test_damage_is_corrupt():
    with pytest.raises(CorruptStream, match="transform"):
        decode_column(Reader(b"\x04\x00\x00"), np.dtype(np.uint8), 1)
    for entries in (0, 1 << 16 | 1, 1 << 60):
        with pytest.raises(CorruptStream, match="palette"):
            decode_column(Reader(bytes([PALETTE]) + varint(entries)), np.dtype(np.uint16), 1)
    out_of_range = bytes([PALETTE, 1, 1, 5, 1, 5, 1, 1])  # one entry, index 1
    with pytest.raises(CorruptStream, match="index"):
        decode_column(Reader(out_of_range), np.dtype(np.uint16), 3)
