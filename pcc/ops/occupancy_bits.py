"""Training of the occupancy head: the bits of a level under float weights, and all their gradients, in one pass.

For every node n and group g of G octants, with T = 2^G - 1 outputs (`pcc.geometry.coding_order`):

    x1 = feats[n] @ weight1[g] + bias1[colour, g] + sum of context[g] over the visible bits
    x2 = act(x1) @ weight2[g] + bias2[g]
    l = logit(act(x2) @ weight3[g].T + bias3[g])
    bits += log2(1 + 2^(-l)) for a one, log2(1 + 2^l) for a zero, for each octant of the group and the logit l that the
            lower bits choose; the last octant of a node with no child before it is certain and has the logit 14

act is `pcc.ops.activation_float`, logit a clamp to +-14, rounded to 1/256 where quantised. Nothing is kept in memory
between the way forward and the way back, so a level costs a few milliseconds where layer by layer costs ten times that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcc import _ext
from pcc.geometry.coding_order import NUM_OFFSETS, CodingOrder
from pcc.ops._arrays import Array, check, zeros

WEIGHTS = ("weight1", "context", "bias1", "weight2", "bias2", "weight3", "bias3")


def occupancy_bits(
    feats: Array,
    weights: Sequence[Array],
    neighbours: Array,
    occupancy: Array,
    octants: Array,
    order: CodingOrder,
    *,
    step: float,
    quantised: bool,
    gradients: bool,
) -> tuple[float, list[Array]]:
    """Bits of a level.

    Args:
        feats: (N, C) float32.
        weights: float32 weight1 (groups, C, H), context (groups, 27, 8, H), bias1 (colours, groups, H), weight2
            (groups, H, H), bias2 (groups, H), weight3 (groups, T, H), bias3 (groups, T).
        neighbours: (N, 27) int32; occupancy, octants: (N,) uint8.
        step: of the activations.
        quantised: round activations and logits.
        gradients: also give the gradients of the bits.

    Returns:
        The bits, and the gradients of feats and weights in their order, or an empty list.
    """
    feats, n = check(feats, "feats", "float32", (None, None)), feats.shape[0]
    g, _, h = weights[0].shape
    shapes = ((g, feats.shape[1], h), (g, NUM_OFFSETS, 8, h), (order.colours, g, h), (g, h, h), (g, h))
    shapes += ((g, 2**order.group_size - 1, h), (g, 2**order.group_size - 1))
    if g != order.groups or h % 16 or feats.shape[1] % 16:
        raise ValueError(f"weights: expected {order.groups} groups, C and H in multiples of 16, got {tuple(weights[0].shape)}")
    checked = [check(w, name, "float32", shape) for w, name, shape in zip(weights, WEIGHTS, shapes, strict=True)]
    nodes = (
        check(neighbours, "neighbours", "int32", (n, NUM_OFFSETS)),
        check(occupancy, "occupancy", "uint8", (n,)),
        check(octants, "octants", "uint8", (n,)),
    )
    grads = [zeros(a, tuple(a.shape), np.float32) for a in (feats, *checked)] if gradients else []
    bits = _ext.occupancy_bits(feats, *nodes, order.colour_of, order.octant_masks, *checked, step, quantised, grads)
    return bits, grads
