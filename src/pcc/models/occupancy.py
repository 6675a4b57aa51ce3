"""The occupancy network, as it is trained: float layers with fake quantisation.

Per level, features flow from coarse to fine and occupancies are coded in passes (`pcc.geometry.coding_order`):

    parent's feats --expand--> child's feats --residual blocks--> feats --head of a pass--> logits of its octants
                                                                    |                        ^
                                                                    |                        | bits coded so far, of the
    children <--absorb (all bits of the 27 neighbours)--------------+                        | node and its neighbours

Weights are shared by a range of scales (levels to go, `OccupancyConfig.scales`), with a bias of its own per scale.
Nodes without neighbours may have a small head of their own (`pcc.models.head`).
It is not what runs in the codec: `pcc.models.export` turns it into the integer program of `pcc.inference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from pcc.geometry.coding_order import LONE_ORDER, CodingOrder
from pcc.geometry.octree import Level
from pcc.inference.layers import check_sparse_offset
from pcc.inference.lossy import check_lossy_scale
from pcc.models.head import Head, normal
from pcc.nn.functional import OccupancyContext, SparseConvolution
from pcc.nn.quantisation import ACTIVATION_STEP, Quantiser, weight_step
from pcc.nn.rate import LOGIT_UNIT, BitSum, InferringBitSum
from pcc.ops.occupancy_head import MAX_HIDDEN
from pcc.records import check_numbers


@dataclass(frozen=True)
class OccupancyConfig:
    """Shape of the network.

    Attributes:
        channels: features per node, a multiple of 16.
        hidden: units of the head of a group, a multiple of 16, at most 64.
        blocks: residual blocks (two 3x3x3 convolutions each) per weight set.
        scales: first scale of each weight set, ascending from 1; scale = levels to go + level offset.
        max_scale: the largest scale with a bias of its own; coarser levels share it.
        finest_voxel_m: edge in metres of the voxels whose parents have scale 1, for models of clouds in metres.
        colours, groups, by_colour: see `pcc.geometry.coding_order.CodingOrder`.
        lone_hidden: units per group of the head for nodes without neighbours; 0: they have no other head than all.
        sparse_offset: level offset of sparse and noisy clouds, so that they have scales and weights of their own; None:
            they have not.
        lossy_scale: one of ``scales``, from which on they are those of levels of which not all is coded
            (`pcc.inference.lossy`); ``max_scale`` is their last. None: all levels are coded whole.
    """

    channels: int = 32
    hidden: int = 32
    blocks: tuple[int, ...] = (1, 1, 1)
    scales: tuple[int, ...] = (1, 2, 3)
    max_scale: int = 21
    colours: int = 2
    groups: int = 8
    by_colour: bool = False
    finest_voxel_m: float | None = None
    lone_hidden: int = 0
    sparse_offset: int | None = None
    lossy_scale: int | None = None

    def __post_init__(self) -> None:
        for name in ("blocks", "scales"):  # whatever sequence a configuration holds
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check_numbers(self)
        if min(self.channels, self.hidden) < 16 or self.channels % 16 or self.hidden % 16 or self.hidden > MAX_HIDDEN:
            raise ValueError(
                f"channels, hidden: expected multiples of 16, the latter up to {MAX_HIDDEN},"
                f" got {self.channels}, {self.hidden}"
            )
        if self.lone_hidden % 16 or not 0 <= self.lone_hidden <= MAX_HIDDEN:
            raise ValueError(f"lone_hidden: expected a multiple of 16 up to {MAX_HIDDEN} or 0, got {self.lone_hidden}")
        if len(self.blocks) != len(self.scales) or list(self.scales) != sorted(set(self.scales)) or self.scales[0] != 1:
            raise ValueError(f"scales: expected ascending from 1, one per block, got {self.scales}, {self.blocks}")
        CodingOrder(self.colours, self.groups, self.by_colour)
        check_sparse_offset(self.sparse_offset)
        check_lossy_scale(self.lossy_scale, self.scales, self.max_scale, self.lone_hidden)
        if self.max_scale < self.scales[-1]:
            raise ValueError(f"max_scale: expected at least {self.scales[-1]}, got {self.max_scale}")

    @cached_property
    def order(self) -> CodingOrder:
        return CodingOrder(self.colours, self.groups, self.by_colour)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> OccupancyConfig:
        """From a configuration file's mapping, which may also hold a name and a kind.

        Raises:
            ValueError: it has other keys.
        """
        others = set(settings) - {f.name for f in fields(cls)} - {"name", "kind"}
        if others:
            raise ValueError(f"model: expected the settings of OccupancyConfig, got also {sorted(others)}")
        return cls(**{key: value for key, value in settings.items() if key not in ("name", "kind")})

    def set_of(self, scale: int) -> tuple[int, int]:
        """(weight set, row of its bias tables) for a scale >= 1."""
        scale = min(scale, self.max_scale)
        index = sum(first <= scale for first in self.scales) - 1
        return index, scale - self.scales[index]

    def num_rows(self, index: int) -> int:
        """Scales that weight set ``index`` serves."""
        end = self.scales[index + 1] if index + 1 < len(self.scales) else self.max_scale + 1
        return end - self.scales[index]


@dataclass
class TrainingLevel:
    """A `pcc.geometry.octree.Level` as tensors."""

    parents: Tensor  # (N,) int64
    octants: Tensor  # (N,) uint8
    neighbours: Tensor  # (N, 27) int32


class WeightSet(nn.Module):
    """The layers that serve one range of scales."""

    def __init__(self, config: OccupancyConfig, index: int, quantiser: Quantiser) -> None:
        super().__init__()
        c, h, rows = config.channels, config.hidden, config.num_rows(index)
        self.quantiser = [quantiser]  # in a list: shared, not a submodule
        self.expand_weight = normal(8, c, c, fan=c)
        self.expand_bias = nn.Parameter(torch.randn(1, 8, c) * 0.2 + torch.zeros(rows, 1, 1))
        self.conv_weights = nn.ParameterList([normal(27, c, c, fan=8 * c) for _ in range(2 * config.blocks[index])])
        self.conv_biases = nn.ParameterList([nn.Parameter(torch.zeros(c)) for _ in range(2 * config.blocks[index])])
        self.absorb_weight = normal(27, 8, c, fan=100)
        self.absorb_bias = nn.Parameter(torch.zeros(c))
        self.head = Head(c, h, config.order, rows, quantiser)
        self.lone_head: Head | None = None
        if config.lone_hidden:
            self.lone_head = Head(c, config.lone_hidden, LONE_ORDER, rows, quantiser, lone=True)

    def expand(self, feats: Tensor | None, level: TrainingLevel, row: int) -> Tensor:
        """Features of nodes from their parents'; roots have none."""
        q = self.quantiser[0]
        octants = level.octants.long()
        step = weight_step(self.expand_weight)
        x = q.bias(self.expand_bias[row], step * ACTIVATION_STEP).index_select(0, octants)
        if feats is not None:
            c = feats.shape[1]
            every_child = feats @ q.weight(self.expand_weight, step).transpose(0, 1).reshape(c, 8 * c)
            x = x + every_child.view(-1, c).index_select(0, level.parents * 8 + octants)
        return q.activation(x)

    def refine(self, x: Tensor, level: TrainingLevel) -> Tensor:
        """Residual blocks of two convolutions."""
        q = self.quantiser[0]
        pairs = list(zip(self.conv_weights, self.conv_biases, strict=True))
        for first, second in zip(pairs[::2], pairs[1::2], strict=True):
            t = q.activation(self._convolve(x, *first, level))
            x = q.activation(self._convolve(t, *second, level) + x)
        return x

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor, level: TrainingLevel) -> Tensor:
        q, step = self.quantiser[0], weight_step(weight)
        sums = SparseConvolution.apply(x, q.weight(weight, step), level.neighbours)
        return sums + q.bias(bias, step * ACTIVATION_STEP)

    def absorb(self, feats: Tensor, level: TrainingLevel, occupancy: Tensor) -> Tensor:
        """Features that know the occupancies of the level."""
        q = self.quantiser[0]
        step = weight_step(self.absorb_weight)
        weight = q.weight(self.absorb_weight, step)
        context = OccupancyContext.apply(weight, level.neighbours, occupancy, level.octants)
        return q.activation(feats + context + q.bias(self.absorb_bias, step))

    def bits(
        self, feats: Tensor, level: TrainingLevel, occupancy: Tensor, row: int, target: Tensor | None = None
    ) -> Tensor:
        """The bits of the level's occupancies, a scalar.

        With a target those of its nodes that have children, seeing the occupancies.
        """
        nodes = level.neighbours, occupancy, level.octants
        if target is not None:
            return self.head.bits(feats, nodes, row, target.nonzero()[:, 0].int(), target)
        if self.lone_head is None:
            return self.head.bits(feats, nodes, row)
        lone = (level.neighbours >= 0).sum(1) == 1
        rows, lone_rows = (chosen.nonzero()[:, 0].int() for chosen in (~lone, lone))
        return self.head.bits(feats, nodes, row, rows) + self.lone_head.bits(feats, nodes, row, lone_rows)


