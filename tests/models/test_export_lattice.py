"""The exported networks of spinning LiDAR compute what fake quantisation computes, up to ties of float sums."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.errors import ModelMismatch  # noqa: E402
from pcc.geometry.interlace import PASSES  # noqa: E402
from pcc.models.export import export_model  # noqa: E402
from pcc.models.lattice import INPUT_ZERO, SPREAD_RATE, SPREAD_UNIT, LatticeNet  # noqa: E402
from pcc.ops.lattice_context import contexts_reference, num_feats  # noqa: E402
from pcc.ops.lattice_net import layers_reference, spread_reference  # noqa: E402
from pcc.sensors.scan import NUM_QUARTILES, ROW_FEATS  # noqa: E402
from tests.lattices import random_image  # noqa: E402
from tests.networks import TINY_LATTICE, exported_lattice, random_lattice_net  # noqa: E402

CONFIGS = {
    "tiny": TINY_LATTICE,
    "one layer": replace(TINY_LATTICE, layers=1, kernels=0),
    "deep": replace(TINY_LATTICE, hidden=48, layers=5, kernels=4, reflectance_hidden=32),
}


def padded(feats, head):
    missing = head.layers.weights[0].shape[0] - feats.shape[1]
    return torch.from_numpy(np.pad(feats, ((0, 0), (0, missing)), constant_values=INPUT_ZERO))


def assert_close(found, want):
    """Outputs in 1/256 within 1 of each other; a tie in a hidden layer, which is rare, may move one by a few."""
    away = np.abs(np.asarray(found) - want)
    assert (away > 1.01).mean() < 1e-4
    assert away.max() <= 16


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("seed", [0, 1])
@torch.no_grad()
def test_outputs_agree(tmp_path, rng, name, seed):
    """integer = round(256 float) of all passes' outputs; they are lively."""
    network = random_lattice_net(CONFIGS[name], seed)
    program = exported_lattice(network, tmp_path / "m.safetensors")
    pairs, spread = [], []
    for number in range(len(PASSES)):
        for heads, nets in ((network.ranges, program.ranges), (network.reflectances, program.reflectances)):
            head, net = heads[number], nets[number]
            feats = rng.integers(0, 256, (200, len(net.layers[0].weight))).astype(np.uint8)
            found = layers_reference(net.layers, feats)
            pairs.append((found.reshape(-1), head.layers(padded(feats, head)).numpy().reshape(-1) * 256))
            spread.append(found.std(0).mean())
    found, want = map(np.concatenate, zip(*pairs, strict=True))
    assert_close(found, want)
    assert (np.abs(found - want) > 0.5).mean() < 1e-3
    assert np.mean(spread) > 20


@torch.no_grad()
def test_mixtures_agree(tmp_path, rng):
    """Occupancies, weights and scales as outputs; middles within what outputs of 1/256 move them, kernels included."""
    network = random_lattice_net()
    program = exported_lattice(network, tmp_path / "m.safetensors")
    image = random_image(rng, 16, 90)
    for step, head, net in zip(PASSES, network.ranges, program.ranges, strict=True):
        occupancy, mixture = net.run(image, 80)
        seen = contexts_reference(image, step, 80)
        arrays = (torch.from_numpy(array) for array in (seen.differences, seen.base, seen.guesses))
        logits, weights, middles, scales = head(padded(seen.feats, head), *arrays)
        assert_close(occupancy, 256 * logits.numpy())
        assert_close(mixture.weight.T, 256 * weights.numpy())
        assert_close(np.clip(mixture.scale.T, 0, 3584), 256 * scales.numpy())
        relative = mixture.mu.T - seen.base[:, None]
        reach = 1.01 * np.abs(seen.differences.astype(float)).sum(1)[:, None] / 1024 + 1
        slope = (np.abs(relative) + 128) / 320 + 1  # of the spread, by an output of 1/256
        assert (np.abs(relative - middles.numpy()) <= reach + slope).all()


def test_spreads_are_those_of_the_kernel():
    """SPREAD_UNIT sinh(SPREAD_RATE o / 256) = spread(o), rounded."""
    o = np.arange(-3584, 3585)
    np.testing.assert_allclose(SPREAD_UNIT * np.sinh(SPREAD_RATE * o / 256), spread_reference(o), rtol=0, atol=0.5001)


def test_unknown_inputs_are_128(tmp_path, rng):
    """Inputs that pad a layer to a multiple of 4 change nothing: 128 is their zero."""
    network = random_lattice_net()
    program = exported_lattice(network, tmp_path / "m.safetensors")
    net = program.reflectances[0]
    width = num_feats(net.step, ROW_FEATS + NUM_QUARTILES) + 1 + len(net.step.neighbours) + 4
    feats = rng.integers(0, 256, (9, width)).astype(np.uint8)
    full = np.pad(feats, ((0, 0), (0, len(net.layers[0].weight) - width)), constant_values=128)
    np.testing.assert_array_equal(layers_reference(net.layers, feats), layers_reference(net.layers, full))


def test_equal_weights_give_equal_bytes(tmp_path):
    """And a card that names configuration and digest."""
    paths = [export_model(
        random_lattice_net(), tmp_path / f"{i}.safetensors", name="a", record={"git": 1}, metrics={}, licence="l"
    ) for i in range(3)]  # fmt: skip
    assert len({path.read_bytes() for path in paths}) == 1
    card = json.loads((tmp_path / "0.json").read_text())
    assert card["config"] == {
        "name": "tiny", "hidden": 16, "layers": 2, "kernels": 2, "reflectance_hidden": 16
    }  # fmt: skip
    other = exported_lattice(random_lattice_net(seed=1), tmp_path / "1.safetensors")
    assert other.digest.hex() != card["digest"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9])
def test_weights_that_integers_cannot_hold(tmp_path, value):
    """Nothing is written."""
    network: LatticeNet = random_lattice_net()
    with torch.no_grad():
        network.ranges[4].layers.biases[1][3] = value
    with pytest.raises(ModelMismatch):
        export_model(network, tmp_path / "m.safetensors", name="m", record={}, metrics={}, licence="none")
    assert list(tmp_path.iterdir()) == []
