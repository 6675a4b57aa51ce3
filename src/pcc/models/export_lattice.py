"""The tensors of a spinning LiDAR's integer program (`pcc.inference.lattice_program`)."""

from __future__ import annotations

import numpy as np

from pcc.models.integers import fixed_point, int8, int32
from pcc.models.lattice import INPUT_STEP, INPUT_ZERO, LatticeNet, Layers
from pcc.nn.quantisation import ACTIVATION_STEP, LOGIT_STEP, weight_step


def lattice_tensors(network: LatticeNet) -> dict[str, np.ndarray]:
    """By name.

    Raises:
        ModelMismatch: a bias does not fit 32 bits.
    """
    tensors: dict[str, np.ndarray] = {}
    for kind, heads in (("range", network.ranges), ("reflectance", network.reflectances)):
        for number, head in enumerate(heads):
            tensors |= _layers(f"pass{number}.{kind}", head.layers)  # type: ignore[arg-type]
    return tensors


def _layers(name: str, layers: Layers) -> dict[str, np.ndarray]:
    """Accumulators count the step of inputs times that of weights; inputs of a context are 128 above their value."""
    tensors: dict[str, np.ndarray] = {}
    last = len(layers.weights) - 1
    for j, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        step, unit = weight_step(weight), ACTIVATION_STEP if j else INPUT_STEP
        multiplier, shift = fixed_point((step * unit / (LOGIT_STEP if j == last else ACTIVATION_STEP)).numpy())
        whole, start = int8(weight, step), int32(bias / (step * unit))
        if j == 0:
            start = start - INPUT_ZERO * whole.astype(np.int32).sum(0, dtype=np.int32)
        tensors |= {
            f"{name}{j}.weight": whole,
            f"{name}{j}.bias": start,
            f"{name}{j}.multiplier": multiplier,
            f"{name}{j}.shift": np.array([shift], np.int32),
        }
    return tensors
