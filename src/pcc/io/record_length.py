"""How many numbers a record of a raw file of float32 has, told from the numbers alone.

Read in the right columns, numbers of one kind (sign, exponent, whole or not) stand below each other; read in others
they are mixed. So that length is taken with which an adaptive code of each number's kind in its column spends the
fewest bits, every kind being as likely as the others at first (Krichevsky and Trofimov 1981). That is the marginal
likelihood, so a few points decide nothing by chance.

It knows no layout; what columns are called is `pcc.io.raw_columns`.
"""

from __future__ import annotations

import numpy as np

MAX_LENGTH = 16
SURE_BITS = 24.0  # of evidence, before columns are believed at all
MULTIPLE_BITS = 0.1  # per number of the first two columns, before records are joined to longer ones
_BLOCKS, _BLOCK = 8, 4096
_PRIOR = 0.5


def record_length(values: np.ndarray) -> int:
    """The smallest length whose columns explain the ``values``, (M,) float32; 1 where nothing is to be seen."""
    sample, places = sample_of(values)
    if len(sample) == 0:
        return 1
    kinds = _kinds(sample)
    bits = np.array([_bits(kinds, places, length) for length in range(1, MAX_LENGTH + 1)])
    best = int(bits.argmin()) + 1
    for length in (d for d in range(1, best) if best % d == 0):
        if length < 3 and bits[length - 1] - bits[best - 1] < SURE_BITS:
            return length
        if length >= 3 and _are_several(kinds, places, length, best):
            return length
    return best


def _are_several(kinds: np.ndarray, places: np.ndarray, length: int, longer: int) -> bool:
    """Whether what looks like one record is several: their x and y are alike, though lasers in turn have other z."""
    of_xy = places % length < 2
    kinds, places = kinds[of_xy], places[of_xy]
    gain = _bits(kinds, places, length) - _bits(kinds, places, longer)
    return gain < max(SURE_BITS, MULTIPLE_BITS * len(kinds))


def sample_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some (S,) of the values, in runs over the whole, and their places (S,) int64."""
    if len(values) <= _BLOCKS * _BLOCK:
        return values, np.arange(len(values))
    starts = np.linspace(0, len(values) - _BLOCK, _BLOCKS).astype(np.int64)
    places = (starts[:, None] + np.arange(_BLOCK)).ravel()
    return values[places], places


def _kinds(sample: np.ndarray) -> np.ndarray:
    """(S,) int64, numbered from 0: sign, exponent and whether the value is whole."""
    with np.errstate(invalid="ignore"):
        whole = sample == np.rint(sample)
    return np.unique((sample.view(np.uint32) >> 23).astype(np.int64) * 2 + whole, return_inverse=True)[1]


def _bits(kinds: np.ndarray, places: np.ndarray, length: int) -> float:
    """What the adaptive code takes in columns of records of that length."""
    num_kinds = int(kinds.max()) + 1
    counts = np.bincount(kinds + num_kinds * (places % length), minlength=num_kinds * length)
    totals = counts.reshape(length, num_kinds).sum(axis=1)
    return float(_rising(num_kinds * _PRIOR, totals).sum() - _rising(_PRIOR, counts).sum())


def _rising(start: float, counts: np.ndarray) -> np.ndarray:
    """log2 of start (start + 1) ... (start + n - 1), for every count n."""
    return np.concatenate([[0.0], np.cumsum(np.log2(start + np.arange(counts.max())))])[counts]
