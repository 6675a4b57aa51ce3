"""Fields that the lattice knows: one value for all points of a laser (``ring``), or of a column (``time``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.fields import parse_spec, write_spec
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream

BY_LASER, BY_COLUMN = 0, 1


@dataclass(frozen=True, eq=False)
class CellIndex:
    """laser, firing column (K,) of the points in cells, as listed; how many there are; points without a cell."""

    laser: np.ndarray
    column: np.ndarray
    lasers: int
    columns: int
    num_apart: int

    @classmethod
    def of(cls, filled: np.ndarray, rolls: np.ndarray, num_apart: int) -> CellIndex:
        """From the image's cells with points (L, C) bool, and by how many columns its rows are moved (L,)."""
        laser, column = np.nonzero(filled)
        lasers, columns = filled.shape
        return cls(laser, (column - rolls[laser]) % columns, lasers, columns, num_apart)

    def axis(self, kind: int) -> tuple[np.ndarray, int]:
        return (self.laser, self.lasers) if kind == BY_LASER else (self.column, self.columns)


def write_derived(name: str, values: np.ndarray, cells: CellIndex) -> bytes | None:
    """The chunk's payload of a field's values (N,), listed; None where they are not functions of laser or column."""
    if values.ndim != 1 or values.dtype.itemsize > 8 or not len(cells.laser):
        return None
    kept = len(cells.laser)
    words = np.ascontiguousarray(values).view(f"u{values.itemsize}") if values.dtype.kind != "b" else values
    for kind in (BY_LASER, BY_COLUMN):
        axis, size = cells.axis(kind)
        table = np.zeros(size, values.dtype)
        table[axis] = values[:kept]
        found = table[axis].view(words.dtype) if values.dtype.kind != "b" else table[axis]
        if np.array_equal(found, words[:kept]):
            out = write_spec(name, values) + bytes([kind]) + encode_column(table)
            return out + encode_column(values[kept:]) if cells.num_apart else out
    return None


def parse_derived(payload: memoryview, cells: CellIndex) -> tuple[str, np.ndarray]:
    """Name and values (N,), listed.

    Raises:
        CorruptStream: the payload is damaged.
    """
    reader = Reader(payload)
    spec = parse_spec(reader)
    kind = reader.u8()
    if kind not in (BY_LASER, BY_COLUMN) or spec.columns is not None:
        raise CorruptStream(f"field {spec.name!r}: no function of laser or column")
    axis, size = cells.axis(kind)
    values = decode_column(reader, spec.dtype, size)[axis]
    if cells.num_apart:
        values = np.concatenate([values, decode_column(reader, spec.dtype, cells.num_apart)])
    reader.finish(f"field {spec.name!r}")
    return spec.name, values
