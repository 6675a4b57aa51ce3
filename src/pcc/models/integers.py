"""Trained numbers as the integers that fake quantisation rounded them to."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from pcc.errors import ModelMismatch
from pcc.nn.quantisation import WEIGHT_MAX

MULTIPLIER_BITS = 30


def fixed_point(ratios: np.ndarray, residual_ratio: float = 0.0) -> tuple[np.ndarray, int]:
    """Multipliers (int32) and their common shift for positive ratios: ratio = multiplier / 2^shift, below 2^31."""
    largest = max(float(ratios.max()), residual_ratio)
    shift = min(62, MULTIPLIER_BITS - math.ceil(math.log2(largest)))
    return np.round(ratios.astype(np.float64) * 2.0**shift).astype(np.int32), shift


def int8(weight: Tensor, step: Tensor) -> np.ndarray:
    rounded = torch.round(weight.detach() * (1.0 / step)).clamp(-WEIGHT_MAX, WEIGHT_MAX)
    return np.ascontiguousarray(rounded.numpy().astype(np.int8))


def int32(values: Tensor) -> np.ndarray:
    rounded = np.round(values.detach().numpy().astype(np.float64))
    if np.abs(rounded).max() > np.iinfo(np.int32).max:
        raise ModelMismatch(f"a bias does not fit 32 bits: {np.abs(rounded).max():.3g}")
    return rounded.astype(np.int32)
