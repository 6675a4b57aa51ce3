"""The networks that code spinning LiDAR, in integers: dense layers over the contexts of `pcc.ops.lattice_context`.

Inputs beyond the context's are 128. Layers but the last: requantise(bias + x @ weight, multiplier, shift) to u8; the
last one's outputs o are

    clamp(round_shift((bias + x @ weight) * multiplier, shift), -3584, 3584)                       int16

With K components, the first of them ``kernels`` (n neighbours each) and the others the guesses, the outputs of a
range's network are K weights, K spreads, K scales, the occupancy's logit (1/256 bit), and kernels x n weights w, and

    mu = start + spread(o),  spread(o) = sign(o) round(128 sinh(|o| / 320))
    start of a kernel = base + ((sum of w d + 512) >> 10), of the others their guess

are the middles of the mixture (`pcc.ops.mixture`), whose scales and weights are outputs as they are. A reflectance's
network sees the context and `pcc.ops.lattice_context.reflectance_feats`; its outputs are the logits of a tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pcc import _ext
from pcc.geometry.interlace import Pass
from pcc.geometry.range_image import RangeImage
from pcc.ops._arrays import check
from pcc.ops.lattice_context import Contexts, num_guesses, surroundings
from pcc.ops.mixture import Mixture
from pcc.ops.requantise import requantise_reference, round_shift_reference

MAX_OUTPUT = 3584
MAX_LAYERS = 6
MAX_WIDTH = 256
MAX_STRIDES = 8  # of images whose networks are kept; turns differ in their number of columns


@dataclass(frozen=True, eq=False)
class Dense:
    """weight (I, O) int8, bias (O,) int32, multiplier (O,) int32 >= 0, shift 1..62; I a multiple of 4."""

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: int

    def __post_init__(self) -> None:
        width, outputs = self.weight.shape
        check(self.weight, "weight", "int8", (width, outputs))
        check(self.bias, "bias", "int32", (outputs,))
        check(self.multiplier, "multiplier", "int32", (outputs,))
        if not (4 <= width <= MAX_WIDTH and width % 4 == 0 and 1 <= outputs <= MAX_WIDTH):
            raise ValueError(f"weight: expected inputs in multiples of 4 up to {MAX_WIDTH}, got {self.weight.shape}")
        if self.multiplier.min() < 0 or not 1 <= self.shift <= 62:
            raise ValueError(f"multiplier, shift: expected >= 0 and 1..62, got {self.multiplier.min()}, {self.shift}")


class RangeNet:
    """Occupancy and ranges of a pass; unchanging, so several threads may use it.

    Args:
        step: the pass.
        layers: 1..6 dense layers.
        kernels: components of kernels.
        row_feats: features of a row.

    Raises:
        ValueError: the layers do not fit the pass.
    """

    def __init__(self, step: Pass, layers: Sequence[Dense], kernels: int, row_feats: int) -> None:
        self.step, self.layers, self.kernels, self.row_feats = step, tuple(layers), kernels, row_feats
        self.components = kernels + num_guesses(step)
        self._of_stride = lru_cache(MAX_STRIDES)(self._new)
        self._of_stride(1 << 12)

    def run(self, image: RangeImage, frame_feat: int) -> tuple[np.ndarray, Mixture]:
        """Occupancy logits (N,) int16 and mixtures of the pass's N cells, row by row."""
        around, net = self._of_stride(image.range.shape[1])
        cells = image.cells(self.step)
        n = cells[2] * cells[5]
        occupancy, shape = np.empty(n, np.int16), (self.components, n)
        mu, scale, weight = np.empty(shape, np.int32), np.empty(shape, np.int16), np.empty(shape, np.int16)
        if n:
            net.run(
                around, image.range, image.deviation, image.row_feats, list(cells), frame_feat,
                occupancy, mu, scale, weight,
            )  # fmt: skip
        return occupancy, Mixture(mu, scale, weight)

    @property
    def macs(self) -> int:
        """Products a cell."""
        return sum(layer.weight.size for layer in self.layers)

    def _new(self, stride: int) -> tuple:
        around = surroundings(self.step, stride)
        return around, _ext.RangeNet(around, _weights(self.layers), self.kernels, self.row_feats)


