"""The networks of spinning LiDAR in training: for each pass of a range image one for ranges and one for reflectances.

    context (u8, pcc.ops.lattice_context) -> three hidden layers -> 3 K + 1 + kernels * neighbours outputs
                                                                     |    |             |
            K logistic distributions around guesses and kernels <----+    occupancy <---+--- kernels weigh differences

Rounding is that of the integer program (`pcc.ops.lattice_net`, `pcc.ops.mixture`), in fake quantisation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pcc.geometry.interlace import PASSES, Pass
from pcc.nn.quantisation import ACTIVATION_STEP, Quantiser, weight_step
from pcc.ops.lattice_context import NEXT_TO, num_feats, num_guesses
from pcc.records import check_numbers
from pcc.sensors.scan import NUM_QUARTILES, ROW_FEATS

INPUT_STEP = 1.0 / 64.0
INPUT_ZERO = 128
INPUT_MULTIPLE = 4  # inputs are padded to
REFLECTANCE_BITS = 7
FLOOR = 2.0**-10  # share of all bins alike
SCALE_UNIT = 16.0  # range units of a logistic's scale 2^0
SPREAD_UNIT, SPREAD_RATE = 128.0, 0.8
KERNEL_RANGE = 4.0  # an output of 1 is a weight of 1/4
MAX_OUTPUT = 14.0


@dataclass(frozen=True)
class LatticeConfig:
    """Shape of the networks.

    Attributes:
        name: of the model.
        hidden: units of each hidden layer, a multiple of 16.
        layers: hidden layers.
        kernels: components around the base and a weighted sum of the neighbours' differences.
        reflectance_hidden: as ``hidden``, of the networks for reflectances.
    """

    name: str
    hidden: int = 64
    layers: int = 3
    kernels: int = 2
    reflectance_hidden: int = 64

    def __post_init__(self) -> None:
        check_numbers(self)
        for width in (self.hidden, self.reflectance_hidden):
            if width % 16 or not 16 <= width <= 256:
                raise ValueError(f"hidden: expected a multiple of 16 up to 256, got {width}")
        if not 1 <= self.layers <= 5 or not 0 <= self.kernels <= 4:
            raise ValueError(f"layers, kernels: expected 1..5 and 0..4, got {self.layers} and {self.kernels}")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> LatticeConfig:
        """From a configuration's mapping, whose key ``kind`` is another's.

        Raises:
            ValueError: it has other keys.
        """
        others = set(settings) - {f.name for f in fields(cls)} - {"kind"}
        if others or "name" not in settings:
            raise ValueError(f"model: expected the settings of LatticeConfig, name among them, got {sorted(settings)}")
        return cls(**{key: value for key, value in settings.items() if key != "kind"})


def padded(width: int) -> int:
    """Inputs of a first layer."""
    return -(-width // INPUT_MULTIPLE) * INPUT_MULTIPLE


class Layers(nn.Module):
    """Dense layers from u8 contexts to outputs of +-14 in 1/256."""

    def __init__(self, widths: list[int], quantiser: Quantiser) -> None:
        super().__init__()
        self.quantiser = [quantiser]  # in a list: shared, not a submodule
        pairs = list(pairwise(widths))
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(a, b) * (2 / a) ** 0.5) for a, b in pairs])
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(b)) for _, b in pairs])
        with torch.no_grad():
            self.weights[-1].mul_(0.1)

    def forward(self, feats: Tensor) -> Tensor:
        """(N, F) uint8 to (N, O) float32."""
        q, unit = self.quantiser[0], INPUT_STEP
        x = (feats.float() - INPUT_ZERO) * INPUT_STEP
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            step = weight_step(weight)
            x = q.activation(x @ q.weight(weight, step) + q.bias(bias, step * unit))
            unit = ACTIVATION_STEP
        step = weight_step(self.weights[-1])
        return q.logit(x @ q.weight(self.weights[-1], step) + q.bias(self.biases[-1], step * unit))


class RangeHead(nn.Module):
    """Occupancy and ranges of a pass."""

    def __init__(self, step: Pass, config: LatticeConfig, quantiser: Quantiser) -> None:
        super().__init__()
        self.kernels, self.neighbours = config.kernels, len(step.neighbours)
        self.components = config.kernels + num_guesses(step)
        outputs = 3 * self.components + 1 + config.kernels * self.neighbours
        inputs = padded(num_feats(step, ROW_FEATS))
        self.layers = Layers([inputs, *[config.hidden] * config.layers, outputs], quantiser)
        with torch.no_grad():
            scales = torch.linspace(2.5, 5.0, self.components)
            scales[-1] = 9.0
            self.layers.biases[-1][2 * self.components : 3 * self.components] = scales

    def forward(self, feats: Tensor, differences: Tensor, base: Tensor, guesses: Tensor) -> tuple[Tensor, ...]:
        """Occupancy logits (N,), and of the components weights, middles and scales (N, K); middles relative to base."""
        k = self.components
        out = self.layers(feats)
        kernels = out[:, 3 * k + 1 :].view(len(out), self.kernels, self.neighbours) / KERNEL_RANGE
        weighed = (kernels * differences.float()[:, None]).sum(2)
        starts = torch.cat([weighed, (guesses - base[:, None]).float()], 1)
        middles = starts + SPREAD_UNIT * torch.sinh(SPREAD_RATE * out[:, k : 2 * k])
        return out[:, 3 * k], out[:, :k], middles, out[:, 2 * k : 3 * k].clamp(0, MAX_OUTPUT)


class ReflectanceHead(nn.Module):
    """Reflectances of a pass: the logits of a binary tree of seven decisions, the highest bit first."""

    def __init__(self, step: Pass, config: LatticeConfig, quantiser: Quantiser) -> None:
        super().__init__()
        inputs = padded(num_feats(step, ROW_FEATS + NUM_QUARTILES) + 1 + len(step.neighbours) + len(NEXT_TO))
        hidden = [config.reflectance_hidden] * config.layers
        self.layers = Layers([inputs, *hidden, (1 << REFLECTANCE_BITS) - 1], quantiser)

    def forward(self, feats: Tensor) -> Tensor:
        return self.layers(feats)


class LatticeNet(nn.Module):
    """All networks of a model."""

    def __init__(self, config: LatticeConfig) -> None:
        super().__init__()
        self.config = config
        self.quantiser = Quantiser()
        self.ranges = nn.ModuleList([RangeHead(step, config, self.quantiser) for step in PASSES])
        self.reflectances = nn.ModuleList([ReflectanceHead(step, config, self.quantiser) for step in PASSES])


def occupancy_bits(logits: Tensor, occupied: Tensor) -> Tensor:
    """(N,) bits; logits in log2 odds."""
    return functional.binary_cross_entropy_with_logits(
        logits * math.log(2), occupied.float(), reduction="none"
    ) / math.log(2)


def range_bits(
    weights: Tensor, middles: Tensor, scales: Tensor, target: Tensor, step: Tensor, num_bins: Tensor
) -> Tensor:
    """(N,) bits of ranges under mixtures.

    Args:
        weights, middles, scales: (N, K) log2, range units relative to the base, log2 of 16 units.
        target, step, num_bins: (N,) the range relative to the base, the width of its bin, and how many bins there are.
    """
    share = functional.softmax(weights * math.log(2), 1)
    inverse = torch.exp2(-scales) / SCALE_UNIT
    upper = (target[:, None] + 0.5 * step[:, None] - middles) * inverse
    lower = (target[:, None] - 0.5 * step[:, None] - middles) * inverse
    sign = torch.where(upper + lower > 0, -1.0, 1.0)  # where both are near 1 their difference is that of the tails
    mass = (share * (torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).abs()).sum(1)
    return -torch.log2((mass + FLOOR / num_bins) / (1 + FLOOR))


def tree_bits(logits: Tensor, values: Tensor) -> Tensor:
    """(N,) bits of values (N,) int64 below 2^7 under the logits (N, 127) of their trees."""
    bits = torch.zeros(len(values))
    for depth in range(REFLECTANCE_BITS):
        above = values >> (REFLECTANCE_BITS - depth)  # the bits decided before, the highest first
        reverse = sum((((above >> i) & 1) << (depth - 1 - i) for i in range(depth)), torch.zeros_like(values))
        logit = logits.gather(1, ((1 << depth) - 1 + reverse)[:, None])[:, 0]
        bits = bits + occupancy_bits(logit, values >> (REFLECTANCE_BITS - 1 - depth) & 1)
    return bits
