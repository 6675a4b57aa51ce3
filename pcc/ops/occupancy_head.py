"""One stage of the occupancy head in integers: the logits of one octant for some nodes of a level.

    context = sum of the context weights of the visible bits                            (pcc.ops.occupancy_context)
    z1 = requantise(bias1 + feats @ weight1 + (context << context_shift), multiplier1, shift1)
    z2 = requantise(bias2 + z1 @ weight2, multiplier2, shift2)
    logit = clamp(round_shift((bias3 + z2 @ weight3) * multiplier3, shift3), -3584, 3584)      in 1/256 bit

In stage 7 a node without a bit so far has the logit 3584: its last octant is certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty
from pcc.ops.occupancy_context import NUM_OFFSETS, visible_bits_reference
from pcc.ops.requantise import requantise_reference, round_shift_reference

LOGIT_MAX = 3584
MAX_CONTEXT_SHIFT = 15
MAX_HIDDEN: int = _ext.HEAD_MAX_HIDDEN


@dataclass(frozen=True, eq=False)
class HeadStage:
    """Weights of one stage; C channels, H hidden units (a multiple of 16, at most MAX_HIDDEN)."""

    weight1: np.ndarray  # (C, H) int8
    context: np.ndarray  # (27, 8, H) int8
    context_shift: np.ndarray  # (H,) uint8
    multiplier1: np.ndarray  # (H,) int32
    shift1: int
    weight2: np.ndarray  # (H, H) int8
    bias2: np.ndarray  # (H,) int32
    multiplier2: np.ndarray  # (H,) int32
    shift2: int
    weight3: np.ndarray  # (H,) int8
    bias3: int
    multiplier3: int
    shift3: int

    def __post_init__(self) -> None:
        c, h = self.weight1.shape
        if h % 16 or h > MAX_HIDDEN or c % 4:
            raise ValueError(f"weight1: expected C a multiple of 4, H of 16 up to {MAX_HIDDEN}, got ({c}, {h})")
        check(self.weight1, "weight1", "int8", (c, h))
        check(self.context, "context", "int8", (NUM_OFFSETS, 8, h))
        check(self.context_shift, "context_shift", "uint8", (h,))
        check(self.weight2, "weight2", "int8", (h, h))
        check(self.weight3, "weight3", "int8", (h,))
        for name in ("multiplier1", "bias2", "multiplier2"):
            check(getattr(self, name), name, "int32", (h,))
        if self.context_shift.max(initial=0) > MAX_CONTEXT_SHIFT:
            raise ValueError(f"context_shift: expected 0..{MAX_CONTEXT_SHIFT}, got {self.context_shift.max()}")
        if not all(1 <= shift <= 62 for shift in (self.shift1, self.shift2, self.shift3)):
            raise ValueError(f"shift1..3: expected 1..62, got {self.shift1}, {self.shift2}, {self.shift3}")


def logits(
    head: HeadStage,
    stage: int,
    feats: Array,
    neighbours: Array,
    occupancy: Array,
    rows: Array,
    *,
    bias1: Array,
    checkerboard: bool,
    parity: int,
) -> Array:
    """Logits of octant ``stage`` for the nodes ``rows``.

    Args:
        feats: (N, C) uint8; neighbours: (N, 27) int32; occupancy: (N,) uint8, of which only visible bits are read.
        rows: (R,) int32; all of parity ``parity`` when ``checkerboard``.
        bias1: (H,) int32 for the nodes' scale and parity.

    Returns:
        (R,) int16, log2 odds of a one in 1/256 bit.
    """
    c, h = head.weight1.shape
    feats = check(feats, "feats", "uint8", (None, c))
    n = feats.shape[0]
    rows = check(rows, "rows", "int32", (None,))
    out = empty(feats, tuple(rows.shape), np.int16)
    neighbours = check(neighbours, "neighbours", "int32", (n, NUM_OFFSETS))
    occupancy = check(occupancy, "occupancy", "uint8", (n,))
    bias1 = check(bias1, "bias1", "int32", (h,))
    if stage not in range(8) or parity not in (0, 1):
        raise ValueError(f"stage, parity: expected 0..7 and 0 or 1, got {stage} and {parity}")
    layer1 = head.weight1, head.context, head.context_shift, bias1, head.multiplier1, head.shift1
    layer2 = head.weight2, head.bias2, head.multiplier2, head.shift2
    layer3 = head.weight3, head.bias3, head.multiplier3, head.shift3
    nodes = feats, neighbours, occupancy, rows
    if not _ext.occupancy_head(*nodes, checkerboard, parity, stage, *layer1, *layer2, *layer3, out):
        raise ValueError(f"rows: expected 0..{n - 1}")
    return out


def logits_reference(
    head: HeadStage,
    stage: int,
    feats: np.ndarray,
    neighbours: np.ndarray,
    occupancy: np.ndarray,
    octants: np.ndarray,
    rows: np.ndarray,
    *,
    bias1: np.ndarray,
    checkerboard: bool,
) -> np.ndarray:
    """The definition, in int64; ``octants`` (N,) uint8 give the parities."""
    bits = visible_bits_reference(neighbours, occupancy, octants, stage, checkerboard)[rows]
    context = np.einsum("ndo,doc->nc", bits, head.context.astype(np.int64))
    acc = bias1 + feats[rows].astype(np.int64) @ head.weight1.astype(np.int64)
    acc = acc + (context << head.context_shift.astype(np.int64))
    z = requantise_reference(acc, head.multiplier1, head.shift1).astype(np.int64)
    z = requantise_reference(head.bias2 + z @ head.weight2.astype(np.int64), head.multiplier2, head.shift2).astype(
        np.int64
    )
    out = round_shift_reference((head.bias3 + z @ head.weight3.astype(np.int64)) * head.multiplier3, head.shift3)
    out = np.clip(out, -LOGIT_MAX, LOGIT_MAX)
    if stage == 7:
        out[(occupancy[rows] & 127) == 0] = LOGIT_MAX
    return out.astype(np.int16)
