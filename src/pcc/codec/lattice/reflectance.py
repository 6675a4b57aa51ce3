"""The reflectances of a frame in its sensor's lattice: a chunk of their own, coded when all positions are known.

header | quartiles of the rows | levels of the points apart | calibrations of the passes
       | entropy stream: levels of the cells, their lowest bits
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.lattice.cells import code_reflectances
from pcc.codec.lattice.levels import LevelField, parse_level_field, write_level_field
from pcc.codec.wire import Reader
from pcc.entropy.coders import Coder, RansDecoder, RansEncoder
from pcc.errors import CorruptStream
from pcc.geometry.interlace import PASSES
from pcc.geometry.range_image import RangeImage
from pcc.inference.lattice_program import LatticeProgram
from pcc.sensors.scan import NUM_QUARTILES, quartiles, reflectance_row_feats

_BYTE = np.dtype(np.uint8)


@dataclass(frozen=True, eq=False)
class Shown:
    """What fields are coded with, once positions are known.

    Attributes:
        program, image: the networks, and the turn with all its ranges; width: range units of a bin.
        row_feats: (L, 5) uint8, those of the ranges.
        filled: (L, C) bool, the cells with points; num_apart: points without a cell.
        rolls: (L,) by how many columns rows are moved from the firings.
    """

    program: LatticeProgram
    image: RangeImage
    width: int
    row_feats: np.ndarray
    filled: np.ndarray
    num_apart: int
    rolls: np.ndarray


def write_reflectance(shown: Shown, field: LevelField, levels: np.ndarray) -> bytes:
    """The chunk's payload; levels (N,) uint8 of the points in cells, laser by laser, then of those apart."""
    kept = len(levels) - shown.num_apart
    known = np.zeros(shown.filled.shape, np.uint8)
    known[shown.filled] = levels[:kept] >> field.low_bits
    rows = quartiles(known, shown.filled)
    out = write_level_field(field) + encode_column(rows.T.reshape(-1))
    out += encode_column(levels[kept:]) if shown.num_apart else b""
    coder, codes = RansEncoder(), bytearray(len(PASSES))

    @contextmanager
    def calibrate(number: int) -> Iterator[None]:
        first = coder.num_calls
        yield
        codes[number] = coder.calibrate_since(first)

    code_reflectances(*_before(shown, field, rows, coder), known, calibrate)
    if field.low_bits:
        coder.binary(np.zeros(kept, np.int16), levels[:kept] & 1)
    return out + bytes(codes) + coder.finish()


def parse_reflectance(payload: memoryview, shown: Shown) -> tuple[str, np.ndarray]:
    """The field's name and values (N,), in the order of ``write_reflectance``.

    Raises:
        CorruptStream: the payload is damaged.
    """
    reader = Reader(payload)
    field = parse_level_field(reader)
    lasers = len(shown.row_feats)
    rows = decode_column(reader, _BYTE, NUM_QUARTILES * lasers).reshape(NUM_QUARTILES, lasers).T
    if rows.max() > field.most:
        raise CorruptStream("reflectance: a quartile beyond the frame's largest")
    apart = decode_column(reader, _BYTE, shown.num_apart) if shown.num_apart else np.zeros(0, np.uint8)
    if apart.max(initial=0) > field.largest:
        raise CorruptStream("reflectance: a level beyond the frame's largest")
    codes = bytes(reader.take(len(PASSES)))
    coder = RansDecoder(bytes(reader.rest()))

    @contextmanager
    def calibrate(number: int) -> Iterator[None]:
        coder.calibrate(codes[number])
        yield

    levels = code_reflectances(*_before(shown, field, rows, coder), None, calibrate)[shown.filled]
    if field.low_bits:
        levels = levels << 1 | coder.binary(np.zeros(len(levels), np.int16), None)
    coder.finish()
    return field.name, field.values(np.concatenate([levels, apart]))


def _before(
    shown: Shown, field: LevelField, rows: np.ndarray, coder: Coder
) -> tuple[LatticeProgram, Coder, RangeImage, int, int]:
    """What encoder and decoder alike know before the first level."""
    shown.image.set_row_feats(reflectance_row_feats(shown.row_feats, rows, field.most))
    return shown.program, coder, shown.image, shown.width, field.most
