"""Training of the occupancy head: the bits of a level under float weights, and all their gradients, in one pass.

For every node n of `rows` and group g of G octants, with T = 2^G - 1 outputs (`pcc.geometry.coding_order`):

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

LOGIT_TOP = 14.0  # bits
WEIGHTS = ("weight1", "context", "bias1", "weight2", "bias2", "weight3", "bias3")


def occupancy_bits(
    feats: Array,
    weights: Sequence[Array],
    neighbours: Array,
    occupancy: Array,
    octants: Array,
    order: CodingOrder,
    rows: Array | None = None,
    *,
    target: Array | None = None,
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
        rows: (R,) int32, distinct: the nodes whose bits count; None: all.
        target: (N,) uint8, the bits that cost; None: those of ``occupancy``, which are those that are seen.
        step: of the activations.
        quantised: round activations and logits.
        gradients: also give the gradients of the bits.

    Returns:
        The bits, and the gradients of feats and weights in their order, or an empty list.

    Raises:
        TypeError, ValueError: an argument does not fit.
    """
    feats, nodes, checked = _checked(feats, weights, neighbours, occupancy, target, octants, order)
    n = feats.shape[0]
    rows = np.arange(n, dtype=np.int32) if rows is None else _checked_rows(rows, n)
    grads = [zeros(a, tuple(a.shape), np.float32) for a in (feats, *checked)] if gradients else []
    masks = order.colour_of, order.octant_masks
    bits = _ext.occupancy_bits(feats, *nodes, rows, *masks, *checked, step, quantised, grads)
    return bits, grads


def decide(
    feats: Array,
    weights: Sequence[Array],
    neighbours: Array,
    target: Array,
    octants: Array,
    order: CodingOrder,
    *,
    thresholds: np.ndarray,
    step: float,
    quantised: bool,
) -> np.ndarray:
    """The occupancies (N,) uint8 that come out where only uncertain decisions are coded, pass by pass.

    Args:
        thresholds: of the order's passes, in bits: a decision whose logit is below in magnitude is that of ``target``;
            others are the likelier symbol, whatever the target says.
        others: as `occupancy_bits`.
    """
    occupancy = np.zeros(len(target), np.uint8)
    feats, nodes, checked = _checked(feats, weights, neighbours, occupancy, target, octants, order)
    colours = order.colour_of[np.asarray(octants) & 7]
    of_colour = [np.flatnonzero(colours == colour).astype(np.int32) for colour in range(order.colours)]
    masks = order.colour_of, order.octant_masks
    for (group, colour), threshold in zip(order.passes, thresholds, strict=True):
        _ext.occupancy_decide(
            feats, *nodes, of_colour[colour], *masks, *checked, step, quantised, group, float(threshold)
        )
    return occupancy


def _checked(
    feats: Array, weights: Sequence[Array], neighbours: Array, occupancy: Array, target: Array | None, octants: Array,
    order: CodingOrder,
) -> tuple[Array, tuple[Array, ...], list[Array]]:  # fmt: skip
    """Feats, nodes (neighbours, occupancy, target, octants) and weights."""
    feats, n = check(feats, "feats", "float32", (None, None)), feats.shape[0]
    g, _, h = weights[0].shape
    c, t = feats.shape[1], 2**order.group_size - 1
    if g != order.groups or h % 16 or c % 16:
        raise ValueError(f"weights: expected {order.groups} groups, C and H in multiples of 16, got {g}, {c} and {h}")
    shapes = (g, c, h), (g, NUM_OFFSETS, 8, h), (order.colours, g, h), (g, h, h), (g, h), (g, t, h), (g, t)
    checked = [check(w, name, "float32", shape) for w, name, shape in zip(weights, WEIGHTS, shapes, strict=True)]
    occupancy = check(occupancy, "occupancy", "uint8", (n,))
    nodes = (
        check(neighbours, "neighbours", "int32", (n, NUM_OFFSETS)),
        occupancy,
        occupancy if target is None else check(target, "target", "uint8", (n,)),
        check(octants, "octants", "uint8", (n,)),
    )
    return feats, nodes, checked


def _checked_rows(rows: Array, n: int) -> Array:
    rows = check(rows, "rows", "int32", (None,))
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < n:
        raise ValueError(f"rows: expected 0..{n - 1}, got {int(rows.min())}..{int(rows.max())}")
    return rows


