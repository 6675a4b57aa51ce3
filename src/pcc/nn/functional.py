"""Autograd over the float kernels of `pcc.ops`: gradients for training, nothing that decoding needs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pcc.geometry.coding_order import CodingOrder
from pcc.ops import activation_float, conv_float, occupancy_bits, occupancy_context

ACTIVATION_STEP = 1.0 / 32.0


class SparseConvolution(torch.autograd.Function):
    """out[n] = sum_d feats[neighbours[n, d]] @ weights[d]; the neighbour relation must be symmetric."""

    @staticmethod
    def forward(ctx, feats: Tensor, weights: Tensor, neighbours: Tensor) -> Tensor:
        ctx.save_for_backward(feats, weights, neighbours)
        return conv_float.forward(feats.detach(), weights.detach(), neighbours)

    @staticmethod
    def backward(ctx, grad_out: Tensor):
        feats, weights, neighbours = ctx.saved_tensors
        grad_out = grad_out.contiguous()
        grad_feats = conv_float.backward_feats(grad_out, weights.detach(), neighbours)
        grad_weights = conv_float.backward_weights(feats.detach(), grad_out, neighbours)
        return grad_feats, grad_weights, None


class OccupancyContext(torch.autograd.Function):
    """The sum of the weights of visible occupancy bits; see `pcc.ops.occupancy_context`."""

    @staticmethod
    def forward(
        ctx,
        weights: Tensor,
        neighbours: Tensor,
        occupancy: Tensor,
        octants: Tensor,
        first_group: np.ndarray = occupancy_context.ALL_SEEN,
        num_groups: int = 1,
    ) -> Tensor:
        ctx.save_for_backward(neighbours, occupancy, octants)
        ctx.seen = first_group, num_groups
        return occupancy_context.forward(weights.detach(), neighbours, occupancy, octants, *ctx.seen)

    @staticmethod
    def backward(ctx, grad_out: Tensor):
        neighbours, occupancy, octants = ctx.saved_tensors
        grad = occupancy_context.backward(grad_out.contiguous(), neighbours, occupancy, octants, *ctx.seen)
        return grad, None, None, None, None, None


class Activation(torch.autograd.Function):
    """ReLU with the range and rounding of u8; see `pcc.ops.activation_float`."""

    @staticmethod
    def forward(ctx, x: Tensor, step: float, quantised: bool) -> Tensor:
        ctx.save_for_backward(x)
        ctx.step = step
        return activation_float.forward(x.detach(), step, quantised=quantised)

    @staticmethod
    def backward(ctx, grad_out: Tensor):
        (x,) = ctx.saved_tensors
        return activation_float.backward(x.detach(), grad_out.contiguous(), ctx.step), None, None


class OccupancyBits(torch.autograd.Function):
    """Bits of a level under the weights of its heads, a scalar; see `pcc.ops.occupancy_bits`.

    Rounding passes gradients through, as in `Activation`. nodes: neighbours, occupancy, octants of the level; rows: of
    the nodes that count, or None for all; target: what costs instead of the occupancy.
    """

    @staticmethod
    def forward(
        ctx,
        feats: Tensor,
        order: CodingOrder,
        quantised: bool,
        nodes: tuple[Tensor, ...],
        rows: Tensor | None,
        target: Tensor | None,
        *weights: Tensor,
    ) -> Tensor:
        neighbours, occupancy, octants = nodes
        bits, grads = occupancy_bits.occupancy_bits(
            feats.detach(),
            [w.detach() for w in weights],
            neighbours,
            occupancy,
            octants,
            order,
            rows,
            target=target,
            step=ACTIVATION_STEP,
            quantised=quantised,
            gradients=any(ctx.needs_input_grad),
        )
        ctx.save_for_backward(*grads)
        return torch.tensor(bits, dtype=torch.float32)

    @staticmethod
    def backward(ctx, grad_out: Tensor):
        grad_feats, *grads = (g * grad_out for g in ctx.saved_tensors)
        return grad_feats, None, None, None, None, None, *grads