class ReflectanceNet:
    """Reflectances of a pass, as `RangeNet`."""

    def __init__(self, step: Pass, layers: Sequence[Dense], row_feats: int) -> None:
        self.step, self.layers, self.row_feats = step, tuple(layers), row_feats
        self._of_stride = lru_cache(MAX_STRIDES)(self._new)
        self._of_stride(1 << 12)

    def run(self, image: RangeImage, reflectance: np.ndarray, cells: np.ndarray, frame_feat: int) -> np.ndarray:
        """Logits (N, O) int16.

        Args:
            image: with all ranges; reflectance: like them, uint8, 0 where unknown.
            cells: (N,) int64 places in the flat image (`RangeImage.flat`) that hold points.
        """
        around, net = self._of_stride(image.range.shape[1])
        logits = np.empty((len(cells), net.outputs()), np.int16)
        net.run(
            around, image.range, image.deviation, check(reflectance, "reflectance", "uint8", image.range.shape),
            image.row_feats, check(cells, "cells", "int64", (None,)), frame_feat, logits,
        )  # fmt: skip
        return logits

    @property
    def macs(self) -> int:
        """Products a point."""
        return sum(layer.weight.size for layer in self.layers)

    def _new(self, stride: int) -> tuple:
        around = surroundings(self.step, stride)
        return around, _ext.ReflectanceNet(around, _weights(self.layers), self.row_feats)


def _weights(layers: Sequence[Dense]) -> list:
    contiguous = np.ascontiguousarray
    return [
        _ext.layer_weights(contiguous(d.weight), contiguous(d.bias), contiguous(d.multiplier), d.shift) for d in layers
    ]


def layers_reference(layers: Sequence[Dense], feats: np.ndarray) -> np.ndarray:
    """(N, O) int64 outputs of feats (N, F) uint8; missing inputs are 128."""
    x = np.full((len(feats), layers[0].weight.shape[0]), 128, np.int64)
    x[:, : feats.shape[1]] = feats
    for layer in layers[:-1]:
        acc = layer.bias + x @ layer.weight.astype(np.int64)
        x = requantise_reference(acc, layer.multiplier, layer.shift).astype(np.int64)
    acc = layers[-1].bias + x @ layers[-1].weight.astype(np.int64)
    out = round_shift_reference(acc * layers[-1].multiplier, layers[-1].shift)
    return np.clip(out, -MAX_OUTPUT, MAX_OUTPUT)


def range_reference(net: RangeNet, seen: Contexts) -> tuple[np.ndarray, Mixture]:
    """`RangeNet.run` of contexts, in numpy."""
    k, out = net.components, layers_reference(net.layers, seen.feats)
    n = seen.differences.shape[1]
    kernels = out[:, 3 * k + 1 :].reshape(len(out), net.kernels, n)
    weighed = ((kernels * seen.differences.astype(np.int64)[:, None]).sum(2) + 512) >> 10
    starts = np.concatenate([seen.base[:, None] + weighed, seen.guesses], 1)
    mu = (starts + spread_reference(out[:, k : 2 * k])).astype(np.int32)
    columns = (mu, out[:, 2 * k : 3 * k].astype(np.int16), out[:, :k].astype(np.int16))
    return out[:, 3 * k].astype(np.int16), Mixture(*(np.ascontiguousarray(values.T) for values in columns))


def spread_reference(o: np.ndarray) -> np.ndarray:
    """int64; no value is near a half, so any library's function gives these."""
    return np.sign(o) * np.floor(128 * np.sinh(np.abs(o) / 320) + 0.5).astype(np.int64)
