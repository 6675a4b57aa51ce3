"""The tensors of an occupancy network's integer program (docs/arithmetic.md, section 3)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from pcc.models.head import Head
from pcc.models.integers import fixed_point, int8, int32
from pcc.models.occupancy import OccupancyNet, WeightSet
from pcc.nn.quantisation import ACTIVATION_STEP, LOGIT_STEP, context_shift, context_step, weight_step


def occupancy_tensors(network: OccupancyNet) -> dict[str, np.ndarray]:
    """By name.

    Raises:
        ModelMismatch: a bias does not fit 32 bits.
    """
    tensors: dict[str, np.ndarray] = {}
    for i, layers in enumerate(network.sets):
        tensors |= {f"set{i}.{key}": value for key, value in _export_set(layers).items()}  # type: ignore[arg-type]
    return tensors


def _export_set(layers: WeightSet) -> dict[str, np.ndarray]:
    tensors = _dense("expand", layers.expand_weight, layers.expand_bias)
    for j, (weight, bias) in enumerate(zip(layers.conv_weights, layers.conv_biases, strict=True)):
        tensors |= _dense(f"conv{j}", weight, bias, residual=j % 2 == 1)
    tensors |= _absorb(layers)
    tensors |= _head("head", layers.head)
    if layers.lone_head is not None:
        tensors |= _head("lone", layers.lone_head)
    return tensors


def _dense(name: str, weight: Tensor, bias: Tensor, *, residual: bool = False) -> dict[str, np.ndarray]:
    """A layer from u8 to u8: accumulators count ACTIVATION_STEP * step."""
    step = weight_step(weight)
    multiplier, shift = fixed_point(step.numpy(), 1.0 if residual else 0.0)
    return {
        f"{name}.weight": int8(weight, step),
        f"{name}.bias": int32(bias / (step * ACTIVATION_STEP)),
        f"{name}.multiplier": multiplier,
        f"{name}.scalars": np.array([shift, 1 << shift if residual else 0], np.int32),
    }


def _absorb(layers: WeightSet) -> dict[str, np.ndarray]:
    """Bits to u8: accumulators count the weights' step."""
    step = weight_step(layers.absorb_weight)
    multiplier, shift = fixed_point((step / ACTIVATION_STEP).numpy(), 1.0)
    return {
        "absorb.weight": int8(layers.absorb_weight, step),
        "absorb.bias": int32(layers.absorb_bias / step),
        "absorb.multiplier": multiplier,
        "absorb.scalars": np.array([shift, 1 << shift], np.int32),
    }


def _head(name: str, head: Head) -> dict[str, np.ndarray]:
    groups = range(head.order.groups)
    return {f"{name}{g}.{key}": value for g in groups for key, value in _group(head, g).items()}


def _group(head: Head, group: int) -> dict[str, np.ndarray]:
    h = head.hidden
    columns = slice(group * h, (group + 1) * h)
    weight1, context = head.weight1[:, columns], head.context[:, :, columns]
    weight2, weight3 = head.weight2[group], head.weight3[group]
    step1, step2, step3 = weight_step(weight1), weight_step(weight2), weight_step(weight3)
    multiplier1, shift1 = fixed_point(step1.numpy())
    multiplier2, shift2 = fixed_point(step2.numpy())
    multiplier3, shift3 = fixed_point((step3 * ACTIVATION_STEP / LOGIT_STEP).numpy())
    int_context = int8(context, context_step(context, step1))
    return {
        "weight1": int8(weight1, step1),
        "context": int_context[0] if head.lone else int_context,
        "context_shift": context_shift(context, step1).numpy().astype(np.uint8),
        "bias1": int32(head.bias1[:, :, columns] / (step1 * ACTIVATION_STEP)),
        "multiplier1": multiplier1,
        "weight2": int8(weight2, step2),
        "bias2": int32(head.bias2[group] / (step2 * ACTIVATION_STEP)),
        "multiplier2": multiplier2,
        "weight3": int8(weight3, step3),
        "bias3": int32(head.bias3[group] / (step3 * ACTIVATION_STEP)),
        "multiplier3": multiplier3,
        "scalars": np.array([shift1, shift2, shift3], np.int32),
    }
