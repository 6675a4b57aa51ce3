"""Sparse convolution u8 x s8 -> s32 with fused requantisation to u8: what the codec runs.

    acc[n] = bias + sum over d with neighbours[n, d] >= 0 of feats[neighbours[n, d]] @ weights[d]
    out[n] = requantise(acc[n], multiplier; residual[n])                               (pcc.ops.requantise)

Every sum is exact, so all instruction sets and thread counts give the same bits.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty
from pcc.ops.requantise import check_shift, requantise_reference


def forward(
    feats: Array,
    weights: Array,
    neighbours: Array,
    *,
    bias: Array,
    multiplier: Array,
    shift: int,
    residual: Array | None = None,
    residual_multiplier: int = 0,
) -> Array:
    """Convolve and requantise.

    Args:
        feats: (M, CI) uint8.
        weights: (K, CI, CO) int8, K <= 27; CI a multiple of 4, CO of 16.
        neighbours: (N, K) int32, rows of feats; -1, or anything that is no row, where empty.
        bias, multiplier: (CO,) int32; multiplier >= 0.
        shift: 1..62.
        residual: (N, CO) uint8, added after scaling by ``residual_multiplier`` (int32 >= 0).

    Returns:
        (N, CO) uint8.

    Raises:
        TypeError, ValueError: a dtype, a shape or the shift does not fit.
    """
    k, ci, co = _check_weights(weights)
    feats = check(feats, "feats", "uint8", (None, ci))
    neighbours = check(neighbours, "neighbours", "int32", (None, k))
    n = neighbours.shape[0]
    bias, multiplier = check(bias, "bias", "int32", (co,)), check(multiplier, "multiplier", "int32", (co,))
    check_shift(shift)
    if residual is not None:
        residual = check(residual, "residual", "uint8", (n, co))
    out = empty(feats, (n, co), np.uint8)
    weights = check(weights, "weights", "int8", (k, ci, co))
    bias = bias.reshape(1, co)
    _ext.conv_int8(feats, weights, neighbours, bias, multiplier, shift, residual, residual_multiplier, out)
    return out


def expand(
    feats: Array | None, weights: Array, parents: Array, octants: Array, *, bias: Array, multiplier: Array, shift: int
) -> Array:
    """Features of children from their parents': acc[n] = bias[octants[n]] + feats[parents[n]] @ weights[octants[n]].

    Args:
        feats: (M, CI) uint8, or None at the root, where acc is the bias.
        weights: (8, CI, CO) int8.
        parents: (N,) int32 rows of feats.
        octants: (N,) uint8 in 0..7.
        bias: (8, CO) int32; multiplier: (CO,) int32.

    Returns:
        (N, CO) uint8.

    Raises:
        TypeError, ValueError: a dtype, a shape, the shift, a parent or an octant is out of range.
    """
    _, ci, co = _check_weights(weights)
    weights = check(weights, "weights", "int8", (8, None, None))
    octants = check(octants, "octants", "uint8", (None,))
    n = octants.shape[0]
    parents = check(parents, "parents", "int32", (n,))
    bias, multiplier = check(bias, "bias", "int32", (8, co)), check(multiplier, "multiplier", "int32", (co,))
    check_shift(shift)
    if feats is not None:
        feats = check(feats, "feats", "uint8", (None, ci))
    out = empty(octants, (n, co), np.uint8)
    if not _ext.expand_int8(feats, weights, parents, octants, bias, multiplier, shift, out):
        rows = "" if feats is None else f"rows 0..{feats.shape[0] - 1} and "
        raise ValueError(f"parents, octants: expected {rows}octants below 8")
    return out


def _check_weights(weights: Array) -> tuple[int, int, int]:
    k, ci, co = check(weights, "weights", "int8", (None, None, None)).shape
    if k > 27 or ci % 4 or co % 16:
        raise ValueError(f"weights: expected K <= 27, CI a multiple of 4 and CO of 16, got ({k}, {ci}, {co})")
    return k, ci, co


def forward_reference(
    feats: np.ndarray,
    weights: np.ndarray,
    neighbours: np.ndarray,
    *,
    bias: np.ndarray,
    multiplier: np.ndarray,
    shift: int,
    residual: np.ndarray | None = None,
    residual_multiplier: int = 0,
) -> np.ndarray:
    """The definition, offset by offset."""
    acc = np.zeros((len(neighbours), weights.shape[2]), np.int64) + bias
    for d, weight in enumerate(weights.astype(np.int64)):
        rows = np.flatnonzero(neighbours[:, d] >= 0)
        acc[rows] += feats[neighbours[rows, d]].astype(np.int64) @ weight
    return requantise_reference(acc, multiplier, shift, residual, residual_multiplier)


def expand_reference(
    feats: np.ndarray | None,
    weights: np.ndarray,
    parents: np.ndarray,
    octants: np.ndarray,
    *,
    bias: np.ndarray,
    multiplier: np.ndarray,
    shift: int,
) -> np.ndarray:
    """The definition, row by row."""
    acc = bias[octants].astype(np.int64)
    if feats is not None:
        for n, (p, o) in enumerate(zip(parents, octants, strict=True)):
            acc[n] += feats[p].astype(np.int64) @ weights[o].astype(np.int64)
    return requantise_reference(acc, multiplier, shift)
