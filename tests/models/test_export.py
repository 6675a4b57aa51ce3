"""The exported program computes what the fake-quantised network computes, up to rounding ties."""

import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.codec.walk import walk  # noqa: E402
from pcc.entropy.coders import BitEstimator  # noqa: E402
from pcc.geometry.coding_order import LONE_ORDER  # noqa: E402
from pcc.geometry.octree import child_level, occupancies, root_level  # noqa: E402
from pcc.inference.layers import _convolve  # noqa: E402
from pcc.inference.program import Program  # noqa: E402
from pcc.models.export import export_model  # noqa: E402
from pcc.models.occupancy import OccupancyConfig  # noqa: E402
from pcc.nn import rate  # noqa: E402
from pcc.nn.quantisation import ACTIVATION_STEP  # noqa: E402
from tests.networks import TINY, decision_logits, exported, random_network  # noqa: E402
from tests.trees import is_lone, random_codes  # noqa: E402

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
    "lone nodes": OccupancyConfig(16, 32, (1, 1), (1, 3), 4, colours=8, groups=4, lone_hidden=16),
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
        found.append(table_of(passes, level, program))
        level = child_level(level, occupancy)
    assert next(passes, None) is None
    return found


def table_of(passes, level, program):
    """(N, 8) by octant, from the logits of a level's passes in coding order; those without nodes are left out."""
    table, colour = np.full((len(level), 8), np.nan), program.order.colour_of[level.octants].astype(int)
    orders = [(program.order, 0)]
    if program.config["lone_hidden"]:
        colour[is_lone(level.neighbours)] = -1
        orders = [(LONE_ORDER, -1), *orders]
    for order, first_colour in orders:
        for group, of in order.passes:
            rows = colour == first_colour + of
            if rows.any():
                table[rows, group * order.group_size : (group + 1) * order.group_size] = next(passes)
    assert not np.isnan(table).any()
    return table


def cloud(rng, depth=5, strays=100):
    """A thin surface and some strays."""
    side = 1 << depth
    x, y = np.mgrid[:side, :side].reshape(2, -1)
    z = ((np.sin(x / 5) + np.cos(y / 7) + 2) * side / 5).astype(int)
    from pcc.ops import morton

    surface = morton.encode(np.stack([x, y, z], 1).astype(np.int32))
    return np.union1d(surface, random_codes(rng, strays, depth))


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("offset", [0, 3])
@torch.no_grad()
def test_levels_agree(tmp_path, rng, name, seed, offset):
    """From equal inputs, what every layer of a level gives is equal but for ties of float sums.

    At most 0.1 % of a layer's features differ, by one, and of the logits, by 2/256 bit; for every set and scale.
    """
    network = random_network(CONFIGS[name], seed)
    program = exported(network, tmp_path / "m.safetensors")
    known, level, feats = occupancies(cloud(rng), 5), root_level(), None
    for d, occupancy in enumerate(known):
        scale, view, lists = 5 - d + offset, network.view(level), program.view(level)
        above, feats = feats, program.features(feats, lists, scale)
        np.testing.assert_array_equal(check_layers(network, program, above, level, scale), feats)
        (step,) = network.steps(as_float(feats), view, occupancy, scale)
        difference = np.abs(decision_logits(step) * UNIT - level_logits(program, feats, lists, occupancy, scale))
        assert (difference > 0.01).sum() <= max(2, difference.size // 1000)
        assert difference.max() < 2.5
        x = network.absorb(as_float(feats), view, occupancy, scale)
        feats = program.absorb(feats, lists, occupancy, scale)
        assert_features(x, feats)
        level = child_level(level, occupancy)


def check_layers(network, program, above, level, scale):
    """The layers from the features above to those of the level, each of both from the same integers."""
    (layers, row), (integers, _) = network._set_of(scale), program._set_of(scale)
    view, activation = network.view(level), network.quantiser.activation
    x = integers.expand_children(above, level, row)
    assert_features(layers.expand(None if above is None else as_float(above), view, row), x)
    for j, conv in enumerate(integers.convs):
        if j % 2 == 0:
            block = x  # what the second convolution of the block is added to
        sums = layers._convolve(as_float(x), layers.conv_weights[j], layers.conv_biases[j], view)
        x = _convolve(conv, x, level, block if j % 2 else None)
        assert_features(activation(sums + as_float(block) if j % 2 else sums), x)
    return x


def as_float(feats):
    return torch.from_numpy(feats.astype(np.float32)) * ACTIVATION_STEP


def assert_features(x, feats):
    difference = np.abs(x.numpy() / ACTIVATION_STEP - feats)
    assert difference.max() < 1.01
    assert (difference > 0.01).sum() <= max(2, feats.size // 1000)
    assert len(feats) < 100 or 0.1 < (feats > 0).mean() < 0.95, "the network must be lively"


def level_logits(program, feats, view, occupancy, scale):
    """(N, 8) from the program's passes over one level."""
    coder = Recorder()
    for step in program.steps(feats, view, occupancy, scale, True):
        step.code(coder, True)
    return table_of(iter(coder.logits), view.level, program)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("offset", [0, 3])
def test_walks_agree(tmp_path, rng, name, offset):
    """Mean |l_float - l_integer| < 3/256 bit over a whole tree, where a tie reaches all nodes below."""
    network = random_network(CONFIGS[name])
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng), 5)
    logits = np.concatenate(integer_logits(program, known, offset))
    difference = np.abs(np.concatenate(float_logits(network, known, offset)) - logits)
    assert logits.std() > 100, "the network must be lively"
    assert len(np.unique(logits)) > 300
    assert difference.mean(axis=0).max() < 3
    assert difference.max() < 32


@pytest.mark.parametrize("name", ["checkerboard", "wide", "nibbles", "at once", "lone nodes"])
@pytest.mark.parametrize("strays", [100, 2000])
@torch.no_grad()
def test_bits_agree(tmp_path, rng, name, strays):
    """Bits that training counts = bits under the program's tables, within 0.1 %."""
    network = random_network(CONFIGS[name])
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng, 6, strays), 6)
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
        layers.head.weight1[:, ::5] = 0
        layers.head.weight2[:, :, 7] = 0
        layers.conv_biases[0][3] = 1.5
        layers.head.weight3[2] = 0
    program = exported(network, tmp_path / "m.safetensors")
    known = occupancies(cloud(rng), 5)
    difference = np.abs(
        np.concatenate(float_logits(network, known, 0)) - np.concatenate(integer_logits(program, known, 0))
    )
    assert (difference > 2.5).mean() <= 1e-3


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
