"""A program loads exactly what was exported; everything else is a ModelMismatch that names the file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc.errors import LimitExceeded, ModelMismatch
from pcc.inference.files import read_card
from pcc.inference.format_1 import FORMAT_1
from pcc.inference.program import FORMAT, Program
from pcc.models.occupancy import OccupancyConfig
from tests.networks import config_of, exported, parts, random_network
from tests.trees import SOME_ORDERS, name_of, random_level, random_occupancy

CONFIG = OccupancyConfig(16, 16, (1, 0), (1, 3), 4)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    exported(random_network(CONFIG), path)
    return path


def written(path, tensors, metadata):
    save_file(tensors, str(path), metadata)
    return path


def test_what_was_exported_is_read(good):
    """digest = first half of SHA-256; parameters are counted; scales choose sets as in training."""
    program = Program(good)
    tensors, _ = parts(good)
    assert program.digest == hashlib.sha256(good.read_bytes()).digest()[:16]
    assert program.name == "good"
    assert program.num_parameters == sum(t.size for t in tensors.values())
    assert program.digest.hex() in repr(program)
    for scale in range(1, 9):
        layers, row = program._set_of(scale)
        index, want = CONFIG.set_of(scale)
        assert (program.sets.index(layers), row) == (index, want)


class Recorder:
    """A coder that keeps what it is asked, and knows the values that are decoded."""

    def __init__(self, values=()):
        self.calls, self.values = [], list(values)

    def tree(self, logits, certain, values):
        self.calls.append((logits, certain))
        return self.values.pop(0) if values is None else values


@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
def test_steps_cover_every_decision_once(tmp_path, rng, order):
    """Passes in coding order; a decoder that is told the encoder's values asks for the same and gets all bits."""
    program = exported(random_network(config_of(order)), tmp_path / "m.safetensors")
    view = program.view(random_level(rng, 3))
    occupancy = random_occupancy(rng, len(view.level))
    feats, copy, down, values = program.features(None, view, 1), np.zeros_like(occupancy), Recorder(), []
    steps = list(program.steps(feats, view, occupancy, 1, True))
    assert [(step.group, step.colour) for step in steps] == order.passes
    for step in steps:
        step.code(down, True)
        rows = np.flatnonzero(order.colour_of[view.level.octants] == step.colour)
        bits = occupancy[rows] >> step.group * order.group_size
        values.append(bits % (1 << order.group_size) if order.groups > 1 else bits)
    up = Recorder(values)
    for step in program.steps(feats, view, copy, 1, False):
        step.code(up, False)
    np.testing.assert_array_equal(copy, occupancy)
    for (logits, certain), (others, again) in zip(down.calls, up.calls, strict=True):
        assert logits.dtype == np.int16
        assert certain.dtype == np.uint8
        assert logits.shape[1] == 2**order.group_size - 1
        np.testing.assert_array_equal(logits, others)
        np.testing.assert_array_equal(certain, again)
    assert sum(len(logits) for logits, _ in down.calls) == order.groups * len(occupancy)


def test_only_the_last_group_is_certain(good, rng):
    """certain = no bit so far, asked for in the passes of the last group only."""
    program = Program(good)
    view = program.view(random_level(rng, 2))
    occupancy = np.where(np.arange(len(view.level)) % 2, 128, 129).astype(np.uint8)
    coder = Recorder()
    for step in program.steps(program.features(None, view, 1), view, occupancy, 1, True):
        step.code(coder, True)
    assert all(len(certain) == 0 for _, certain in coder.calls[:14])
    for colour, (_, certain) in enumerate(coder.calls[14:]):
        np.testing.assert_array_equal(certain, occupancy[view.lists.of_colour(colour)] == 128)


def test_a_level_without_some_colours(good):
    """The root has one colour: passes over the other code nothing, and ask the coder for nothing."""
    program = Program(good)
    view, coder = program.view(random_level(np.random.default_rng(0), 0)), Recorder()
    for step in program.steps(program.features(None, view, 1), view, np.array([7], np.uint8), 1, True):
        step.code(coder, True)
    assert [logits.shape for logits, _ in coder.calls] == [(1, 1)] * 8


