"""Fake quantisation of exactly the arithmetic that the integer program runs (docs/arithmetic.md).

Activations are u8 with one fixed step for the whole network, so that residual sums need no rescaling; weights are s8
with one step per output channel, and biases count the unit of the accumulator that they start. All are rounded in
the forward pass and pass gradients straight through inside their range. Switched off, activations are still clamped
to the range that u8 will have, so that switching on changes only the rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pcc.nn.functional import ACTIVATION_STEP, Activation

WEIGHT_MAX = 127
MIN_MAGNITUDE = 1e-4  # of a channel's largest weight; a smaller step would leave no room for its bias in 32 bits
LOGIT_STEP = 1.0 / 256.0  # bits
LOGIT_MAX = 3584


class Quantiser(nn.Module):
    """The switch that all layers of a network share, and the four roundings."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("enabled", torch.zeros((), dtype=torch.bool))

    def activation(self, x: Tensor) -> Tensor:
        """ReLU and u8 rounding."""
        return Activation.apply(x, ACTIVATION_STEP, bool(self.enabled))

    def weight(self, w: Tensor, step: Tensor | None = None) -> Tensor:
        """s8 rounding; the last axis is the output channel. ``step`` (CO,) overrides the channel's own step."""
        if not self.enabled:
            return w
        flat = w.reshape(-1, w.shape[-1])
        step = weight_step(w) if step is None else step
        rounded = torch.fake_quantize_per_channel_affine(
            flat, step, torch.zeros_like(step, dtype=torch.int32), 1, -WEIGHT_MAX, WEIGHT_MAX
        )
        return rounded.reshape(w.shape)

    def bias(self, b: Tensor, unit: Tensor) -> Tensor:
        """Rounding to the accumulator's unit, the step of the weights times that of their inputs; broadcasts."""
        if not self.enabled:
            return b
        return b + (torch.round(b / unit) * unit - b).detach()

    def logit(self, x: Tensor) -> Tensor:
        """Rounding to 1/256 bit and clamping to what a 14-bit table can hold."""
        if self.enabled:
            return torch.fake_quantize_per_tensor_affine(x, LOGIT_STEP, 0, -LOGIT_MAX, LOGIT_MAX)
        return x.clamp(-LOGIT_STEP * LOGIT_MAX, LOGIT_STEP * LOGIT_MAX)


def weight_step(w: Tensor) -> Tensor:
    """(CO,) the step of each output channel: its largest magnitude, at least MIN_MAGNITUDE, over 127."""
    return w.detach().abs().reshape(-1, w.shape[-1]).amax(0).clamp_min(MIN_MAGNITUDE) / WEIGHT_MAX


def context_shift(context: Tensor, dense_step: Tensor) -> Tensor:
    """(CO,) int32 >= 0: the context's step is the dense product's step times 2^shift, the smallest that holds it."""
    ratio = weight_step(context) / (dense_step * ACTIVATION_STEP)
    return torch.ceil(torch.log2(ratio)).clamp(0, 15).to(torch.int32)


def context_step(context: Tensor, dense_step: Tensor) -> Tensor:
    """(CO,) the step of the context's weights, in the accumulator that it shares with a dense product."""
    return dense_step * ACTIVATION_STEP * torch.exp2(context_shift(context, dense_step).float())
