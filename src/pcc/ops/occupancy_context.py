"""What a node learns from occupancies around it that are already coded.

    out[n, c] = sum over neighbours d and set bits o of occupancy[neighbours[n, d]], as far as column c may see them,
                of weights[d, o, c]

The columns are equal groups. Group g of a node in octant a sees bit o of neighbour d if first_group[a, d, o] <= g
(`pcc.geometry.coding_order` makes such tables). The inputs are bits, so this costs additions and no products.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty
from pcc.ops.neighbour_lists import NeighbourLists
from pcc.ops.requantise import check_shift

NUM_OFFSETS = 27
ALL_SEEN = np.zeros((8, NUM_OFFSETS, 8), np.uint8)  # every bit from the first group on


def forward(
    weights: Array,
    neighbours: Array,
    occupancy: Array,
    octants: Array,
    first_group: np.ndarray = ALL_SEEN,
    num_groups: int = 1,
) -> Array:
    """Sum the weights of the visible bits.

    Args:
        weights: (27, 8, C) float32; C a multiple of num_groups.
        neighbours: (N, 27) int32 rows; -1, or anything that is no row, where empty.
        occupancy: (N,) uint8, bit i = octant i.
        octants: (N,) uint8, the node's place in its parent.
        first_group: (8, 27, 8) uint8, see above; at most num_groups.

    Returns:
        (N, C) float32.
    """
    weights = check(weights, "weights", "float32", (NUM_OFFSETS, 8, None))
    n, columns = neighbours.shape[0], weights.shape[2]
    first_group = _check_groups(columns, first_group, num_groups)
    neighbours, occupancy, octants = _check_nodes(neighbours, occupancy, octants)
    out = empty(weights, (n, columns), np.float32)
    _ext.context_forward(weights, neighbours, occupancy, octants, first_group, out, num_groups)
    return out


def backward(
    grad_out: Array,
    neighbours: Array,
    occupancy: Array,
    octants: Array,
    first_group: np.ndarray = ALL_SEEN,
    num_groups: int = 1,
) -> Array:
    """Gradient for the weights, (27, 8, C) float32, from grad_out (N, C) float32."""
    grad_out = check(grad_out, "grad_out", "float32", (neighbours.shape[0], None))
    first_group = _check_groups(grad_out.shape[1], first_group, num_groups)
    neighbours, occupancy, octants = _check_nodes(neighbours, occupancy, octants)
    grad = empty(grad_out, (NUM_OFFSETS, 8, grad_out.shape[1]), np.float32)
    _ext.context_backward(grad_out, neighbours, occupancy, octants, first_group, grad, num_groups)
    return grad


def absorb(
    feats: Array,
    weights: Array,
    lists: NeighbourLists,
    occupancy: Array,
    *,
    bias: Array,
    multiplier: Array,
    shift: int,
    residual_multiplier: int,
) -> Array:
    """Integer form, every bit seen: requantise(bias + context, multiplier; + feats * residual_multiplier).

    Args:
        feats: (N, C) uint8, the residual.
        weights: (27, 8, C) int8, C a multiple of 16.
        lists: of the level, by any colours.
        bias, multiplier: (C,) int32.
        shift: 1..62.

    Returns:
        (N, C) uint8; docs/arithmetic.md, requantisation.
    """
    weights = check(weights, "weights", "int8", (NUM_OFFSETS, 8, None))
    columns = weights.shape[2]
    if columns % 16:
        raise ValueError(f"weights: expected columns in multiples of 16, got {columns}")
    n = len(lists)
    feats, occupancy = check(feats, "feats", "uint8", (n, columns)), check(occupancy, "occupancy", "uint8", (n,))
    bias, multiplier = check(bias, "bias", "int32", (columns,)), check(multiplier, "multiplier", "int32", (columns,))
    out = empty(feats, (n, columns), np.uint8)
    check_shift(shift)
    tables = lists.rows, lists.begin, lists.entries
    _ext.context_absorb(feats, weights, *tables, occupancy, bias, multiplier, shift, residual_multiplier, out)
    return out


def _check_groups(columns: int, first_group: np.ndarray, num_groups: int) -> np.ndarray:
    if num_groups < 1 or columns % num_groups:
        raise ValueError(f"weights: expected columns in multiples of {num_groups}, got {columns}")
    first_group = np.asarray(check(first_group, "first_group", "uint8", (8, NUM_OFFSETS, 8)))
    if first_group.max() > num_groups:
        raise ValueError(f"first_group: expected at most {num_groups}, got {first_group.max()}")
    return first_group


def _check_nodes(neighbours: Array, occupancy: Array, octants: Array) -> tuple[Array, Array, Array]:
    n = neighbours.shape[0]
    return (
        check(neighbours, "neighbours", "int32", (n, NUM_OFFSETS)),
        check(occupancy, "occupancy", "uint8", (n,)),
        check(octants, "octants", "uint8", (n,)),
    )


def visible_bits_reference(
    neighbours: np.ndarray, occupancy: np.ndarray, octants: np.ndarray, first_group: np.ndarray, group: int
) -> np.ndarray:
    """(N, 27, 8) int64 zeros and ones: the bits that a group sees."""
    bits = np.zeros((*neighbours.shape, 8), np.int64)
    for n, row in enumerate(neighbours):
        for d, m in enumerate(row):
            for o in range(8):
                if m >= 0 and first_group[octants[n], d, o] <= group:
                    bits[n, d, o] = occupancy[m] >> o & 1
    return bits


def forward_reference(
    weights: np.ndarray,
    neighbours: np.ndarray,
    occupancy: np.ndarray,
    octants: np.ndarray,
    first_group: np.ndarray = ALL_SEEN,
    num_groups: int = 1,
) -> np.ndarray:
    """The definition, group by group, in float64 (or in integers for integer weights)."""
    wide = weights.astype(np.float64 if weights.dtype.kind == "f" else np.int64)
    size = weights.shape[2] // num_groups
    parts = []
    for g in range(num_groups):
        bits = visible_bits_reference(neighbours, occupancy, octants, first_group, g)
        parts.append(np.einsum("ndo,doc->nc", bits, wide[:, :, g * size : (g + 1) * size]))
    return np.concatenate(parts, 1)