def test_a_level_too_large_is_refused(good):
    """More than 2^27 nodes, from a cloud or from a stream: LimitExceeded before memory is taken."""
    num = 2**27 + 1
    table, octants = np.broadcast_to(np.int32(-1), (num, 27)), np.broadcast_to(np.uint8(0), num)
    level = replace(random_level(np.random.default_rng(0), 0), neighbours=table, octants=octants)
    with pytest.raises(LimitExceeded, match="nodes a level"):
        Program(good).view(level)


@pytest.mark.parametrize(("groups", "outputs"), [(8, 1), (4, 3), (2, 15), (1, 255)])
def test_macs_literal(tmp_path, groups, outputs):
    """One lone root: 16 16 (expand) + 1 of 27 neighbours x 2 16 16 + groups (16 16 + 16 16 + 16 outputs)."""
    config = OccupancyConfig(16, 16, (1, 0), (1, 3), 4, groups=groups)
    program = exported(random_network(config), tmp_path / "m.safetensors")
    level = random_level(np.random.default_rng(0), 0)
    assert program.macs(level, 1) == 256 + 2 * 256 + groups * (256 + 256 + 16 * outputs)


def test_no_file(tmp_path):
    with pytest.raises(ModelMismatch, match="absent"):
        Program(tmp_path / "absent.safetensors")
    with pytest.raises(ModelMismatch, match="cannot read"):
        Program(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 64, b"\0" * 1000])
def test_foreign_bytes(tmp_path, content):
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelMismatch, match="foreign"):
        Program(path)


