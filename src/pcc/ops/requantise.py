"""Requantisation, in numpy: the slow reference of what every integer layer fuses (cuda_ext/common/requantise.h).

y = clamp((acc * multiplier + residual * residual_multiplier + 2^(shift - 1)) >> shift, 0, 255)
"""

from __future__ import annotations

import numpy as np


def check_shift(shift: int) -> None:
    """Raises ValueError unless the shift is one that the arithmetic defines."""
    if not 1 <= shift <= 62:
        raise ValueError(f"shift: expected 1..62, got {shift}")


def round_shift_reference(value: np.ndarray, shift: int) -> np.ndarray:
    """Division by 2^shift, rounded to nearest, ties upwards: int64 to int64."""
    return (value + (np.int64(1) << np.int64(shift - 1))) >> np.int64(shift)


def requantise_reference(
    acc: np.ndarray,
    multiplier: np.ndarray | int,
    shift: int,
    residual: np.ndarray | None = None,
    residual_multiplier: int = 0,
) -> np.ndarray:
    """Accumulators (int32 values) to uint8, in 64-bit arithmetic."""
    value = acc.astype(np.int64) * np.asarray(multiplier, np.int64)
    if residual is not None:
        value = value + residual.astype(np.int64) * residual_multiplier
    return np.clip(round_shift_reference(value, shift), 0, 255).astype(np.uint8)
