"""The exported program computes what the fake-quantised network computes, up to rounding ties."""

import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.codec.walk import walk  # noqa: E402
from pcc.entropy.coders import BitEstimator  # noqa: E402
from pcc.geometry.coding_order import CodingOrder  # noqa: E402
from pcc.geometry.octree import child_level, occupancies, root_level  # noqa: E402
from pcc.inference.program import Program  # noqa: E402
from pcc.models.export import export_model, fixed_point  # noqa: E402
from pcc.models.occupancy import OccupancyConfig  # noqa: E402
from pcc.nn import rate  # noqa: E402
from pcc.nn.quantisation import ACTIVATION_STEP  # noqa: E402
from tests.networks import TINY, decision_logits, exported, random_network  # noqa: E402
from tests.trees import random_codes  # noqa: E402

UNIT = 256  # logits per bit
CONFIGS = {
    "one colour": OccupancyConfig(16, 16, (1,), (1,), 4, colours=1),
    "checkerboard": OccupancyConfig(16, 16, (1,), (1,), 4),
    "two blocks": OccupancyConfig(16, 32, (2,), (1,), 4),
    "three sets": OccupancyConfig(32, 16, (1, 0, 2), (1, 2, 4), 5),
    "wide": OccupancyConfig(32, 48, (1, 1), (1, 3), 6, colours=8, groups=4),
    "nibbles": OccupancyConfig(16, 16, (1,), (1,), 4, colours=8, groups=2, by_colour=True),
    "pairs": OccupancyConfig(16, 16, (1,), (1,), 4, colours=4, groups=4),
    "at once": OccupancyConfig(16, 16, (1,), (1,), 4, colours=1, groups=1),
}


class Recorder:
    """A coder that keeps the logits of the bits that it is asked to code, and gives the values back."""

    def __init__(self):
        self.logits = []

    def tree(self, logits, certain, values):
        depth = logits.shape[1].bit_length()
        chosen = [logits[np.arange(len(values)), (1 << j) - 1 + values % (1 << j)] for j in range(depth)]
        if len(certain):
            chosen[-1] = np.where(certain.astype(bool) & (values % (1 << depth - 1) == 0), 3584, chosen[-1])
        self.logits.append(np.stack(chosen, 1))
        return values


def float_logits(network, known, offset):
    """Per level (N, 8) logits in units of 1/256 bit, from the float network."""
    found, level, feats = [], root_level(), None
    with torch.no_grad():
        for d, occupancy in enumerate(known):
            scale, view = len(known) - d + offset, network.view(level)
            feats = network.features(feats, view, scale)
            found.append(decision_logits(*network.steps(feats, view, occupancy, scale)) * UNIT)
            feats, level = network.absorb(feats, view, occupancy, scale), child_level(level, occupancy)
    return found


def integer_logits(program, known, offset):
    """The same from the program's passes."""
    coder = Recorder()
    walk(program, coder, len(known), level_offset=offset, known=known)
    passes, level, found = iter(coder.logits), root_level(), []
    for occupancy in known:
        found.append(table_of(passes, level, program.order))
        level = child_level(level, occupancy)
    assert next(passes, None) is None
    return found


def table_of(passes, level, order: CodingOrder):
    """(N, 8) by octant, from the logits of a level's passes in coding order; those without nodes are left out."""
    table, colour = np.full((len(level), 8), np.nan), order.colour_of[level.octants]
    for group, of in order.passes:
        if (colour == of).any():
            table[colour == of, group * order.group_size : (group + 1) * order.group_size] = next(passes)
    assert not np.isnan(table).any()
    return table


def cloud(rng, depth=5):
    """A thin random surface and some strays."""
    side = 1 << depth
    x, y = np.mgrid[:side, :side].reshape(2, -1)
    z = ((np.sin(x / 5) + np.cos(y / 7) + 2) * side / 5).astype(int)
    from pcc.ops import morton

    surface = morton.encode(np.stack([x, y, z], 1).astype(np.int32))
    return np.union1d(surface, random_codes(rng, 100, depth))


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("offset", [0, 3])
@torch.no_grad()
def test_levels_agree(tmp_path, rng, name, seed, offset):
    """From equal features, a level's features, logits and absorbed features are equal but for ties of float sums.

    At most 2 % of the features differ, by one or two (a tie in the first of several convolutions), and at most 0.1 %
    of the logits, by 2/256 bit; for every set and scale.
    """
    network = random_network(CONFIGS[name], seed)
    program = exported(network, tmp_path / "m.safetensors")
    known, level, feats = occupancies(cloud(rng), 5), root_level(), None
    for d, occupancy in enumerate(known):
        scale, view, lists = 5 - d + offset, network.view(level), program.view(level)
        x = network.features(None if feats is None else as_float(feats), view, scale)
        feats = program.features(feats, lists, scale)
        assert_features(x, feats)
        (step,) = network.steps(as_float(feats), view, occupancy, scale)
        difference = np.abs(decision_logits(step) * UNIT - level_logits(program, feats, lists, occupancy, scale))
        assert (difference > 0.01).sum() <= max(2, difference.size // 1000)
        assert difference.max() < 2.5
        x = network.absorb(as_float(feats), view, occupancy, scale)
        feats = program.absorb(feats, lists, occupancy, scale)
        assert_features(x, feats)
        level = child_level(level, occupancy)


def as_float(feats):
    return torch.from_numpy(feats.astype(np.float32)) * ACTIVATION_STEP


def assert_features(x, feats):
    difference = np.abs(x.numpy() / ACTIVATION_STEP - feats)
    assert difference.max() < 2.01
    assert (difference > 0.01).sum() <= max(1, feats.size // 50)
    assert len(feats) < 100 or 0.1 < (feats > 0).mean() < 0.95, "the network must be lively"


def level_logits(program, feats, view, occupancy, scale):
    """(N, 8) from the program's passes over one level."""
    coder = Recorder()
    for step in program.steps(feats, view, occupancy, scale, True):
        step.code(coder, True)
    return table_of(iter(coder.logits), view.level, program.order)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("offset", [0, 3])
def test_walks_agree(tmp_path, rng, name, offset):
    """Mean |l_float - l_integer| < 1/256 bit over a whole tree, where a tie reaches all nodes below."""
    network = random_network(CONFIGS[name])
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng), 5)
    logits = np.concatenate(integer_logits(program, known, offset))
    difference = np.abs(np.concatenate(float_logits(network, known, offset)) - logits)
    assert logits.std() > 100, "the network must be lively"
    assert len(np.unique(logits)) > 300
    assert difference.mean(axis=0).max() < 1
    assert difference.max() < 32


