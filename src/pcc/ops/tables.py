"""Integer logits to integer probability tables: the one place where a network's output becomes frequencies.

Everything here is integer arithmetic with the definition below, so that encoder and decoder agree on every machine.
It knows nothing of the coder (pcc.ops.rans) beyond the total of 2^14, and nothing of how logits were computed.

Definition. A logit is an integer in 1/256 bit: symbol k of a row ``l[0..K-1]`` weighs ``2^(l[k] / 256)``. With
``M = 2^14`` (the total) and all divisions rounding down:

1. ``T[j] = round(2^(30 - j/256))`` for j = 0..255 (256 constants, cuda_ext/tables/exp2_table.h);
   ``E(i) = T[i mod 256] >> (i div 256)`` for a distance i >= 0 in 1/256 bit; 0 when 31 or more bits are shifted out.
2. ``m`` = the first k with the largest ``l[k]``; ``w[k] = E(l[m] - l[k])``; ``S = sum of w[k]`` (2^30 <= S <= 2^42).
3. ``R = ((M - K) << 48) div S`` (R < 2^32, one division a row); ``f[k] = 1 + ((w[k] * R) >> 48)``.
4. The rest ``M - sum of f[k]`` (>= 0, because R was rounded down) is added to ``f[m]``.
5. ``cdf[0] = 0``, ``cdf[k + 1] = cdf[k] + f[k]``; so ``cdf[K] = M`` and every symbol has at least 1.

A binary decision with logit l is the row ``(0, l)``, that is p(1) = 2^(l/256) / (1 + 2^(l/256)). Beyond +-3584 (14
bits) its frequencies no longer change, so an implementation may clamp the logit there and look the value up.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty

PRECISION_BITS = 14
TOTAL = 1 << PRECISION_BITS
LOGIT_LIMIT = 3584  # 1/256 bit
MAX_SYMBOLS = 4096


def tables(logits: Array) -> Array:
    """Cumulative frequencies of every row, by the definition in the module's docstring.

    Args:
        logits: (N, K) int16, 1/256 bit, 1 <= K <= 4096; only differences within a row matter.

    Returns:
        (N, K + 1) uint16, strictly increasing from 0 to 16384; the frequency of symbol k is ``cdf[k + 1] - cdf[k]``.

    Raises:
        TypeError, ValueError: dtype, shape or K do not fit.
    """
    logits = check(logits, "logits", "int16", (None, None))
    rows, num_symbols = logits.shape
    if not 1 <= num_symbols <= MAX_SYMBOLS:
        raise ValueError(f"logits: expected 1..{MAX_SYMBOLS} columns, got {num_symbols}")
    cdf = empty(logits, (rows, num_symbols + 1), np.uint16)
    _ext.tables(logits, cdf)
    return cdf


def binary_frequencies(logits: Array) -> Array:
    """Frequency of symbol 1 out of 16384 for binary decisions; symbol 0 has the rest.

    Args:
        logits: (N,) int16, log2 odds of symbol 1 in 1/256 bit.

    Returns:
        (N,) uint16 in [1, 16383], equal to ``16384 - tables([[0, l]])[0, 1]``; f(-l) = 16384 - f(l).

    Raises:
        TypeError, ValueError: dtype or shape do not fit.
    """
    logits = check(logits, "logits", "int16", (None,))
    p1 = empty(logits, (len(logits),), np.uint16)
    _ext.binary_frequencies(logits, p1)
    return p1


def tree_frequencies(logits: Array, values: Array, certain: Array, bit: int) -> Array:
    """Frequencies of bit ``bit`` of G bits that are coded one after the other, each knowing the lower ones.

    Args:
        logits: (N, 2^G - 1) int16, one logit per vertex of the tree: vertex 2^bit - 1 + (values mod 2^bit).
        values: (N,) uint8, of which bits below ``bit`` are read.
        certain: (N,) uint8, not 0 where the last bit is surely 1 if all lower ones are 0 (it gets the largest
            frequency); (0,): nowhere.
        bit: 0..G-1.

    Returns:
        (N,) uint16 as `binary_frequencies`.

    Raises:
        TypeError, ValueError: an argument does not fit.
    """
    logits = check(logits, "logits", "int16", (None, None))
    values = check(values, "values", "uint8", (logits.shape[0],))
    depth = int(logits.shape[1]).bit_length()
    if logits.shape[1] != (1 << depth) - 1 or not 0 <= bit < depth <= 8:
        raise ValueError(
            f"logits, bit: expected 2^G - 1 columns and a bit below G <= 8, got {logits.shape[1]} and {bit}"
        )
    certain = check(certain, "certain", "uint8", (len(values) if len(certain) else 0,))
    if bit + 1 < depth:
        certain = certain[:0]
    p1 = empty(logits, (len(values),), np.uint16)
    _ext.tree_frequencies(logits, values, certain, bit, p1)
    return p1


def calibrated(logits: np.ndarray, scale: int, shift: int) -> np.ndarray:
    """Binary logits as a level's calibration changes them: int16, within +-3584.

    Args:
        logits: int16, 1/256 bit.
        scale: in 1/16, 1..64.
        shift: in 1/256 bit.
    """
    within = np.clip(logits.astype(np.int32), -LOGIT_LIMIT, LOGIT_LIMIT)
    return np.clip(((within * scale + 8) >> 4) + shift, -LOGIT_LIMIT, LOGIT_LIMIT).astype(np.int16)


def reference_tree_frequencies(logits: np.ndarray, values: np.ndarray, certain: np.ndarray, bit: int) -> np.ndarray:
    """`tree_frequencies`, by fancy indexing."""
    prefix = values.astype(np.int64) & ((1 << bit) - 1)
    chosen = logits[np.arange(len(values)), (1 << bit) - 1 + prefix]
    if len(certain) and 1 << (bit + 1) > logits.shape[1]:
        chosen = np.where((certain != 0) & (prefix == 0), LOGIT_LIMIT, chosen)
    return (TOTAL - reference_tables(np.stack([np.zeros_like(chosen), chosen], 1))[:, 1]).astype(np.uint16)


def reference_tables(logits: np.ndarray) -> np.ndarray:
    """``tables`` in Python integers, one line per step of the definition."""
    T = [int(v) for v in _ext.exp2_table()]
    cdf = np.zeros((logits.shape[0], logits.shape[1] + 1), np.uint16)
    for row, out in zip(logits.tolist(), cdf, strict=True):
        mode = row.index(max(row))
        weights = [T[(row[mode] - l) % 256] >> ((row[mode] - l) // 256) for l in row]
        reciprocal = ((TOTAL - len(row)) << 48) // sum(weights)
        frequencies = [1 + ((w * reciprocal) >> 48) for w in weights]
        frequencies[mode] += TOTAL - sum(frequencies)
        out[1:] = np.cumsum(frequencies)
    return cdf
