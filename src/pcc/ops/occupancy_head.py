"""The occupancy head in integers: for some nodes of a level, the logits of the bits that a pass codes.

A pass codes one group of G = 8 / groups octants of the nodes of one colour (`pcc.geometry.coding_order`), with
T = 2^G - 1 logits a node, one per vertex of the binary tree of the G decisions (`pcc.ops.tables.tree_frequencies`).

    context = sum of the context weights of the visible bits                            (pcc.ops.occupancy_context)
    z1 = requantise(bias1 + feats @ weight1 + (context << context_shift), multiplier1, shift1)
    z2 = requantise(bias2 + z1 @ weight2, multiplier2, shift2)
    logit = clamp(round_shift((bias3 + z2 @ weight3) * multiplier3, shift3), -3584, 3584)      in 1/256 bit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check
from pcc.ops.neighbour_lists import NeighbourLists
from pcc.ops.occupancy_context import NUM_OFFSETS
from pcc.ops.requantise import requantise_reference, round_shift_reference

LOGIT_MAX = 3584
MAX_CONTEXT_SHIFT = 15
MAX_HIDDEN: int = _ext.HEAD_MAX_HIDDEN
MAX_OUTPUTS: int = _ext.HEAD_MAX_OUTPUTS


@dataclass(frozen=True, eq=False)
class HeadGroup:
    """Weights of one group; C channels, H hidden units (a multiple of 16, at most MAX_HIDDEN), T outputs."""

    weight1: np.ndarray  # (C, H) int8
    context: np.ndarray  # (27, 8, H) int8
    context_shift: np.ndarray  # (H,) uint8
    multiplier1: np.ndarray  # (H,) int32
    shift1: int
    weight2: np.ndarray  # (H, H) int8
    bias2: np.ndarray  # (H,) int32
    multiplier2: np.ndarray  # (H,) int32
    shift2: int
    weight3: np.ndarray  # (H, T) int8
    bias3: np.ndarray  # (T,) int32
    multiplier3: np.ndarray  # (T,) int32
    shift3: int

    def __post_init__(self) -> None:
        c, h = self.weight1.shape
        t = self.weight3.shape[-1]
        if not 16 <= h <= MAX_HIDDEN or h % 16 or c < 4 or c % 4:
            raise ValueError(f"weight1: expected C a multiple of 4, H of 16 up to {MAX_HIDDEN}, got ({c}, {h})")
        if not 1 <= t <= MAX_OUTPUTS:
            raise ValueError(f"weight3: expected 1..{MAX_OUTPUTS} outputs, got {t}")
        check(self.weight1, "weight1", "int8", (c, h))
        check(self.context, "context", "int8", (NUM_OFFSETS, 8, h))
        check(self.context_shift, "context_shift", "uint8", (h,))
        check(self.weight2, "weight2", "int8", (h, h))
        check(self.weight3, "weight3", "int8", (h, t))
        for name, size in (("multiplier1", h), ("bias2", h), ("multiplier2", h), ("bias3", t), ("multiplier3", t)):
            check(getattr(self, name), name, "int32", (size,))
        if self.context_shift.max(initial=0) > MAX_CONTEXT_SHIFT:
            raise ValueError(f"context_shift: expected 0..{MAX_CONTEXT_SHIFT}, got {self.context_shift.max()}")
        if min(self.multiplier1.min(), self.multiplier2.min(), self.multiplier3.min()) < 0:
            raise ValueError("multiplier1..3: expected 0 or more, one is negative")
        if not all(1 <= shift <= 62 for shift in (self.shift1, self.shift2, self.shift3)):
            raise ValueError(f"shift1..3: expected 1..62, got {self.shift1}, {self.shift2}, {self.shift3}")


class OccupancyHead:
    """The heads of all groups of a weight set, packed once for each instruction set that is used.

    It never changes, and several threads may use it at once.

    Args:
        groups: the weights of every group, of equal shapes; at least one.
        masks: (groups, colours, 27) uint8, the visible bits of each neighbour; `CodingOrder.colour_masks`.

    Raises:
        ValueError: shapes differ.
    """

    def __init__(self, groups: Sequence[HeadGroup], masks: np.ndarray) -> None:
        if len({(g.weight1.shape, g.weight3.shape) for g in groups}) != 1:
            raise ValueError("groups: expected at least one, of equal shapes")
        (self.channels, self.hidden), self.outputs = groups[0].weight1.shape, groups[0].weight3.shape[1]
        self.masks = check(masks, "masks", "uint8", (len(groups), None, NUM_OFFSETS))
        self.groups = tuple(groups)
        arrays = [[np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v for v in _values(g)] for g in groups]
        packed = [_ext.head_group(*values) for values in arrays]
        self._impl = _ext.OccupancyHead(self.channels, self.hidden, self.outputs, packed, self.masks)

    def logits(
        self,
        feats: np.ndarray,
        lists: NeighbourLists,
        occupancy: np.ndarray,
        *,
        colour: int,
        listed: int | None = None,
        first: int,
        bias1: np.ndarray,
    ) -> np.ndarray:
        """Logits of the groups first, first + 1, ... (as many as bias1 has rows) for the nodes of a colour.

        Args:
            feats: (N, C) uint8; occupancy: (N,) uint8, of which only visible bits are read.
            lists: of the level.
            colour: of the nodes in this head.
            listed: their colour in the lists; None: the same.
            bias1: (K, H) int32, for the nodes' scale and colour.

        Returns:
            (K, R, T) int16 for the R nodes `lists.of_colour(listed)`, log2 odds of a one in 1/256 bit.

        Raises:
            TypeError, ValueError: an argument does not fit.
        """
        n, colours = len(lists), self.masks.shape[1]
        bias1 = check(bias1, "bias1", "int32", (None, self.hidden))
        if not (0 <= first <= first + len(bias1) <= len(self.groups) and 0 <= colour < colours):
            raise ValueError(f"colour, first, bias1: no such passes: {colour}, {first}, {len(bias1)}")
        listed = colour if listed is None else listed
        if not 0 <= listed < len(lists.starts) - 1:
            raise ValueError(f"listed: the lists have {len(lists.starts) - 1} colours, got {listed}")
        feats = check(feats, "feats", "uint8", (n, self.channels))
        occupancy = check(occupancy, "occupancy", "uint8", (n,))
        place, end = lists.starts[listed : listed + 2]
        out = np.empty((len(bias1), end - place, self.outputs), np.int16)
        tables = lists.rows, lists.begin, lists.entries
        self._impl.logits(feats, *tables, occupancy, place, colour, first, bias1, out)
        return out


def _values(group: HeadGroup) -> list[np.ndarray | int]:
    return [getattr(group, field.name) for field in fields(group)]


def logits_reference(
    group: HeadGroup,
    masks: np.ndarray,
    feats: np.ndarray,
    neighbours: np.ndarray,
    occupancy: np.ndarray,
    rows: np.ndarray,
    bias1: np.ndarray,
) -> np.ndarray:
    """The definition for one group, in int64: (R, T) int16; masks (27,) uint8, bias1 (H,)."""
    near = neighbours[rows]
    seen = np.where(near >= 0, occupancy[near], 0) & masks  # (R, 27)
    bits = seen[..., None] >> np.arange(8) & 1
    context = np.einsum("ndo,doc->nc", bits.astype(np.int64), group.context.astype(np.int64))
    acc = bias1 + feats[rows].astype(np.int64) @ group.weight1.astype(np.int64)
    acc = acc + (context << group.context_shift.astype(np.int64))
    z = requantise_reference(acc, group.multiplier1, group.shift1).astype(np.int64)
    acc = group.bias2 + z @ group.weight2.astype(np.int64)
    z = requantise_reference(acc, group.multiplier2, group.shift2).astype(np.int64)
    out = round_shift_reference((group.bias3 + z @ group.weight3.astype(np.int64)) * group.multiplier3, group.shift3)
    return np.clip(out, -LOGIT_MAX, LOGIT_MAX).astype(np.int16)
