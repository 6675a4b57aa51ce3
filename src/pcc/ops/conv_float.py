"""Sparse convolution in float32, forward and backward: the training side of `pcc.ops.conv_int8`.

    out[n] = sum over d with neighbours[n, d] >= 0 of feats[neighbours[n, d]] @ weights[d]

It has no bias, no activation and no coordinates: the caller brings the neighbour table.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty


def forward(feats: Array, weights: Array, neighbours: Array) -> Array:
    """Convolve.

    Args:
        feats: (M, CI) float32.
        weights: (K, CI, CO) float32, K <= 27; CI and CO multiples of 16.
        neighbours: (N, K) int32, rows of feats; -1, or anything that is no row, where empty.

    Returns:
        (N, CO) float32.
    """
    weights = check(weights, "weights", "float32", (None, None, None))
    k, ci, co = weights.shape
    _check_channels(k, ci, co)
    feats = check(feats, "feats", "float32", (None, ci))
    neighbours = check(neighbours, "neighbours", "int32", (None, k))
    out = empty(feats, (neighbours.shape[0], co), np.float32)
    _ext.conv_float_forward(feats, weights, neighbours, out)
    return out


def backward_feats(grad_out: Array, weights: Array, neighbours: Array) -> Array:
    """Gradient for feats (M, CI); the relation must be symmetric: offset d of n is m iff offset K-1-d of m is n."""
    mirrored = weights.flip(0).transpose(1, 2) if hasattr(weights, "flip") else weights[::-1].transpose(0, 2, 1)
    return forward(grad_out, mirrored, neighbours)


def backward_weights(feats: Array, grad_out: Array, neighbours: Array) -> Array:
    """Gradient for the weights: (K, CI, CO) float32 from feats (M, CI) and grad_out (N, CO)."""
    neighbours = check(neighbours, "neighbours", "int32", (None, None))
    feats = check(feats, "feats", "float32", (None, None))
    grad_out = check(grad_out, "grad_out", "float32", (neighbours.shape[0], None))
    k, ci, co = neighbours.shape[1], feats.shape[1], grad_out.shape[1]
    _check_channels(k, ci, co)
    grad = empty(feats, (k, ci, co), np.float32)
    _ext.conv_float_backward_weights(feats, grad_out, neighbours, grad)
    return grad


def _check_channels(k: int, ci: int, co: int) -> None:
    if k > 27 or ci % 16 or co % 16:
        raise ValueError(f"weights: expected K <= 27 and channels in multiples of 16, got ({k}, {ci}, {co})")


def forward_reference(feats: np.ndarray, weights: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """The definition, offset by offset, in float64."""
    out = np.zeros((len(neighbours), weights.shape[2]))
    for d, weight in enumerate(weights.astype(np.float64)):
        rows = np.flatnonzero(neighbours[:, d] >= 0)
        out[rows] += feats[neighbours[rows, d]].astype(np.float64) @ weight
    return out


def backward_weights_reference(feats: np.ndarray, grad_out: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """The definition of the weight gradient, in float64."""
    grad = np.zeros((neighbours.shape[1], feats.shape[1], grad_out.shape[1]))
    for d in range(neighbours.shape[1]):
        rows = np.flatnonzero(neighbours[:, d] >= 0)
        grad[d] = feats[neighbours[rows, d]].astype(np.float64).T @ grad_out[rows].astype(np.float64)
    return grad