class OccupancyNet(nn.Module):
    """The network that `pcc.codec.walk` runs in training; see the module's docstring."""

    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        self.config = config
        self.lossy_scale, self.num_passes = config.lossy_scale, len(config.order.passes)
        self.only_lossy = False
        self.quantiser = Quantiser()
        self.sets = nn.ModuleList([WeightSet(config, i, self.quantiser) for i in range(len(config.scales))])

    def train_only_lossy(self) -> None:
        """Leave the weights of whole levels as they are; what these levels cost is not counted any more."""
        if self.lossy_scale is None:
            raise ValueError("the network has no levels of which not all is coded")
        self.only_lossy = True
        for first, layers in zip(self.config.scales, self.sets, strict=True):
            layers.requires_grad_(first >= self.lossy_scale)

    def view(self, level: Level) -> TrainingLevel:
        arrays = level.parents.astype(np.int64), level.octants, level.neighbours
        return TrainingLevel(*map(torch.from_numpy, arrays))

    def num_links(self, level: TrainingLevel) -> int:
        return int((level.neighbours >= 0).sum())

    def features(self, feats: Tensor | None, level: TrainingLevel, scale: int) -> Tensor:
        layers, row = self._set_of(scale)
        return layers.refine(layers.expand(feats, level, row), level)

    def absorb(self, feats: Tensor, level: TrainingLevel, occupancy: np.ndarray, scale: int) -> Tensor:
        return self._set_of(scale)[0].absorb(feats, level, torch.from_numpy(occupancy))

    def steps(
        self, feats: Tensor, level: TrainingLevel, occupancy: np.ndarray, scale: int, known: bool = True,
        target: np.ndarray | None = None,
    ) -> Iterator[WholeLevel | InferredLevel]:  # fmt: skip
        """One step: with known occupancies, or where a target decides them, all passes are computed at once.

        None for a level that costs nothing (`train_only_lossy`).
        """
        layers, row = self._set_of(scale)
        if self.only_lossy and target is None:
            return
        if target is not None:
            yield InferredLevel(layers, feats, level, occupancy, torch.from_numpy(target), row)
        else:
            yield WholeLevel(layers, feats, level, torch.from_numpy(occupancy), row)

    def _set_of(self, scale: int) -> tuple[WeightSet, int]:
        index, row = self.config.set_of(scale)
        return cast(WeightSet, self.sets[index]), row


