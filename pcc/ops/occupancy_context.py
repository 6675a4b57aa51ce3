"""What a node learns from occupancies around it that are already coded.

    out[n, c] = sum over neighbours d and set bits o of occupancy[neighbours[n, d]], as far as column c may see them,
                of weights[d, o, c]

Staged, the columns form eight groups, one per stage of the head: stage k sees the bits o < k of all 27 neighbours
(itself included); in checkerboard order a node of odd parity also sees bit k of its even neighbours, which are coded
before it. Not staged, every column sees every bit. The inputs are bits, so this costs additions and no products.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty
from pcc.ops.requantise import check_shift

NUM_OFFSETS = 27
NUM_STAGES = 8


def forward(
    weights: Array, neighbours: Array, occupancy: Array, octants: Array, *, staged: bool, checkerboard: bool = False
) -> Array:
    """Sum the weights of the visible bits.

    Args:
        weights: (27, 8, C) float32; C a multiple of 8 when staged.
        neighbours: (N, 27) int32 rows; -1, or anything that is no row, where empty.
        occupancy: (N,) uint8, bit i = octant i.
        octants: (N,) uint8, the node's place in its parent; gives its parity.

    Returns:
        (N, C) float32.
    """
    weights = check(weights, "weights", "float32", (NUM_OFFSETS, 8, None))
    n, columns = neighbours.shape[0], weights.shape[2]
    _check_columns(columns, staged)
    neighbours, occupancy, octants = _check_nodes(neighbours, occupancy, octants)
    out = empty(weights, (n, columns), np.float32)
    _ext.context_forward(weights, neighbours, occupancy, octants, out, staged, checkerboard)
    return out


def backward(
    grad_out: Array, neighbours: Array, occupancy: Array, octants: Array, *, staged: bool, checkerboard: bool = False
) -> Array:
    """Gradient for the weights, (27, 8, C) float32, from grad_out (N, C) float32."""
    grad_out = check(grad_out, "grad_out", "float32", (neighbours.shape[0], None))
    _check_columns(grad_out.shape[1], staged)
    neighbours, occupancy, octants = _check_nodes(neighbours, occupancy, octants)
    grad = empty(grad_out, (NUM_OFFSETS, 8, grad_out.shape[1]), np.float32)
    _ext.context_backward(grad_out, neighbours, occupancy, octants, grad, staged, checkerboard)
    return grad


def absorb(
    feats: Array,
    weights: Array,
    neighbours: Array,
    occupancy: Array,
    *,
    bias: Array,
    multiplier: Array,
    shift: int,
    residual_multiplier: int,
) -> Array:
    """Integer form, not staged: requantise(bias + context, multiplier; + feats * residual_multiplier).

    Args:
        feats: (N, C) uint8, the residual.
        weights: (27, 8, C) int8, C a multiple of 16.
        bias, multiplier: (C,) int32.
        shift: 1..62.

    Returns:
        (N, C) uint8; docs/arithmetic.md, requantisation.
    """
    weights = check(weights, "weights", "int8", (NUM_OFFSETS, 8, None))
    columns = weights.shape[2]
    if columns % 16:
        raise ValueError(f"weights: expected columns in multiples of 16, got {columns}")
    feats = check(feats, "feats", "uint8", (neighbours.shape[0], columns))
    neighbours, occupancy, _ = _check_nodes(neighbours, occupancy, occupancy)
    bias, multiplier = check(bias, "bias", "int32", (columns,)), check(multiplier, "multiplier", "int32", (columns,))
    out = empty(feats, (neighbours.shape[0], columns), np.uint8)
    check_shift(shift)
    _ext.context_absorb(feats, weights, neighbours, occupancy, bias, multiplier, shift, residual_multiplier, out)
    return out


def _check_columns(columns: int, staged: bool) -> None:
    if staged and columns % NUM_STAGES:
        raise ValueError(f"weights: expected columns in multiples of {NUM_STAGES} when staged, got {columns}")


def _check_nodes(neighbours: Array, occupancy: Array, octants: Array) -> tuple[Array, Array, Array]:
    n = neighbours.shape[0]
    return (
        check(neighbours, "neighbours", "int32", (n, NUM_OFFSETS)),
        check(occupancy, "occupancy", "uint8", (n,)),
        check(octants, "octants", "uint8", (n,)),
    )


def visible(d: int, o: int, stage: int, parity: int, checkerboard: bool) -> bool:
    """Whether stage ``stage`` of a node of ``parity`` sees bit ``o`` of neighbour ``d``."""
    dx, dy, dz = d // 9 - 1, d // 3 % 3 - 1, d % 3 - 1
    coded_before = checkerboard and parity == 1 and (dx + dy + dz) % 2 == 1
    return o < stage or (o == stage and coded_before)


def visible_bits_reference(
    neighbours: np.ndarray, occupancy: np.ndarray, octants: np.ndarray, stage: int | None, checkerboard: bool
) -> np.ndarray:
    """(N, 27, 8) int64 zeros and ones: the bits that a stage sees (None: all bits)."""
    bits = np.zeros((*neighbours.shape, 8), np.int64)
    for n, row in enumerate(neighbours):
        parity = int(octants[n]).bit_count() & 1
        for d, m in enumerate(row):
            for o in range(8):
                if m >= 0 and (stage is None or visible(d, o, stage, parity, checkerboard)):
                    bits[n, d, o] = occupancy[m] >> o & 1
    return bits


def forward_reference(
    weights: np.ndarray,
    neighbours: np.ndarray,
    occupancy: np.ndarray,
    octants: np.ndarray,
    *,
    staged: bool,
    checkerboard: bool = False,
) -> np.ndarray:
    """The definition, stage by stage, in float64 (or in integers for integer weights)."""
    wide = weights.astype(np.float64 if weights.dtype.kind == "f" else np.int64)
    columns = weights.shape[2]
    groups = range(NUM_STAGES) if staged else [None]
    size = columns // len(groups)
    parts = []
    for i, stage in enumerate(groups):
        bits = visible_bits_reference(neighbours, occupancy, octants, stage, checkerboard)
        parts.append(np.einsum("ndo,doc->nc", bits, wide[:, :, i * size : (i + 1) * size]))
    return np.concatenate(parts, 1)
