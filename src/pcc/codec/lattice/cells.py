"""The cells of a turn through a coder, pass by pass: the loops that encoder and decoder share.

ranges:        pass: network sees the ranges before -> occupancy -> ranges -> known from now on
reflectances:  pass: network sees all ranges, and the reflectances before -> known from now on
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from pcc.entropy.coders import Coder
from pcc.errors import CorruptStream
from pcc.geometry.interlace import PASSES
from pcc.geometry.range_image import RangeImage
from pcc.inference.lattice_program import REFLECTANCE_BITS, LatticeProgram
from pcc.ops.lattice_context import reflectance_bytes, width_feat
from pcc.sensors.bins import RangeBins

_NONE_CERTAIN = np.zeros(0, np.uint8)


def _reversed_bits() -> np.ndarray:
    """(128,) uint8: values with their bits the other way round; a tree decides the lowest first."""
    values = np.arange(1 << REFLECTANCE_BITS)
    turned = sum((values >> i & 1) << (REFLECTANCE_BITS - 1 - i) for i in range(REFLECTANCE_BITS))
    return np.asarray(turned, np.uint8)


REVERSED = _reversed_bits()


def code_ranges(
    program: LatticeProgram, coder: Coder, image: RangeImage, bins: RangeBins, bits: int, known: np.ndarray | None
) -> np.ndarray:
    """Code all ranges of a turn.

    Args:
        image: without any range; it fills up.
        bits: of the bins' numbers.
        known: (L, C) int32 numbers, 0 where empty; None where the coder knows them.

    Returns:
        (L, C) int32 numbers.

    Raises:
        CorruptStream: an occupied cell has no range.
    """
    found = np.zeros((image.rows, image.columns), np.int32)
    feat, coded = width_feat(bins.width), bins.coded(bits)
    for step, network in zip(PASSES, program.ranges, strict=True):
        here = image.of_pass(found, step)
        if not here.size:
            continue
        logits, mixture = network.run(image, feat)
        given = None if known is None else image.of_pass(known, step).reshape(-1)
        rows = np.flatnonzero(coder.binary(logits, None if given is None else (given > 0).astype(np.uint8)))
        numbers = coder.mixture(mixture.take(rows), coded, None if given is None else given[rows])
        if len(numbers) and numbers.min() < 1:
            raise CorruptStream("lattice: a point without a range")
        _put(here, rows, numbers)
        image.put(image.range, step, bins.units(here))
    return found


def code_reflectances(
    program: LatticeProgram,
    coder: Coder,
    image: RangeImage,
    width: int,
    most: int,
    known: np.ndarray | None,
    calibrate: Callable[[int], AbstractContextManager] = lambda number: nullcontext(),
) -> np.ndarray:
    """Code the reflectances of all cells with points.

    Args:
        image: with all ranges.
        width: range units of a bin.
        most: the largest level, 1..127.
        known: (L, C) uint8 levels; None where the coder knows them.
        calibrate: a context in which the decisions of a pass are coded.

    Returns:
        (L, C) uint8 levels, 0 in empty cells.

    Raises:
        CorruptStream: a level is too large.
    """
    found = np.zeros((image.rows, image.columns), np.uint8)
    seen, ranges = np.zeros(image.range.shape, np.uint8), image.range.reshape(-1)
    for number, (step, network) in enumerate(zip(PASSES, program.reflectances, strict=True)):
        here, places = image.of_pass(found, step), image.flat(image.cells(step))
        rows = np.flatnonzero(ranges[places])
        given = None if known is None else REVERSED[image.of_pass(known, step).reshape(-1)[rows]]
        logits = network.run(image, seen, places[rows], width_feat(width))
        with calibrate(number):
            levels = REVERSED[coder.tree(logits, _NONE_CERTAIN, given)]
        if len(levels) and levels.max() > most:
            raise CorruptStream("lattice: a reflectance beyond the frame's largest")
        _put(here, rows, levels)
        image.put(seen, step, reflectance_bytes(here, most))
    return found


def _put(view: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """Values at flat ``rows`` of a strided view (A, B)."""
    columns = max(view.shape[1], 1)
    view[rows // columns, rows % columns] = values
