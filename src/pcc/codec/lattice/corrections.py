"""By how much positions differ from their places in the lattice: -1, 0 or 1 voxel an axis, nearly always 0.

Whether an axis differs depends on how near the unrounded position lies to a face of its voxel; and if it does, then
nearly always to the voxel beyond that face. Both probabilities are told in a byte each, by distance.
"""

from __future__ import annotations

import math

import numpy as np

from pcc.entropy.coders import Coder

_ENDS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 128])  # of the distances to the nearest face, in 1/256 voxel
NUM_CLASSES = len(_ENDS)
CODE_STEP = 16  # a code is a logit in 1/16 bit, below 0
MAX_CODE = 224


def classes_of(place: np.ndarray) -> np.ndarray:
    """Distance classes of places uint8, of the same shape."""
    return _CLASS[place]


_CLASS = np.searchsorted(_ENDS, np.minimum(np.arange(256), 255 - np.arange(256)), side="right").astype(np.uint8)


def measure(place: np.ndarray, delta: np.ndarray) -> bytes:
    """The codes that suit corrections: one for each class, then one for "away from the nearest face"."""
    kinds, differs = classes_of(place).reshape(-1), (delta != 0).reshape(-1)
    total = np.bincount(kinds, minlength=NUM_CLASSES)
    ones = np.bincount(kinds[differs], minlength=NUM_CLASSES)
    away = (delta != _towards(place)).reshape(-1)[differs]
    pairs = [*zip(ones, total, strict=True), (away.sum(), len(away))]
    return bytes(_code(int(one), int(every)) for one, every in pairs)


def _code(ones: int, total: int) -> int:
    """Of the odds of a one; at least even odds against it."""
    odds = (total - ones + 0.5) / (ones + 0.5)
    return min(max(round(CODE_STEP * math.log2(odds)), 0), MAX_CODE)


def code_corrections(coder: Coder, place: np.ndarray, codes: bytes, delta: np.ndarray | None) -> np.ndarray:
    """Code corrections (N, 3) int8 of places (N, 3) uint8; ``delta`` None: the coder knows them."""
    logits = np.array([-CODE_STEP * code for code in codes[:NUM_CLASSES]], np.int16)[classes_of(place).reshape(-1)]
    given = None if delta is None else (delta != 0).astype(np.uint8).reshape(-1)
    rows = np.flatnonzero(coder.binary(logits, given))
    towards = _towards(place).reshape(-1)[rows]
    given = None if delta is None else (delta.reshape(-1)[rows] != towards).astype(np.uint8)
    away = coder.binary(np.full(len(rows), -CODE_STEP * codes[NUM_CLASSES], np.int16), given)
    found = np.zeros(place.size, np.int8)
    found[rows] = np.where(away, -towards, towards)
    return found.reshape(place.shape)


def _towards(place: np.ndarray) -> np.ndarray:
    """int8: -1 where the lower face is nearer, else 1."""
    return np.where(place < 128, -1, 1).astype(np.int8)
