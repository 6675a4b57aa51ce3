"""ReLU with the range and the rounding of u8 activations, for training.

    y = clamp(x, 0, 255 step)    or, quantised,    y = clamp(round(x / step), 0, 255) step

Gradients pass where 0 < x < 255 step: straight through the rounding. Halves are rounded to even here and upwards in
the integer program; the two meet only on ties of float sums.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import Array, check, empty

LEVELS = 255


def forward(x: Array, step: float, *, quantised: bool) -> Array:
    """Activate float32 ``x`` of any shape."""
    flat = check(x.reshape(-1), "x", "float32", (None,))
    y = empty(x, flat.shape, np.float32)
    _ext.activation_forward(flat, y, step, quantised)
    return y.reshape(x.shape)


def backward(x: Array, grad_y: Array, step: float) -> Array:
    """Gradient for ``x``, float32 of any shape."""
    flat = check(x.reshape(-1), "x", "float32", (None,))
    grad = check(grad_y.reshape(-1), "grad_y", "float32", tuple(flat.shape))
    out = empty(x, flat.shape, np.float32)
    _ext.activation_backward(flat, grad, out, step)
    return out.reshape(x.shape)


def forward_reference(x: np.ndarray, step: float, *, quantised: bool) -> np.ndarray:
    """The definition."""
    return np.clip(np.round(x / step), 0, LEVELS) * step if quantised else np.clip(x, 0, LEVELS * step)
