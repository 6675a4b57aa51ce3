"""Programs with a head for lone nodes: those without a neighbour but themselves, which see their own bits only."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc.errors import ModelMismatch
from pcc.geometry.coding_order import LONE_ORDER, CodingOrder
from pcc.inference.program import Program
from tests.golden import FOLDER
from tests.networks import config_of, exported, parts, random_network
from tests.trees import SOME_ORDERS, is_lone, mixed_level, name_of, random_level, random_occupancy

ORDER = CodingOrder(8, 4)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    network = random_network(config_of(ORDER, (1, 0), (1, 3), lone_hidden=32))
    return exported(network, tmp_path_factory.mktemp("model") / "good.safetensors")


def changed(program: Program, path, tensors=None, without="", **config) -> Program:
    """The program of a file in which some tensors and settings are others, and none has ``without`` in its name."""
    old, metadata = parts(program.path)
    kept = {name: tensor for name, tensor in (old | (tensors or {})).items() if not without or without not in name}
    settings = json.dumps(json.loads(metadata["config"]) | config)
    save_file(kept, str(path), metadata | {"config": settings})
    return Program(path)


class Recorder:
    """A coder that keeps what it is asked, and knows the values that are decoded."""

    def __init__(self, values=()):
        self.calls, self.values = [], list(values)

    def tree(self, logits, certain, values):
        self.calls.append((logits, certain, values))
        return self.values.pop(0) if values is None else values


@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
def test_lone_nodes_come_first(tmp_path, rng, order):
    """Two passes over all lone nodes, of octants 0..3 and 4..7; then the coding order over all others."""
    program = exported(random_network(config_of(order, lone_hidden=16)), tmp_path / "m.safetensors")
    view = program.view(mixed_level(rng))
    lone, octants = is_lone(view.level.neighbours), view.level.octants
    occupancy = random_occupancy(rng, len(lone))
    occupancy[::5] = 128
    feats, copy, down = program.features(None, view, 1), np.zeros_like(occupancy), Recorder()
    steps = list(program.steps(feats, view, occupancy, 1, True))
    for step in steps:
        step.code(down, True)
    assert [(step.group, step.colour) for step in steps] == [*LONE_ORDER.passes, *order.passes]
    expected = [np.flatnonzero(lone)] * 2
    expected += [np.flatnonzero(~lone & (order.colour_of[octants] == colour)) for _, colour in order.passes]
    for step, rows in zip(steps, expected, strict=True):
        np.testing.assert_array_equal(step.passes.rows(step.colour), rows)
    (first, none, low), (second, certain, high) = down.calls[:2]
    assert first.shape == second.shape == (lone.sum(), 15)
    np.testing.assert_array_equal(low | high << 4, occupancy[lone])
    assert len(none) == 0
    np.testing.assert_array_equal(certain, low == 0)
    up = Recorder([values for *_, values in down.calls])
    for step in program.steps(feats, view, copy, 1, False):
        step.code(up, False)
    np.testing.assert_array_equal(copy, occupancy)
    for (logits, certain, _), (others, again, _) in zip(down.calls, up.calls, strict=True):
        np.testing.assert_array_equal(logits, others)
        np.testing.assert_array_equal(certain, again)


def logits(program, view, occupancy, feats):
    coder = Recorder()
    for step in program.steps(feats, view, occupancy, 1, True):
        step.code(coder, True)
    return [call[0] for call in coder.calls]


def test_what_a_lone_node_sees(good, rng, isa):
    """Bits 0..3 of its own in the second pass. And no other node sees any of its bits."""
    view = good.view(mixed_level(rng))
    lone, num = is_lone(view.level.neighbours), len(view.level)
    feats, occupancy = rng.integers(0, 256, (num, 16), dtype=np.uint8), random_occupancy(rng, num)
    before = logits(good, view, occupancy, feats)
    others = logits(good, view, np.where(lone, occupancy, random_occupancy(rng, num)), feats)
    low = logits(good, view, np.where(lone, occupancy ^ 1, occupancy), feats)
    high = logits(good, view, np.where(lone, occupancy ^ 16, occupancy), feats)
    for i, same in enumerate([(others, low, high), (others, high)]):
        assert all(np.array_equal(after[i], before[i]) for after in same)
    assert not np.array_equal(low[1], before[1])
    for after in (low, high):
        assert all(np.array_equal(a, b) for a, b in zip(after[2:], before[2:], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(others[2:], before[2:], strict=True))


def test_levels_of_one_kind(good, rng):
    """The root is lone: two calls. In a full level no node is: none of them."""
    root = good.view(random_level(rng, 0))
    assert [len(a) for a in logits(good, root, np.ones(1, np.uint8), good.features(None, root, 1))] == [1, 1]
    full = good.view(random_level(rng, 2, bits=8))
    found = logits(good, full, np.ones(64, np.uint8), good.features(None, full, 1))
    assert [a.shape for a in found] == [(8, 3)] * 32


def test_macs_literal(good, rng):
    """Lone root: 16 16 (expand) + 2 16 16 (convolutions) + 2 groups (16 32 + 32 32 + 32 15 outputs).

    Of 8 nodes that all touch: 8 (16 16 + 8 2 16 16 + 4 groups (16 16 + 16 16 + 16 3 outputs)).
    """
    assert good.macs(random_level(rng, 0), 1) == 256 + 512 + 2 * (512 + 1024 + 480)
    assert good.macs(random_level(rng, 1, bits=8), 1) == 8 * (256 + 8 * 512 + 4 * (512 + 48))


def test_files_without_the_setting(tmp_path):
    """The key is younger than the format: without it, and in files of the first format, there is no such head."""
    for name in ("model", "model_2"):
        program = Program(FOLDER / f"{name}.safetensors")
        assert program.config["lone_hidden"] == 0
        assert all(layers.lone_head is None for layers in program.sets)


@pytest.mark.parametrize("value", [8, 24, -16, 80, 1 << 40, 16.0, "16", None, True, [16]], ids=str)
def test_wrong_settings(good, tmp_path, value):
    with pytest.raises(ModelMismatch, match=r"not a valid model: config: expected (lone_hidden|integers)"):
        changed(good, tmp_path / "m.safetensors", lone_hidden=value)


def test_another_width_than_the_tensors(good, tmp_path):
    """lone_hidden = 16, 48 or 64 for tensors of 32: refused; 0: they are not read, like all tensors without a name."""
    for value in (16, 48, 64):
        with pytest.raises(ModelMismatch, match=r"set0\.lone0\.\w+: expected"):
            changed(good, tmp_path / "m.safetensors", lone_hidden=value)
    assert changed(good, tmp_path / "m.safetensors", lone_hidden=0).sets[0].lone_head is None


def test_every_tensor_is_needed_and_checked(good, tmp_path):
    """Without it, with another dtype, with another shape: never loaded."""
    tensors, _ = parts(good.path)
    names = [name for name in tensors if name.startswith(("set0.lone0", "set1.lone1"))]
    assert len(names) == 2 * 12
    for name in names:
        value = tensors[name]
        with pytest.raises(ModelMismatch, match=f"'{name}'"):
            changed(good, tmp_path / "m.safetensors", without=name)
        for other in (value.astype(np.float32), value[:-1], value[None], value[..., :-1]):
            with pytest.raises(ModelMismatch, match=rf"{name}: expected"):
                changed(good, tmp_path / "m.safetensors", {name: np.ascontiguousarray(other)})


def test_shapes_of_the_other_head(good, tmp_path):
    """A context of 27 neighbours, biases of eight colours, the logits of two octants, a third group's absence."""
    tensors, _ = parts(good.path)
    for key, shape in (("context", (27, 8, 32)), ("bias1", (2, 8, 32)), ("weight3", (32, 3))):
        other = np.zeros(shape, tensors[f"set0.lone1.{key}"].dtype)
        with pytest.raises(ModelMismatch, match=rf"set0\.lone1\.{key}: expected"):
            changed(good, tmp_path / "m.safetensors", {f"set0.lone1.{key}": other})
    assert not any("lone2" in name for name in tensors)


@pytest.mark.parametrize(
    ("name", "at", "value", "words"),
    [
        ("set0.lone0.multiplier1", 0, -5, "negative"),
        ("set0.lone1.scalars", 1, 63, "shift"),
        ("set1.lone1.context_shift", 0, 16, "context_shift"),
        ("set0.lone1.bias1", (0, 0, 2), 2**31 - 1, "32 bits"),
        ("set0.lone1.bias2", 0, -(2**31) + 1, "32 bits"),
        ("set0.lone0.bias3", 14, 2**31 - 1, "32 bits"),
    ],
)
def test_values_that_the_arithmetic_cannot_hold(good, tmp_path, name, at, value, words):
    tensor = parts(good.path)[0][name].copy()
    tensor[at] = value
    with pytest.raises(ModelMismatch, match=words):
        changed(good, tmp_path / "m.safetensors", {name: tensor})
