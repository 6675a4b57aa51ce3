"""A program loads exactly what was exported; everything else is a ModelMismatch that names the file."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc.errors import ModelMismatch
from pcc.inference.program import FORMAT, Program, read_card
from pcc.models.occupancy import OccupancyConfig
from tests.networks import exported, random_network
from tests.trees import random_level

CONFIG = OccupancyConfig(16, 16, (1, 0), (1, 3), 4, True)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    exported(random_network(CONFIG), path)
    return path


def parts(path):
    with safe_open(str(path), "numpy") as file:
        return {k: file.get_tensor(k) for k in file.keys()}, dict(file.metadata())  # noqa: SIM118


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


def test_steps_cover_every_decision_once(good, rng):
    """16 steps: 8 stages, even nodes before odd ones; symbols come from the bits and store puts them back."""
    program, level = Program(good), random_level(rng, 3)
    occupancy = rng.integers(1, 256, len(level), dtype=np.uint8)
    feats = program.features(None, level, 1)
    copy = np.zeros_like(occupancy)
    order = []
    for step, into in zip(program.steps(feats, level, occupancy, 1), program.steps(feats, level, copy, 1), strict=True):
        np.testing.assert_array_equal(step.logits(), into.logits())
        into.store(step.symbols())
        order.append((step.stage, step.parity, len(step.rows)))
        assert step.logits().dtype == np.int16
    np.testing.assert_array_equal(copy, occupancy)
    assert [o[:2] for o in order] == [(stage, parity) for stage in range(8) for parity in (0, 1)]
    assert all(a[2] + b[2] == len(level) for a, b in zip(order[::2], order[1::2], strict=True))


def test_macs_literal(good):
    """One lone root: 16 16 (expand) + 27-to-1 neighbours x 2 16 16 + 8 (16 16 + 16 16 + 16)."""
    program = Program(good)
    level = random_level(np.random.default_rng(0), 0)
    assert program.macs(level, 1) == 256 + 2 * 256 + 8 * (256 + 256 + 16)


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
    for other in (None, metadata | {"format": "pcc-occupancy-2"}, {"config": metadata["config"]}):
        with pytest.raises(ModelMismatch, match=f"expected the format {FORMAT}"):
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
    {"checkerboard": 1},
    {"finest_voxel_m": 0},
    {"finest_voxel_m": "1 mm"},
    {"finest_voxel_m": float("nan")},
]


@pytest.mark.parametrize("change", CONFIGS, ids=str)
def test_wrong_configurations(good, tmp_path, change):
    tensors, metadata = parts(good)
    config = json.dumps(json.loads(metadata["config"]) | change)
    with pytest.raises(ModelMismatch, match="not a valid model"):
        Program(written(tmp_path / "m.safetensors", tensors, metadata | {"config": config}))


@pytest.mark.parametrize("config", ["", "[]", "3", "null", "{}", "{"])
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
        ("set0.head3.scalars", scalars(3, -1), "negative"),
        ("set0.head3.scalars", scalars(0, 0), "shift"),
        ("set0.head3.scalars", scalars(1, 63), "shift"),
        ("set0.head3.scalars", scalars(4, 99), "shift"),
        ("set0.head3.scalars", scalars(2, 2**31 - 1), "32 bits"),
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
