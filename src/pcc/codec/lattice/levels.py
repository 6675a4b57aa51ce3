"""Fields whose values are whole levels, as intensities are: hundredths, bytes. `pcc.codec.fields` codes the others."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pcc.codec.dtypes import dtype_code, dtype_of
from pcc.codec.wire import Reader, text
from pcc.errors import CorruptStream
from pcc.geometry.grid import recognise_step
from pcc.inference.lattice_program import REFLECTANCE_BITS

NAMES = ("intensity", "reflectance", "reflectivity", "remission", "i", "signal")
MAX_LOW_BITS = 1
_MAX_BYTES = 8  # of a value that a stream carries
_MAX_LEVEL = (1 << REFLECTANCE_BITS + MAX_LOW_BITS) - 1


@dataclass(frozen=True)
class LevelField:
    """A field whose values are ``level * num / den``, cast to the dtype. A network codes the highest bits of levels.

    Attributes:
        low_bits: how many lower bits of a level are coded beside them.
        most: the largest level without them, 1..127.
    """

    name: str
    dtype: np.dtype
    num: float
    den: float
    low_bits: int
    most: int

    @property
    def largest(self) -> int:
        """The largest whole level."""
        return ((self.most + 1) << self.low_bits) - 1

    def values(self, levels: np.ndarray) -> np.ndarray:
        """The field's values of whole levels."""
        return (levels.astype(np.float64) * self.num / self.den).astype(self.dtype)


def write_level_field(field: LevelField) -> bytes:
    """Name, dtype, step, lower bits and largest level."""
    head = text(field.name) + bytes([dtype_code(field.dtype, f"field {field.name!r}")])
    return head + struct.pack("<dd", field.num, field.den) + bytes([field.low_bits, field.most])


def parse_level_field(reader: Reader) -> LevelField:
    """Reads what ``write_level_field`` wrote.

    Raises:
        CorruptStream: it breaks a rule.
    """
    name, dtype, num, den = reader.text(), dtype_of(reader.u8()), reader.f64(), reader.f64()
    low_bits, most = reader.u8(), reader.u8()
    if not (0 < num < math.inf and 0 < den < math.inf) or low_bits > MAX_LOW_BITS or not 1 <= most < 128:
        raise CorruptStream(f"field {name!r}: levels of {num} / {den}, {low_bits} lower bits, up to {most}")
    field = LevelField(name, dtype, num, den, low_bits, most)
    if dtype.kind not in "uif" or (
        dtype.kind in "ui" and ((num, den) != (1, 1) or field.largest > np.iinfo(dtype).max)
    ):
        raise CorruptStream(f"field {name!r}: levels of {num} / {den} up to {field.largest} as {dtype}")
    return field


def find_levels(fields: Mapping[str, np.ndarray]) -> tuple[LevelField, np.ndarray] | None:
    """The first field among `NAMES` that is made of few levels, and its levels (N,) uint8."""
    for name in NAMES:
        values = fields.get(name)
        if values is not None and values.ndim == 1 and values.dtype.kind in "uif" and len(values):
            found = _levels_of(name, values)
            if found is not None:
                return found
    return None


def _levels_of(name: str, values: np.ndarray) -> tuple[LevelField, np.ndarray] | None:
    step = (1.0, 1.0) if values.dtype.kind in "ui" else recognise_step(values)
    if step is None or values.min() < 0 or values.itemsize > _MAX_BYTES:
        return None
    levels = np.rint(values.astype(np.float64) * step[1] / step[0])
    if levels.max() > _MAX_LEVEL:
        return None
    low_bits = int(levels.max() >= 1 << REFLECTANCE_BITS)
    field = LevelField(name, values.dtype, *step, low_bits, max(int(levels.max()) >> low_bits, 1))
    whole = levels.astype(np.uint8)
    same = field.values(whole).view(f"u{values.itemsize}") == values.view(f"u{values.itemsize}")  # -0.0 is none
    return (field, whole) if same.all() else None


def entropy_bits(levels: np.ndarray) -> float:
    """What levels (N,) uint8 would take by their frequencies alone."""
    counts = np.bincount(levels)
    counts = counts[counts > 0]
    return float((counts * np.log2(len(levels) / counts)).sum()) if len(counts) > 1 else 0.0