@pytest.mark.parametrize("name", ["checkerboard", "wide", "nibbles", "at once"])
@torch.no_grad()
def test_bits_agree(tmp_path, rng, name):
    """Bits that training counts = bits under the program's tables, within 0.1 %."""
    network = random_network(CONFIGS[name])
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng, 6), 6)
    trained, coded = rate.BitSum(), BitEstimator()
    walk(network, trained, 6, known=known)
    walk(program, coded, 6, known=known)
    assert float(trained.total()) == pytest.approx(coded.bits, rel=1e-3)


def test_quantisation_matters(tmp_path, rng):
    """The switch does something: unquantised logits differ from the program's by far more than ties do."""
    network = random_network(quantised=False)
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng, 4), 4)
    difference = np.concatenate(float_logits(network, known, 0)) - np.concatenate(integer_logits(program, known, 0))
    assert np.abs(difference).mean() > 0.5


def test_dead_and_tiny_channels_export(tmp_path, rng):
    """Channels whose weights are all zero, or nearly, but whose bias is not, keep their bias."""
    network = random_network()
    layers = network.sets[0]
    with torch.no_grad():
        for weight in (layers.expand_weight, layers.conv_weights[0], layers.conv_weights[1], layers.absorb_weight):
            weight[..., 3] = 0
            weight[..., 5] *= 1e-7
        layers.head1_weight[:, ::5] = 0
        layers.head2_weight[:, :, 7] = 0
        layers.conv_biases[0][3] = 1.5
        layers.head3_weight[2] = 0
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng), 5)
    difference = np.abs(
        np.concatenate(float_logits(network, known, 0)) - np.concatenate(integer_logits(program, known, 0))
    )
    assert (difference > 2.5).mean() <= 1e-3


@pytest.mark.parametrize("ratios", [[1e-3, 0.5], [1.0], [3.7, 1e-6], [1e-9], [700.0]])
def test_fixed_point(ratios):
    """multiplier / 2^shift = ratio within 2^-30 of the largest ratio; multiplier < 2^31; 1 <= shift <= 62."""
    ratios = np.array(ratios)
    multiplier, shift = fixed_point(ratios)
    assert 1 <= shift <= 62
    assert multiplier.dtype == np.int32
    assert multiplier.min() >= 0
    np.testing.assert_allclose(multiplier / 2.0**shift, ratios, rtol=0, atol=ratios.max() * 2**-29 + 2**-63)


def test_files(tmp_path):
    """The card names digest and config; the same weights give the same bytes, others give others."""
    path = export_model(
        random_network(), tmp_path / "a.safetensors", name="a", record={"git": 1}, metrics={"bpp": 2}, licence="l"
    )
    content = path.read_bytes()
    card = json.loads((tmp_path / "a.json").read_text())
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert Program(path).digest.hex() == card["digest"] == card["sha256"][:32]
    assert card["config"]["channels"] == TINY.channels
    assert [card[k] for k in ("name", "metrics", "training", "licence")] == ["a", {"bpp": 2}, {"git": 1}, "l"]
    for _ in range(5):
        export_model(random_network(), tmp_path / "b.safetensors", name="a", record={}, metrics={}, licence="l")
        assert (tmp_path / "b.safetensors").read_bytes() == content
    export_model(random_network(seed=1), tmp_path / "c.safetensors", name="a", record={}, metrics={}, licence="l")
    assert (tmp_path / "c.safetensors").read_bytes() != content


def test_weights_that_do_not_fit_are_refused(tmp_path):
    """NaN weights, and biases beyond 32 bits, never reach a file that a stream could name."""
    from pcc.errors import ModelMismatch

    for value in (float("nan"), float("inf"), 1e9):
        network = random_network()
        with torch.no_grad():
            network.sets[0].conv_biases[0][0] = value
        with pytest.raises(ModelMismatch):
            exported(network, tmp_path / "m.safetensors")
        assert not list(tmp_path.iterdir())
