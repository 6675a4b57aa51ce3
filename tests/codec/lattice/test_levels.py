"""values(levels) = the field, bit for bit, or it is no field of levels; damaged descriptions are CorruptStreams."""

import math
import struct

import numpy as np
import pytest

from pcc.codec.lattice.levels import LevelField, find_levels, parse_level_field, write_level_field
from pcc.codec.wire import Reader, text
from pcc.errors import CorruptStream

F32 = np.dtype(np.float32)


def hundredths(levels, dtype=np.float32):
    return (np.asarray(levels) / 100).astype(dtype)


@pytest.mark.parametrize(
    ("values", "low_bits", "most"),
    [
        (hundredths(range(100)), 0, 99),
        (hundredths(range(100), np.float64), 0, 99),
        (hundredths([0, 0, 0]), 0, 1),
        (np.arange(128, dtype=np.uint8), 0, 127),
        (np.arange(256, dtype=np.uint8), 1, 127),
        (np.arange(200, dtype=np.int64), 1, 99),
        (np.arange(256, dtype=np.float32), 1, 127),
        (np.zeros(3, np.uint16), 0, 1),
        ((np.arange(256) / 2).astype(np.float32), 1, 127),
    ],
    ids=lambda v: str(getattr(v, "dtype", v)),
)
def test_fields_of_levels(values, low_bits, most):
    """found.values(levels) is the field to the last bit, also after writing and reading."""
    found = find_levels({"time": np.linspace(0, 1, len(values)), "intensity": values})
    assert found is not None
    field, levels = found
    assert (field.name, field.dtype, field.low_bits, field.most) == ("intensity", values.dtype, low_bits, most)
    assert levels.dtype == np.uint8
    assert (levels >> low_bits).max() <= most
    again = parse_level_field(Reader(write_level_field(field)))
    assert again == field
    assert again.values(levels).dtype == values.dtype
    assert again.values(levels).tobytes() == values.tobytes()


@pytest.mark.parametrize(
    "values",
    [
        hundredths([0, 1, -1]),
        np.array([0.5, np.nan], np.float32),
        np.array([0.5, np.inf], np.float32),
        np.array([0.01, -0.0], np.float32),
        np.array([0.123456, 0.2], np.float32),
        np.array([0, 256], np.uint16),
        np.array([0, 2**64 - 1], np.uint64),
        np.array([0, 300], np.float32),
        np.array([0, -1], np.int8),
        np.array([True, False]),
        np.array([1j, 2]),
        np.zeros((4, 2), np.uint8),
        np.zeros(0, np.uint8),
        np.array([0.25, 0.5], np.longdouble),
    ],
    ids=lambda v: f"{v.dtype} {v.tolist()}",
)
def test_fields_that_are_none(values):
    assert find_levels({"intensity": values}) is None


def test_the_first_of_the_names():
    """In the order of `NAMES`; a first that is none hides no other."""
    levels, noise = np.arange(9, dtype=np.uint8), np.linspace(0, 1, 9) ** 3
    assert find_levels({"signal": levels, "reflectivity": levels})[0].name == "reflectivity"
    assert find_levels({"signal": levels, "intensity": noise})[0].name == "signal"
    assert find_levels({"ring": levels}) is None
    assert find_levels({}) is None


@pytest.mark.parametrize(
    ("num", "den", "low_bits", "most"),
    [(0.0, 1.0, 0, 1), (-1.0, 1.0, 0, 1), (math.nan, 1.0, 0, 1), (math.inf, 1.0, 0, 1), (1.0, 0.0, 0, 1),
     (1.0, math.nan, 0, 1), (1.0, math.inf, 0, 1), (1.0, 1.0, 2, 1), (1.0, 1.0, 0, 0), (1.0, 1.0, 0, 128)],
)  # fmt: skip
def test_wrong_descriptions(num, den, low_bits, most):
    good = write_level_field(LevelField("i", F32, 1.0, 100.0, 0, 99))
    data = good[:-18] + struct.pack("<dd", num, den) + bytes([low_bits, most])
    assert len(data) == len(good)
    with pytest.raises(CorruptStream, match="field 'i': levels of"):
        parse_level_field(Reader(data))


def test_every_cut():
    data = write_level_field(LevelField("intensity", F32, 1.0, 100.0, 0, 99))
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            parse_level_field(Reader(data[:size]))


def test_unknown_dtypes():
    with pytest.raises(CorruptStream):
        parse_level_field(Reader(text("i") + bytes([250]) + struct.pack("<dd", 1, 1) + bytes([0, 1])))
