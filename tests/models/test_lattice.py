"""Bits under mixtures and trees are those of distributions: sum over all values of 2^-bits = 1."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.geometry.interlace import PASSES  # noqa: E402
from pcc.models.lattice import (  # noqa: E402
    FLOOR,
    LatticeConfig,
    LatticeNet,
    occupancy_bits,
    padded,
    range_bits,
    tree_bits,
)
from pcc.ops.lattice_context import num_feats, num_guesses  # noqa: E402

TINY = LatticeConfig("tiny", hidden=16, layers=2, kernels=2, reflectance_hidden=16)


def test_configurations():
    assert LatticeConfig.of({"kind": "lattice", **asdict(TINY)}) == TINY
    for changes in (
        {"hidden": 24}, {"hidden": 0}, {"hidden": 272}, {"reflectance_hidden": 8}, {"layers": 0}, {"layers": 6},
        {"kernels": -1}, {"kernels": 5},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"hidden|layers, kernels"):
            replace(TINY, **changes)
    assert [padded(width) for width in (1, 4, 5, 59)] == [4, 4, 8, 60]


@pytest.mark.parametrize("kernels", [0, 2, 4])
@torch.no_grad()
def test_shapes(rng, kernels):
    """A network for each pass, whose outputs are what the pass has components; scales within 0..14."""
    torch.manual_seed(0)
    network = LatticeNet(replace(TINY, kernels=kernels))
    assert len(network.ranges) == len(network.reflectances) == len(PASSES)
    for step, head in zip(PASSES, network.ranges, strict=True):
        k, n = kernels + num_guesses(step), len(step.neighbours)
        feats = torch.from_numpy(rng.integers(0, 256, (5, padded(num_feats(step, 5)))).astype(np.uint8))
        differences = torch.from_numpy(rng.integers(-12_800, 12_801, (5, n)).astype(np.int16))
        base = torch.full((5,), 1000, dtype=torch.int32)
        guesses = torch.full((5, num_guesses(step)), 1500, dtype=torch.int32)
        occupancy, weights, middles, scales = head(feats, differences, base, guesses)
        assert occupancy.shape == (5,)
        assert weights.shape == middles.shape == scales.shape == (5, k)
        assert 0 <= scales.min() <= scales.max() <= 14
        assert middles.isfinite().all()
    shades = network.reflectances[0](torch.zeros(3, network.reflectances[0].layers.weights[0].shape[0]))
    assert shades.shape == (3, 127)


def test_occupancy_bits_literal():
    """log2(1 + 2^-logit) of a point, log2(1 + 2^logit) of none; finite at the ends."""
    logits = torch.tensor([0.0, 1.0, 1.0, -14.0, 14.0])
    bits = occupancy_bits(logits, torch.tensor([1, 1, 0, 1, 1]))
    want = [1, np.log2(1.5), np.log2(3), np.log2(1 + 2**14), np.log2(1 + 2**-14)]
    np.testing.assert_allclose(bits.numpy(), want, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scale", [0.0, 3.0, 7.0])
def test_range_bits_are_a_distributions(scale):
    """sum over bins of 2^-bits = 1, when the bins reach far enough; floors are 2^-10 of it."""
    num, step = 1 << 12, 32.0
    target = torch.arange(num) * step - 30_000
    weights, middles = torch.tensor([[0.0, 1.0]]).expand(num, 2), torch.tensor([[100.0, 9000.0]]).expand(num, 2)
    args = weights, middles, torch.full((num, 2), scale), target, torch.full((num,), step)
    bits = range_bits(*args, torch.full((num,), float(num)))
    assert float(torch.exp2(-bits.double()).sum()) == pytest.approx(1, abs=2e-4)
    far = float(bits.max())
    if scale < 5:
        assert far == pytest.approx(np.log2(num * (1 + FLOOR) / FLOOR), abs=1e-3)


def test_range_bits_literal():
    """One component of 16 units: the bin about its middle, and the bin beside it, of 32 units each."""
    one = torch.ones(2, 1)
    bits = range_bits(0 * one, 1000 * one, 0 * one, torch.tensor([1000.0, 1032.0]), 32 * one[:, 0], 1024 * one[:, 0])
    sigmoid = 1 / (1 + np.exp(-np.array([1.0, 3.0])))
    mass = np.array([2 * sigmoid[0] - 1, sigmoid[1] - sigmoid[0]])
    np.testing.assert_allclose(bits.numpy(), -np.log2((mass + 2**-20) / (1 + 2**-10)), rtol=1e-5)


def test_tails_keep_their_gradient():
    """Far on both sides alike: a bin of 2^-14 and less has the same bits on either side."""
    away = torch.tensor([-200.0, 200.0])
    one = torch.ones(2, 1)
    bits = range_bits(0 * one, 0 * one, 0 * one, away, 2 * one[:, 0], 1e9 * one[:, 0])
    assert float(bits[0]) == pytest.approx(float(bits[1]), rel=1e-6)
    assert float(bits[0]) == pytest.approx(-np.log2(np.exp(-200 / 16) / 8), rel=1e-3)


def test_tree_bits_are_a_distributions():
    """sum over the 128 values of 2^-bits = 1, whatever the logits."""
    torch.manual_seed(1)
    logits = torch.randn(1, 127).expand(128, 127) * 3
    assert float(torch.exp2(-tree_bits(logits, torch.arange(128))).sum()) == pytest.approx(1, rel=1e-5)


def test_tree_bits_literal():
    """The root decides the highest bit; its child after a one is logit 2; others even."""
    logits = torch.zeros(4, 127)
    logits[:, 0], logits[:, 2] = 1.0, 2.0
    bits = tree_bits(logits, torch.tensor([0, 63, 64, 127]))
    want = [np.log2(3) + 6, np.log2(3) + 6, np.log2(1.5) + np.log2(5) + 5, np.log2(1.5) + np.log2(1.25) + 5]
    np.testing.assert_allclose(bits.numpy(), want, rtol=1e-5)
