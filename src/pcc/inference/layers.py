"""The integer layers of one weight set, read from tensors and checked.

Checked when read, so that nothing needs checking when they run: shapes and dtypes, shifts in 1..62, multipliers not
negative, and that no accumulator can leave 32 bits whatever the inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcc.geometry.coding_order import LONE_ORDER, SELF, CodingOrder
from pcc.geometry.octree import Level
from pcc.inference.lossy import check_lossy_scale
from pcc.ops import conv_int8, occupancy_context
from pcc.ops.neighbour_lists import NeighbourLists
from pcc.ops.occupancy_head import MAX_HIDDEN, HeadGroup, OccupancyHead

MAX_SPARSE_OFFSET = 127

Tensors = Mapping[str, np.ndarray]
INT32_MAX = 2**31 - 1
WEIGHT_BOUND = 128


@dataclass(frozen=True, eq=False)
class Layer:
    """s8 weights (K, CI, CO), s32 bias (..., CO), and the way back to u8."""

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: int
    residual_multiplier: int = 0


@dataclass(frozen=True, eq=False)
class Head:
    """The layers of a head, and the order of its passes."""

    layers: OccupancyHead
    bias: np.ndarray  # (rows, colours, groups, H) int32
    order: CodingOrder

    @property
    def macs(self) -> int:
        """Products for one node."""
        return sum(g.weight1.size + g.weight2.size + g.weight3.size for g in self.layers.groups)


@dataclass(frozen=True, eq=False)
class WeightSet:
    """All layers that serve one range of scales."""

    expand: Layer  # weight (8, C, C), bias (rows, 8, C)
    convs: tuple[Layer, ...]  # two per residual block
    absorb: Layer  # weight (27, 8, C)
    head: Head
    lone_head: Head | None  # of nodes without neighbours

    def expand_children(self, feats: np.ndarray | None, level: Level, row: int) -> np.ndarray:
        e = self.expand
        return conv_int8.expand(
            feats, e.weight, level.parents, level.octants, bias=e.bias[row], multiplier=e.multiplier, shift=e.shift
        )

    def refine(self, x: np.ndarray, level: Level) -> np.ndarray:
        for first, second in zip(self.convs[::2], self.convs[1::2], strict=True):
            t = _convolve(first, x, level, None)
            x = _convolve(second, t, level, x)
        return x

    def absorb_occupancy(self, feats: np.ndarray, lists: NeighbourLists, occupancy: np.ndarray) -> np.ndarray:
        a = self.absorb
        return occupancy_context.absorb(
            feats, a.weight, lists, occupancy, bias=a.bias, multiplier=a.multiplier, shift=a.shift,
            residual_multiplier=a.residual_multiplier,
        )  # fmt: skip

    def macs(self, level: Level) -> int:
        """Products of all layers for a level's nodes; context sums are additions and count nothing."""
        counts = (level.neighbours >= 0).sum(1)
        heads = len(level) * self.head.macs
        if self.lone_head is not None:
            heads += int((counts == 1).sum()) * (self.lone_head.macs - self.head.macs)
        convolutions = int(counts.sum()) * sum(c.weight[0].size for c in self.convs)
        return len(level) * self.expand.weight[0].size + heads + convolutions


def _convolve(layer: Layer, x: np.ndarray, level: Level, residual: np.ndarray | None) -> np.ndarray:
    return conv_int8.forward(
        x, layer.weight, level.neighbours, bias=layer.bias, multiplier=layer.multiplier, shift=layer.shift,
        residual=residual, residual_multiplier=layer.residual_multiplier if residual is not None else 0,
    )  # fmt: skip


def check_sparse_offset(offset: object) -> None:
    """Raise ValueError unless it is None or 1..127 (with the levels to go it must stay below 256)."""
    if offset is not None and not (type(offset) is int and 1 <= offset <= MAX_SPARSE_OFFSET):
        raise ValueError(f"sparse_offset: expected 1 to {MAX_SPARSE_OFFSET} or none, got {offset!r}")