@dataclass(frozen=True)
class WholeLevel:
    """All decisions of a level: what the codec's passes do one after the other, in one step."""

    layers: WeightSet
    feats: Tensor
    level: TrainingLevel
    occupancy: Tensor  # (N,) uint8, known
    row: int

    def code(self, coder: BitSum, known: bool) -> None:
        coder.add(self.layers.bits(self.feats, self.level, self.occupancy, self.row))


@dataclass(frozen=True)
class InferredLevel:
    """A level of which not all is coded. It goes on with what comes out, and costs the bits of all that was wanted.

    Nodes that the cloud does not have cost nothing: they are to look like others, since they are seen by others.
    """

    layers: WeightSet
    feats: Tensor
    level: TrainingLevel
    occupancy: np.ndarray  # (N,) uint8, of zeros
    target: Tensor  # (N,) uint8
    row: int

    def code(self, coder: InferringBitSum, known: bool) -> None:
        wanted = self.level.neighbours, self.target, self.level.octants
        self.occupancy[:] = self.layers.head.decide(
            self.feats, wanted, self.row, thresholds=coder.thresholds / LOGIT_UNIT
        )
        seen = torch.from_numpy(self.occupancy)
        coder.add(self.layers.bits(self.feats, self.level, seen, self.row, self.target))
