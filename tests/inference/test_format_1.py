"""Programs of the first format compute what they always did: they are checkerboards of eight groups."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc.codec.octree import decode_octree, encode_octree
from pcc.errors import ModelMismatch
from pcc.geometry.coding_order import CodingOrder
from pcc.inference.program import Program
from tests.networks import config_of, exported, in_format_1, parts, random_network
from tests.trees import random_codes, random_level, random_occupancy


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same weights in the first format and in the present one."""
    folder, config = tmp_path_factory.mktemp("model"), config_of(CodingOrder(2, 8), (1, 0), (1, 3))
    present = exported(random_network(config), folder / "m.safetensors")
    return Program(in_format_1(present, folder / "first.safetensors")), present


def changed(first: Program, path, tensors=None, **config) -> Program:
    old, metadata = parts(first.path)
    config = json.loads(metadata["config"]) | config
    save_file(old | (tensors or {}), str(path), metadata | {"config": json.dumps(config)})
    return Program(path)


def test_what_it_says_of_itself(both):
    """Another file, so another digest; the same integers, counted once."""
    first, present = both
    assert first.order == present.order == CodingOrder(2, 8)
    assert first.digest != present.digest
    assert first.num_parameters == present.num_parameters
    assert "checkerboard" not in first.config


def test_logits_are_the_same(both, rng, isa):
    """Every pass of a level, every weight set."""
    first, present = both
    view = present.view(random_level(rng, 4))
    occupancy = random_occupancy(rng, len(view.level))
    for scale in (1, 2, 3, 9):
        feats = first.features(None, view, scale)
        np.testing.assert_array_equal(feats, present.features(None, view, scale))
        steps = [program.steps(feats, view, occupancy, scale, True) for program in both]
        for a, b in zip(*steps, strict=True):
            np.testing.assert_array_equal(
                a.passes.logits(a.group, a.colour), b.passes.logits(b.group, b.colour)
            )  # fmt: skip


def test_streams_are_the_same(both, rng):
    """bytes(first) = bytes(present), and each decodes them."""
    codes = random_codes(rng, 700, 5)
    data = [encode_octree(codes, 5, program, 0) for program in both]
    assert data[0] == data[1]
    for program in both:
        np.testing.assert_array_equal(decode_octree(data[0], 5, len(codes), program, 0), codes)


@pytest.mark.parametrize("checkerboard", [False, 1, None, "true"])
def test_other_orders_are_refused(both, tmp_path, checkerboard):
    with pytest.raises(ModelMismatch, match="checkerboard order only"):
        changed(both[0], tmp_path / "m.safetensors", checkerboard=checkerboard)


def test_a_missing_order_is_refused(both, tmp_path):
    tensors, metadata = parts(both[0].path)
    config = {k: v for k, v in json.loads(metadata["config"]).items() if k != "checkerboard"}
    for text in (json.dumps(config), "[]", "3", "null", '"checkerboard"', "{}"):
        save_file(tensors, str(tmp_path / "m.safetensors"), metadata | {"config": text})
        with pytest.raises(ModelMismatch, match="not a valid model"):
            Program(tmp_path / "m.safetensors")


def test_settings_of_the_present_format_change_nothing(both, tmp_path):
    """The first format has one order, whatever keys an encoder's notes may have."""
    program = changed(both[0], tmp_path / "m.safetensors", colours=8, groups=1, by_colour=True, lone_hidden=16)
    assert program.order == CodingOrder(2, 8)
    assert program.config["lone_hidden"] == 0


@pytest.mark.parametrize(
    "scalars",
    [
        np.ones(3, np.int32),
        np.ones(6, np.int32),
        np.ones((5, 1), np.int32),
        np.array(5, np.int32),
        np.ones(5, np.int64) << 40,
        np.ones(5, np.uint8),
        np.full(5, np.inf, np.float32),
        np.full(5, np.nan, np.float32),
    ],
    ids=lambda a: f"{a.shape} {a.dtype}",
)
def test_wrong_scalars(both, tmp_path, scalars):
    with pytest.raises(ModelMismatch, match=r"set1\.head6: expected scalars"):
        changed(both[0], tmp_path / "m.safetensors", {"set1.head6.scalars": scalars})


@pytest.mark.parametrize("shape", [(), (15,), (17,), (16, 1), (1, 16), (0,)])
def test_wrong_weights(both, tmp_path, shape):
    with pytest.raises(ModelMismatch, match=r"set0\.head2"):
        changed(both[0], tmp_path / "m.safetensors", {"set0.head2.weight3": np.ones(shape, np.int8)})


def test_wrong_values(both, tmp_path):
    """What the present format refuses in tensors of its own, it refuses here."""
    good = [18, 20, 5, 700, 14]
    changed(both[0], tmp_path / "m.safetensors", {"set0.head2.scalars": np.array(good, np.int32)})
    for index, value, words in [
        (0, 0, "shift"),
        (1, 63, "shift"),
        (4, 99, "shift"),
        (2, 2**31 - 1, "32 bits"),
        (3, -1, "negative"),
    ]:
        scalars = np.array(good, np.int32)
        scalars[index] = value
        with pytest.raises(ModelMismatch, match=words):
            changed(both[0], tmp_path / "m.safetensors", {"set0.head2.scalars": scalars})


def test_one_format_is_not_taken_for_the_other(both, tmp_path):
    """Tensors of one under the name of the other: refused."""
    files = [parts(program.path) for program in both]
    for (tensors, _), (_, metadata) in (files, files[::-1]):
        save_file(tensors, str(tmp_path / "m.safetensors"), metadata)
        with pytest.raises(ModelMismatch, match="not a valid model"):
            Program(tmp_path / "m.safetensors")