def test_truncated(good, tmp_path):
    content = good.read_bytes()
    for size in (7, 100, 5000, len(content) // 2, len(content) - 1):
        path = tmp_path / "cut.safetensors"
        path.write_bytes(content[:size])
        with pytest.raises(ModelMismatch):
            Program(path)


def test_another_format(good, tmp_path):
    tensors, metadata = parts(good)
    for other in (None, metadata | {"format": "pcc-occupancy-3"}, {"config": metadata["config"]}):
        with pytest.raises(ModelMismatch, match=f"expected the format {FORMAT} or {FORMAT_1}, got"):
            Program(written(tmp_path / "m.safetensors", tensors, other))


CONFIGS = [
    {"channels": 17},
    {"channels": 0},
    {"channels": -16},
    {"channels": 16.0},
    {"channels": "16"},
    {"channels": 32},
    {"hidden": 32},
    {"hidden": 128},
    {"blocks": []},
    {"blocks": [1]},
    {"blocks": [1, -1]},
    {"blocks": [2, 0]},
    {"scales": [1]},
    {"scales": [2, 3]},
    {"scales": [3, 1]},
    {"scales": [1, 4]},
    {"scales": 3},
    {"max_scale": 2},
    {"max_scale": 5},
    {"max_scale": None},
    {"colours": 3},
    {"colours": 16},
    {"colours": 4},  # not what the tensors hold
    {"colours": True},
    {"colours": 2.0},
    {"colours": None},
    {"groups": 0},
    {"groups": 4},
    {"groups": -8},
    {"groups": "8"},
    {"by_colour": 0},
    {"by_colour": None},
    {"finest_voxel_m": 0},
    {"finest_voxel_m": "1 mm"},
    {"finest_voxel_m": float("nan")},
    {"sparse_offset": 0},
    {"sparse_offset": 128},
    {"sparse_offset": 14.0},
    {"sparse_offset": True},
]


@pytest.mark.parametrize("change", CONFIGS, ids=str)
def test_wrong_configurations(good, tmp_path, change):
    tensors, metadata = parts(good)
    config = json.dumps(json.loads(metadata["config"]) | change)
    with pytest.raises(ModelMismatch, match="not a valid model"):
        Program(written(tmp_path / "m.safetensors", tensors, metadata | {"config": config}))


@pytest.mark.parametrize(
    "key", ["channels", "hidden", "blocks", "scales", "max_scale", "colours", "groups", "by_colour"]
)
def test_every_setting_is_needed(good, tmp_path, key):
    tensors, metadata = parts(good)
    config = {k: v for k, v in json.loads(metadata["config"]).items() if k != key}
    with pytest.raises(ModelMismatch, match=f"not a valid model: '{key}'"):
        Program(written(tmp_path / "m.safetensors", tensors, metadata | {"config": json.dumps(config)}))


def test_more_units_than_the_kernels_hold(tmp_path):
    """hidden = 80, with tensors that fit it: refused by name, before a kernel sees them."""
    tensors, metadata = parts(exported(random_network(), tmp_path / "good.safetensors").path)
    wide = {}
    for name, value in tensors.items():
        kind = name.rsplit(".", 1)[1]
        both = "head" in name and kind == "weight2"
        last = "head" in name and kind not in ("scalars", "weight3", "bias3", "multiplier3")
        pads = [(0, 64 * (both or kind == "weight3"))] + [(0, 0)] * (value.ndim - 2) + [(0, 64 * last)]
        wide[name] = np.pad(value, pads[-value.ndim :] if "head" in name else 0)
    config = json.dumps(json.loads(metadata["config"]) | {"hidden": 80})
    with pytest.raises(ModelMismatch, match="H of 16 up to 64, got \\(16, 80\\)"):
        Program(written(tmp_path / "m.safetensors", wide, metadata | {"config": config}))


@pytest.mark.parametrize("config", ["", "[]", "3", "null", "{}", "{", "[" * 100_000, '{"channels": 1e999}'])
def test_no_configuration(good, tmp_path, config):
    tensors, metadata = parts(good)
    with pytest.raises(ModelMismatch, match="not a valid model"):
        Program(written(tmp_path / "m.safetensors", tensors, metadata | {"config": config}))


def test_every_tensor_is_needed_and_checked(good, tmp_path):
    """Without it, with another dtype, with another shape: never loaded."""
    tensors, metadata = parts(good)
    path = tmp_path / "m.safetensors"
    for name in [n for n in tensors if n.startswith("set0.") and "head" not in n] + [
        n for n in tensors if n.startswith("set1.head7")
    ]:
        value = tensors[name]
        for other in (None, value.astype(np.float32), value[:-1], value[None], value[..., :-1]):
            changed = {k: v for k, v in tensors.items() if k != name}
            if other is not None:
                changed[name] = np.ascontiguousarray(other)
            with pytest.raises(ModelMismatch):
                Program(written(path, changed, metadata))


def scalars(index, value):
    def change(array):
        array[index] = value

    return change


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("set0.conv0.multiplier", scalars(3, -1), "out of range"),
        ("set0.conv0.scalars", scalars(0, 0), "out of range"),
        ("set0.conv0.scalars", scalars(0, 63), "out of range"),
        ("set0.conv1.scalars", scalars(1, -1), "out of range"),
        ("set0.conv0.bias", scalars(0, 2**31 - 1), "32 bits"),
        ("set0.expand.bias", scalars((0, 0, 0), -(2**31)), "32 bits"),
        ("set1.absorb.bias", scalars(15, 2**31 - 20), "32 bits"),
        ("set0.head0.multiplier1", scalars(0, -5), "negative"),
        ("set0.head0.multiplier2", scalars(0, -5), "negative"),
        ("set0.head3.multiplier3", scalars(0, -1), "negative"),
        ("set0.head3.scalars", scalars(0, 0), "shift"),
        ("set0.head3.scalars", scalars(1, 63), "shift"),
        ("set0.head3.scalars", scalars(2, 99), "shift"),
        ("set0.head3.bias3", scalars(0, 2**31 - 1), "32 bits"),
        ("set0.head3.bias1", scalars((0, 1, 2), 2**31 - 1), "32 bits"),
        ("set0.head3.bias2", scalars(0, -(2**31) + 1), "32 bits"),
        ("set0.head7.context_shift", scalars(0, 16), "context_shift"),
        ("set0.head7.context_shift", scalars(0, 255), "context_shift"),
    ],
)
def test_values_that_the_arithmetic_cannot_hold(good, tmp_path, name, change, words):
    tensors, metadata = parts(good)
    change(tensors[name])
    with pytest.raises(ModelMismatch, match=words):
        Program(written(tmp_path / "m.safetensors", tensors, metadata))


def test_one_changed_weight_is_another_model(good, tmp_path):
    tensors, metadata = parts(good)
    tensors["set0.conv0.weight"][0, 0, 0] ^= 1
    assert Program(written(tmp_path / "m.safetensors", tensors, metadata)).digest != Program(good).digest


@pytest.mark.parametrize("card", [b"{", b"[]", b"\xff\xfe"])
def test_damaged_card(good, tmp_path, card):
    """Named, because a licence or a digest would be missing silently; without a card the model loads."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(good.read_bytes())
    assert read_card(path) == {}
    assert Program(path).name == "good"
    path.with_suffix(".json").write_bytes(card)
    with pytest.raises(ModelMismatch, match=r"m\.json"):
        Program(path)
