"""Whole numbers under mixtures of logistic distributions, coded by binary decisions.

A number lies in one of 2^B bins; bin i reaches from ``edge(i)`` to ``edge(i + 1)``, edge(i) = first + i step - step/2,
in range units of 1/16 mm (the middle of bin i is first + i step). It is coded from its highest bit down, each bit with
the probability that the mixture gives it after the bits before. K components have a middle ``mu`` in units, a scale
s = 16 * 2^(scale / 256) units and a logit ``weight`` in 1/256 bit; whatever the mixture says, a share of 2^-10 goes to
all bins alike. With E and T of `pcc.ops.tables` and L[i] = round(2^24 / (1 + e^(16 - i/32))), all divisions and shifts
rounding down:

    c = clamp(scale, 0, 3584),  M = T[c mod 256] >> 14,  W = E(largest weight - weight) >> 15       of each component
    z = clamp((edge - mu) M >> (4 + c div 256), -2^20, 2^20 - 1) + 2^20                             in 2^-16
    i = z >> 11,  r = z mod 2^11,  C = L[i] + ((L[i + 1] - L[i]) r >> 11)
    F(j) = sum of W C + j (sum of W << 14 >> B)                                                     with edge = edge(j)

    bit b, with j of the bits decided so far (lower ones 0):
    all = F(j + 2^(b+1)) - F(j),  upper = F(j + 2^(b+1)) - F(j + 2^b),  s = max(0, bits of all - 17)
    frequency of a one = clamp(((upper >> s) << 14) div (all >> s), 1, 16383)

Numbers go in blocks of 2048; a block's decisions are B calls of the coder, the highest bits first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc import _ext
from pcc.errors import CorruptStream
from pcc.ops._arrays import check
from pcc.ops.rans import RansDecoder, RansEncoder
from pcc.ops.tables import TOTAL

MAX_COMPONENTS = 16
MAX_BITS = 20
BLOCK = 2048
MAX_SCALE = 3584


@dataclass(frozen=True)
class Bins:
    """2^bits bins of ``step`` range units (even); the middle of bin 0 is at ``first``."""

    bits: int
    first: int
    step: int


@dataclass(frozen=True, eq=False)
class Mixture:
    """mu (K, N) int32 range units; scale, weight (K, N) int16 in 1/256 (module's docstring)."""

    mu: np.ndarray
    scale: np.ndarray
    weight: np.ndarray

    def __post_init__(self) -> None:
        shape = self.mu.shape
        if len(shape) != 2 or not 1 <= shape[0] <= MAX_COMPONENTS:
            raise ValueError(f"mu: expected shape (1..{MAX_COMPONENTS}, N), got {shape}")
        for name, dtype in (("mu", "int32"), ("scale", "int16"), ("weight", "int16")):
            object.__setattr__(self, name, check(getattr(self, name), name, dtype, shape))

    def __len__(self) -> int:
        return self.mu.shape[1]

    def take(self, rows: np.ndarray) -> Mixture:
        """Those of some numbers, (M,) integers."""
        return Mixture(*(np.take(values, rows, 1) for values in (self.mu, self.scale, self.weight)))


def encode(coder: RansEncoder, mixture: Mixture, bins: Bins, index: np.ndarray) -> None:
    """Codes numbers (N,) int32 in 0..2^bits - 1.

    Raises:
        ValueError: the bins reach beyond 2^26 units or 20 bits, a middle beyond 2^28, or a number beyond its bins.
    """
    index = check(index, "index", "int32", (len(mixture),))
    _ext.mixture_encode(coder._impl, *_arguments(mixture, bins), index)


def decode(coder: RansDecoder, mixture: Mixture, bins: Bins) -> np.ndarray:
    """The numbers (N,) int32 that ``encode`` coded with the same mixture.

    Raises:
        ValueError: as ``encode``.
        CorruptStream: the stream ended too early.
    """
    index = np.empty(len(mixture), np.int32)
    try:
        _ext.mixture_decode(coder._impl, *_arguments(mixture, bins), index)
    except _ext.CorruptStream as error:
        raise CorruptStream(str(error)) from None
    return index


def _arguments(mixture: Mixture, bins: Bins) -> tuple:
    return mixture.mu, mixture.scale, mixture.weight, bins.bits, bins.first, bins.step


def frequencies_reference(mixture: Mixture, bins: Bins, index: np.ndarray) -> np.ndarray:
    """(bits, N) int64: the frequency of a one in each decision of known numbers, the lowest bit's first; in numpy."""
    largest = mixture.weight.max(0).astype(np.int64)
    weight = _exp2(largest - mixture.weight) >> 15  # (K, N)
    floor = weight.sum(0) << 14 >> bins.bits
    scale = np.clip(mixture.scale.astype(np.int64), 0, MAX_SCALE)
    factor, shift = _exp2(scale & 255) >> 14, 4 + (scale >> 8)

    def distribution(j: np.ndarray) -> np.ndarray:
        edge = bins.first + j * bins.step - bins.step // 2
        z = np.clip((edge - mixture.mu.astype(np.int64)) * factor >> shift, -(1 << 20), (1 << 20) - 1) + (1 << 20)
        at, part = z >> 11, z & 2047
        value = LOGISTIC[at] + ((LOGISTIC[at + 1] - LOGISTIC[at]) * part >> 11)
        return (weight * value).sum(0) + j * floor

    found = np.empty((bins.bits, len(index)), np.int64)
    for bit in range(bins.bits):
        low = (index.astype(np.int64) >> bit + 1) << bit + 1
        high = distribution(low + (2 << bit))
        every, upper = high - distribution(low), high - distribution(low + (1 << bit))
        width = np.array([int(value).bit_length() for value in every], np.int64)
        cut = np.maximum(width - 17, 0)
        found[bit] = np.clip((upper >> cut << 14) // (every >> cut), 1, TOTAL - 1)
    return found


def _exp2(distance: np.ndarray) -> np.ndarray:
    """E of `pcc.ops.tables`: 2^30 * 2^(-distance / 256), int64."""
    table = np.array(_ext.exp2_table(), np.int64)
    return table[distance & 255] >> np.minimum(distance >> 8, 62)


def _logistic() -> np.ndarray:
    """(1025,) int64; no value is near a half, so any library's exponential gives these."""
    return np.rint(2.0**24 / (1 + np.exp(16 - np.arange(1025) / 32))).astype(np.int64)


LOGISTIC = _logistic()
