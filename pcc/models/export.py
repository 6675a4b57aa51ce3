"""From the trained network to the integer program: weights s8, biases s32, multipliers and shifts.

Every number is the integer that fake quantisation rounded to, so the program computes what training estimated, up to
ties of float sums. The card beside the file says what it was trained on and under which licence it goes.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor

from pcc.errors import ModelMismatch
from pcc.inference.program import FORMAT, Program
from pcc.models.head import Head
from pcc.models.occupancy import OccupancyNet, WeightSet
from pcc.nn.quantisation import ACTIVATION_STEP, LOGIT_STEP, WEIGHT_MAX, context_shift, context_step, weight_step

MULTIPLIER_BITS = 30


def export_model(
    network: OccupancyNet,
    path: str | Path,
    *,
    name: str,
    record: dict[str, Any],
    metrics: dict[str, Any],
    licence: str,
    attribution: str = "",
) -> Path:
    """Write the program and its card; nothing is written that cannot be read back. Equal weights give equal bytes.

    Args:
        path: of the safetensors file; the card lies beside it with the suffix .json.
        record: of the training run (`pcc.training.record`).
        metrics: measured figures, for the card.
        licence: of the weights, as the data asks for it.
        attribution: what the licence wants to be said wherever the weights go.

    Raises:
        ModelMismatch: the weights do not fit the integer arithmetic.
    """
    if not all(bool(p.isfinite().all()) for p in network.parameters()):
        raise ModelMismatch(f"{name}: the weights hold NaN or infinity")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, np.ndarray] = {}
    for i, layers in enumerate(network.sets):
        tensors |= {f"set{i}.{key}": value for key, value in _export_set(layers).items()}  # type: ignore[arg-type]
    config = asdict(network.config)
    content = _canonical(save(tensors, {"format": FORMAT, "name": name, "config": json.dumps(config, sort_keys=True)}))
    card: dict[str, Any] = {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "digest": hashlib.sha256(content).hexdigest()[:32],
        "config": config,
        "licence": licence,
        "attribution": attribution,
        "metrics": metrics,
        "training": record,
    }
    partial, partial_card = (path.with_name(f"{path.stem}.partial.{suffix}") for suffix in ("safetensors", "json"))
    partial.write_bytes(content)
    partial_card.write_text(json.dumps(card, indent=2, sort_keys=True, default=str) + "\n")
    try:
        Program(partial)
    except ModelMismatch:
        partial.unlink()
        partial_card.unlink()
        raise
    partial_card.replace(path.with_suffix(".json"))
    partial.replace(path)
    return path


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
        f"{name}.weight": _int8(weight, step),
        f"{name}.bias": _int32(bias / (step * ACTIVATION_STEP)),
        f"{name}.multiplier": multiplier,
        f"{name}.scalars": np.array([shift, 1 << shift if residual else 0], np.int32),
    }


def _absorb(layers: WeightSet) -> dict[str, np.ndarray]:
    """Bits to u8: accumulators count the weights' step."""
    step = weight_step(layers.absorb_weight)
    multiplier, shift = fixed_point((step / ACTIVATION_STEP).numpy(), 1.0)
    return {
        "absorb.weight": _int8(layers.absorb_weight, step),
        "absorb.bias": _int32(layers.absorb_bias / step),
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
    int_context = _int8(context, context_step(context, step1))
    return {
        "weight1": _int8(weight1, step1),
        "context": int_context[0] if head.lone else int_context,
        "context_shift": context_shift(context, step1).numpy().astype(np.uint8),
        "bias1": _int32(head.bias1[:, :, columns] / (step1 * ACTIVATION_STEP)),
        "multiplier1": multiplier1,
        "weight2": _int8(weight2, step2),
        "bias2": _int32(head.bias2[group] / (step2 * ACTIVATION_STEP)),
        "multiplier2": multiplier2,
        "weight3": _int8(weight3, step3),
        "bias3": _int32(head.bias3[group] / (step3 * ACTIVATION_STEP)),
        "multiplier3": multiplier3,
        "scalars": np.array([shift1, shift2, shift3], np.int32),
    }


def fixed_point(ratios: np.ndarray, residual_ratio: float = 0.0) -> tuple[np.ndarray, int]:
    """Multipliers (int32) and their common shift for positive ratios: ratio = multiplier / 2^shift, below 2^31."""
    largest = max(float(ratios.max()), residual_ratio)
    shift = min(62, MULTIPLIER_BITS - math.ceil(math.log2(largest)))
    return np.round(ratios.astype(np.float64) * 2.0**shift).astype(np.int32), shift


def _int8(weight: Tensor, step: Tensor) -> np.ndarray:
    rounded = torch.round(weight.detach() * (1.0 / step)).clamp(-WEIGHT_MAX, WEIGHT_MAX)
    return np.ascontiguousarray(rounded.numpy().astype(np.int8))


def _int32(values: Tensor) -> np.ndarray:
    rounded = np.round(values.detach().numpy().astype(np.float64))
    if np.abs(rounded).max() > np.iinfo(np.int32).max:
        raise ModelMismatch(f"a bias does not fit 32 bits: {np.abs(rounded).max():.3g}")
    return rounded.astype(np.int32)


def _canonical(content: bytes) -> bytes:
    """A safetensors file with its header in sorted order; the library's order of metadata changes from call to call."""
    size = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[8 + size :]
