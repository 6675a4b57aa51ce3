"""The head of an occupancy network in training: from features and coded bits to the cost of a level's occupancies.

Layers as in `pcc.ops.occupancy_bits`, with fake quantisation of their weights. A model may have two heads a weight set:
one for nodes with neighbours, and a small one for lone nodes, which see nothing but their own bits.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pcc.geometry.coding_order import NUM_OFFSETS, SELF, CodingOrder
from pcc.nn.functional import OccupancyBits, OccupancyContext
from pcc.nn.quantisation import ACTIVATION_STEP, Quantiser, context_step, weight_step
from pcc.ops import occupancy_bits


class Head(nn.Module):
    """Weights of all groups of a coding order, side by side in the last axis of the first layer.

    Args:
        channels, hidden: features per node, and units per group.
        order: of its passes.
        rows: scales with a bias of their own.
        lone: for nodes without neighbours; of the context it holds the node's own bits only, (1, 8, groups * H).
    """

    def __init__(
        self, channels: int, hidden: int, order: CodingOrder, rows: int, quantiser: Quantiser, *, lone: bool = False
    ) -> None:
        super().__init__()
        columns, outputs = order.groups * hidden, 2**order.group_size - 1
        self.order, self.hidden, self.lone = order, hidden, lone
        self.quantiser = [quantiser]  # in a list: shared, not a submodule
        seen = torch.from_numpy((order.first_group[..., None] <= np.arange(order.groups)).any(0))  # (27, 8, groups)
        seen = seen[SELF : SELF + 1] if lone else seen
        self.weight1 = normal(channels, columns, fan=channels)
        self.context = nn.Parameter(normal(len(seen), 8, columns, fan=60) * seen.repeat_interleave(hidden, 2))
        self.bias1 = nn.Parameter(torch.zeros(rows, order.colours, columns))
        self.weight2 = normal(order.groups, hidden, hidden, fan=hidden)
        self.bias2 = nn.Parameter(torch.zeros(order.groups, hidden))
        self.weight3 = normal(order.groups, hidden, outputs, fan=4 * hidden)
        self.bias3 = nn.Parameter(torch.zeros(order.groups, outputs))

    def bits(
        self,
        feats: Tensor,
        nodes: tuple[Tensor, Tensor, Tensor],
        row: int,
        rows: Tensor | None = None,
        target: Tensor | None = None,
    ) -> Tensor:
        """The bits of the occupancies of some nodes, a scalar: those of `logits`, without keeping them.

        Args:
            feats: (N, C) float32.
            nodes: neighbours (N, 27) int32, occupancy and octants (N,) uint8 of the level.
            row: of the biases.
            rows: (R,) int32, distinct: the nodes that count; None: all.
            target: (N,) uint8, the bits that cost where they are not the occupancy's.
        """
        quantised, weights = bool(self.quantiser[0].enabled), self._weights(row)
        return OccupancyBits.apply(feats, self.order, quantised, nodes, rows, target, *weights)

    def decide(
        self, feats: Tensor, nodes: tuple[Tensor, Tensor, Tensor], row: int, *, thresholds: np.ndarray
    ) -> np.ndarray:
        """(N,) uint8: the occupancies where only unsure decisions are coded (`pcc.ops.occupancy_bits.decide`).

        Args:
            nodes: neighbours, targets and octants of the level.
            thresholds: of the passes, in bits.
        """
        weights = [weight.detach() for weight in self._weights(row)]
        return occupancy_bits.decide(
            feats.detach(), weights, *nodes, self.order, thresholds=thresholds, step=ACTIVATION_STEP,
            quantised=bool(self.quantiser[0].enabled),
        )  # fmt: skip

    def _weights(self, row: int) -> list[Tensor]:
        """As `pcc.ops.occupancy_bits` takes them."""
        order, h = self.order, self.hidden
        weight1, context, bias1 = self._first_layer(row)
        by_group = (
            weight1.view(-1, order.groups, h).transpose(0, 1),
            context.view(NUM_OFFSETS, 8, order.groups, h).permute(2, 0, 1, 3),
            bias1.view(-1, order.groups, h),
        )
        (weight2, bias2), (weight3, bias3) = self._later_layers()
        return [w.contiguous() for w in (*by_group, weight2, bias2, weight3.transpose(1, 2), bias3)]

    def logits(self, feats: Tensor, nodes: tuple[Tensor, Tensor, Tensor], row: int) -> Tensor:
        """(N, groups, 2^group_size - 1) in bits, of all nodes and layer by layer: what `bits` is checked with."""
        q, order = self.quantiser[0], self.order
        weight1, weights, bias1 = self._first_layer(row)
        context = OccupancyContext.apply(weights, *nodes, order.first_group, order.groups)
        colours = torch.from_numpy(order.colour_of).long()[nodes[2].long()]
        x = feats @ weight1 + context + bias1.index_select(0, colours)
        x = q.activation(x).view(len(feats), order.groups, -1).transpose(0, 1)  # (G, N, H)
        (weight2, bias2), (weight3, bias3) = self._later_layers()
        x = q.activation(torch.baddbmm(bias2[:, None], x, weight2))
        return q.logit(torch.baddbmm(bias3[:, None], x, weight3)).transpose(0, 1)

    def _first_layer(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        """Weights (C, G * H), context (27, 8, G * H) and biases (colours, G * H), rounded."""
        q, step = self.quantiser[0], weight_step(self.weight1)
        context = q.weight(self.context, context_step(self.context, step))
        if self.lone:
            context = functional.pad(context, (0, 0, 0, 0, SELF, SELF))  # neighbours that do not exist
        return q.weight(self.weight1, step), context, q.bias(self.bias1[row], step * ACTIVATION_STEP)

    def _later_layers(self) -> list[tuple[Tensor, Tensor]]:
        """Weights (groups, H, O) and biases (groups, O) of the second layer and of the third, rounded."""
        return [self._rounded(*layer) for layer in ((self.weight2, self.bias2), (self.weight3, self.bias3))]

    def _rounded(self, weights: Tensor, biases: Tensor) -> tuple[Tensor, Tensor]:
        """With the steps of each group."""
        q, steps = self.quantiser[0], [weight_step(w) for w in weights]
        rounded = torch.stack([q.weight(w, step) for w, step in zip(weights, steps, strict=True)])
        return rounded, q.bias(biases, torch.stack(steps) * ACTIVATION_STEP)


def normal(*shape: int, fan: float) -> nn.Parameter:
    """Normal weights of variance 1 / fan."""
    return nn.Parameter(torch.randn(*shape) * fan**-0.5)