def occupancy_bits_reference(
    feats: np.ndarray,
    weights: Sequence[np.ndarray],
    neighbours: np.ndarray,
    occupancy: np.ndarray,
    octants: np.ndarray,
    order: CodingOrder,
    rows: np.ndarray | None = None,
    *,
    target: np.ndarray | None = None,
    step: float,
    quantised: bool,
) -> float:
    """The bits by their definition, group by group in float64."""
    rows = np.arange(len(occupancy)) if rows is None else rows
    target, known = (occupancy if target is None else target)[rows].astype(np.int64), occupancy[rows].astype(np.int64)
    total = 0.0
    for g in range(order.groups):
        tree = _tree_reference(feats, weights, neighbours, occupancy, octants, order, rows, g, step, quantised)
        for j in range(order.group_size):
            logits = _logits_reference(tree, known, g, j, order, quantised)
            one = target >> g * order.group_size + j & 1
            total += np.log2(1 + 2.0 ** np.where(one, -logits, logits)).sum()
    return float(total)


def decide_reference(
    feats: np.ndarray,
    weights: Sequence[np.ndarray],
    neighbours: np.ndarray,
    target: np.ndarray,
    octants: np.ndarray,
    order: CodingOrder,
    *,
    thresholds: np.ndarray,
    step: float,
    quantised: bool,
) -> np.ndarray:
    """`decide` by its definition, pass by pass in float64."""
    occupancy = np.zeros(len(target), np.uint8)
    for (g, colour), threshold in zip(order.passes, thresholds, strict=True):
        rows = np.flatnonzero(order.colour_of[octants] == colour)
        tree = _tree_reference(feats, weights, neighbours, occupancy, octants, order, rows, g, step, quantised)
        for j in range(order.group_size):
            bit, known = g * order.group_size + j, occupancy[rows].astype(np.int64)
            logits = _logits_reference(tree, known, g, j, order, quantised)
            sure = np.abs(logits) >= threshold
            if bit == 7:
                sure |= known & 127 == 0
            one = np.where(sure, logits > 0, target[rows] >> bit & 1)
            occupancy[rows] |= (one.astype(np.uint8) << bit).astype(np.uint8)
    return occupancy


def _tree_reference(
    feats: np.ndarray, weights: Sequence[np.ndarray], neighbours: np.ndarray, occupancy: np.ndarray,
    octants: np.ndarray, order: CodingOrder, rows: np.ndarray, group: int, step: float, quantised: bool,
) -> np.ndarray:  # fmt: skip
    """(R, T) outputs of a group of octants for the nodes ``rows``."""
    weight1, context, bias1, weight2, bias2, weight3, bias3 = (w.astype(np.float64) for w in weights)
    near = np.where((neighbours >= 0) & (neighbours < len(occupancy)), neighbours, -1)[rows]
    around = np.where(near >= 0, occupancy[near], 0) & order.octant_masks[octants[rows], group]  # (R, 27)
    visible = (around[..., None] >> np.arange(8) & 1).astype(np.float64)
    x = (
        feats[rows] @ weight1[group]
        + bias1[order.colour_of[octants[rows]], group]
        + np.einsum("ndo,doh->nh", visible, context[group])
    )
    x = _activate(_activate(x, step, quantised) @ weight2[group] + bias2[group], step, quantised)
    return x @ weight3[group].T + bias3[group]


def _activate(x: np.ndarray, step: float, quantised: bool) -> np.ndarray:
    return np.clip(np.rint(x / step), 0, 255) * step if quantised else np.clip(x, 0, 255 * step)


def _logits_reference(
    tree: np.ndarray, known: np.ndarray, group: int, j: int, order: CodingOrder, quantised: bool
) -> np.ndarray:
    """(R,) logits of decision ``j`` of a group, by the nodes' bits (R,) int64 that are known."""
    values = known >> group * order.group_size
    raw = tree[np.arange(len(values)), (1 << j) - 1 + values % (1 << j)]
    logits = np.clip(np.rint(raw * 256) / 256 if quantised else raw, -LOGIT_TOP, LOGIT_TOP)
    if group * order.group_size + j == 7:
        logits = np.where(known & 127 == 0, LOGIT_TOP, logits)
    return logits