def check_config(config: Mapping[str, Any]) -> None:
    """Whether the shape of a network makes sense; what it means is `pcc.models.occupancy.OccupancyConfig`.

    Raises:
        KeyError, ValueError, TypeError: it does not.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"config: expected an object, got {type(config).__name__}")
    finest = config.get("finest_voxel_m")
    if finest is not None and not (isinstance(finest, float | int) and 0 < finest < float("inf")):
        raise ValueError(f"config: expected a positive finest_voxel_m or none, got {finest!r}")
    check_sparse_offset(config.get("sparse_offset"))  # the key is younger than the format
    scales, blocks = list(config["scales"]), list(config["blocks"])
    counts = [config["channels"], config["hidden"], config["max_scale"], *scales, *blocks]
    lone_hidden = config.get("lone_hidden", 0)  # the key is younger than the format
    counts += [config["colours"], config["groups"], lone_hidden]
    if not all(type(count) is int for count in counts) or type(config["by_colour"]) is not bool:
        raise TypeError("config: expected integers, and true or false for by_colour")
    CodingOrder(config["colours"], config["groups"], config["by_colour"])
    if min(counts[:2]) < 16 or config["channels"] % 16 or config["hidden"] % 16:
        raise ValueError(f"config: expected channels and hidden in multiples of 16, got {counts[:2]}")
    if lone_hidden % 16 or not 0 <= lone_hidden <= MAX_HIDDEN:
        raise ValueError(f"config: expected lone_hidden 0 or a multiple of 16 up to {MAX_HIDDEN}, got {lone_hidden}")
    if len(blocks) != len(scales) or min(blocks, default=-1) < 0:
        raise ValueError(f"config: expected blocks for each scale, got {blocks} and {scales}")
    if scales[0] != 1 or scales != sorted(set(scales)) or config["max_scale"] < scales[-1]:
        raise ValueError(f"config: expected scales from 1 to max_scale, got {scales} and {config['max_scale']}")
    check_lossy_scale(
        config.get("lossy_scale"), scales, config["max_scale"], lone_hidden
    )  # the key is younger than the format


def read_set(tensors: Tensors, index: int, config: Mapping[str, Any], order: CodingOrder) -> WeightSet:
    """Weight set ``index`` of a program.

    Raises:
        KeyError, ValueError, TypeError: a tensor is missing or does not fit.
    """
    c, h, rows = config["channels"], config["hidden"], _num_rows(config, index)
    prefix = f"set{index}"
    num_convs = 2 * config["blocks"][index]
    convs = tuple(_read_layer(tensors, f"{prefix}.conv{j}", (27, c, c), (c,), 27 * c * 255) for j in range(num_convs))
    lone_head = None
    if lone_hidden := config["lone_hidden"]:
        lone_head = _read_head(tensors, f"{prefix}.lone", c, lone_hidden, rows, LONE_ORDER, lone=True)
    return WeightSet(
        expand=_read_layer(tensors, f"{prefix}.expand", (8, c, c), (rows, 8, c), c * 255),
        convs=convs,
        absorb=_read_layer(tensors, f"{prefix}.absorb", (27, 8, c), (c,), 27 * 8),
        head=_read_head(tensors, f"{prefix}.head", c, h, rows, order),
        lone_head=lone_head,
    )


def _num_rows(config: Mapping[str, Any], index: int) -> int:
    """Scales that a weight set serves, each with a bias of its own."""
    first_scales = [*config["scales"], config["max_scale"] + 1]
    return first_scales[index + 1] - first_scales[index]


def _read_layer(
    tensors: Tensors, name: str, shape: tuple[int, ...], bias_shape: tuple[int, ...], largest_input_sum: int
) -> Layer:
    weight = _tensor(tensors, f"{name}.weight", np.int8, shape)
    bias = _tensor(tensors, f"{name}.bias", np.int32, bias_shape)
    multiplier = _tensor(tensors, f"{name}.multiplier", np.int32, shape[-1:])
    shift, residual = (int(v) for v in _tensor(tensors, f"{name}.scalars", np.int32, (2,)))
    if multiplier.min() < 0 or residual < 0 or not 1 <= shift <= 62:
        raise ValueError(f"{name}: multiplier or shift out of range")
    if largest_input_sum * WEIGHT_BOUND + int(np.abs(bias.astype(np.int64)).max(initial=0)) > INT32_MAX:
        raise ValueError(f"{name}: an accumulator could leave 32 bits")
    return Layer(weight, bias, multiplier, shift, residual)


def _read_head(
    tensors: Tensors, name: str, c: int, h: int, rows: int, order: CodingOrder, *, lone: bool = False
) -> Head:
    groups = [_read_group(tensors, f"{name}{g}", c, h, rows, order, lone=lone) for g in range(order.groups)]
    layers = OccupancyHead([group for group, _ in groups], order.colour_masks())
    return Head(layers, np.stack([bias for _, bias in groups], 2), order)


def _read_group(
    tensors: Tensors, name: str, c: int, h: int, rows: int, order: CodingOrder, *, lone: bool
) -> tuple[HeadGroup, np.ndarray]:
    outputs = 2**order.group_size - 1
    shift1, shift2, shift3 = (int(v) for v in _tensor(tensors, f"{name}.scalars", np.int32, (3,)))
    group = HeadGroup(
        weight1=_tensor(tensors, f"{name}.weight1", np.int8, (c, h)),
        context=_context(tensors, f"{name}.context", h, lone=lone),
        context_shift=_tensor(tensors, f"{name}.context_shift", np.uint8, (h,)),
        multiplier1=_tensor(tensors, f"{name}.multiplier1", np.int32, (h,)),
        shift1=shift1,
        weight2=_tensor(tensors, f"{name}.weight2", np.int8, (h, h)),
        bias2=_tensor(tensors, f"{name}.bias2", np.int32, (h,)),
        multiplier2=_tensor(tensors, f"{name}.multiplier2", np.int32, (h,)),
        shift2=shift2,
        weight3=_tensor(tensors, f"{name}.weight3", np.int8, (h, outputs)),
        bias3=_tensor(tensors, f"{name}.bias3", np.int32, (outputs,)),
        multiplier3=_tensor(tensors, f"{name}.multiplier3", np.int32, (outputs,)),
        shift3=shift3,
    )
    bias1 = _tensor(tensors, f"{name}.bias1", np.int32, (rows, order.colours, h))
    context = np.abs(group.context.astype(np.int64)).sum((0, 1)) << group.context_shift.astype(np.int64)
    bound1 = 255 * WEIGHT_BOUND * c + context + np.abs(bias1.astype(np.int64)).max((0, 1))
    bound2 = 255 * WEIGHT_BOUND * h + np.abs(group.bias2.astype(np.int64))
    bound3 = 255 * WEIGHT_BOUND * h + np.abs(group.bias3.astype(np.int64))
    if max(bound1.max(), bound2.max(), bound3.max()) > INT32_MAX:
        raise ValueError(f"{name}: an accumulator could leave 32 bits")
    return group, bias1


def _context(tensors: Tensors, name: str, h: int, *, lone: bool) -> np.ndarray:
    """(27, 8, H) int8; for lone nodes the file holds the node itself only, (8, H)."""
    if not lone:
        return _tensor(tensors, name, np.int8, (27, 8, h))
    context = np.zeros((27, 8, h), np.int8)
    context[SELF] = _tensor(tensors, name, np.int8, (8, h))
    return context


def _tensor(tensors: Tensors, name: str, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    tensor = tensors[name]
    if tensor.dtype != dtype or tensor.shape != shape:
        raise ValueError(f"{name}: expected {shape} {np.dtype(dtype)}, got {tensor.shape} {tensor.dtype}")
    return np.ascontiguousarray(tensor)
