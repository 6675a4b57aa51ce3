"""A spinning LiDAR's program loads what was exported; everything else is a ModelMismatch that names the file."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc.errors import ModelMismatch
from pcc.geometry.interlace import PASSES
from pcc.inference.lattice_program import FORMAT, LatticeProgram
from pcc.inference.registry import find_model
from tests.networks import TINY_LATTICE, exported, exported_lattice, parts, random_lattice_net, random_network


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    exported_lattice(random_lattice_net(), path)
    return path


def written(path, tensors, metadata):
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, str(path), metadata)
    return path


def test_what_was_exported_is_read(good):
    """digest = first half of SHA-256; two networks a pass, of ranges and of reflectances, with the file's integers."""
    program = LatticeProgram(good)
    tensors, _ = parts(good)
    assert program.digest == hashlib.sha256(good.read_bytes()).digest()[:16]
    assert program.name == "good"
    assert program.card["licence"] == "none"
    assert program.num_parameters == sum(t.size for t in tensors.values())
    assert program.digest.hex() in repr(program)
    assert program.config["kernels"] == TINY_LATTICE.kernels
    for kind, networks in (("range", program.ranges), ("reflectance", program.reflectances)):
        assert [network.step for network in networks] == list(PASSES)
        for number, network in enumerate(networks):
            assert len(network.layers) == 3
            for j, layer in enumerate(network.layers):
                for field in ("weight", "bias", "multiplier"):
                    np.testing.assert_array_equal(getattr(layer, field), tensors[f"pass{number}.{kind}{j}.{field}"])
                assert layer.shift == tensors[f"pass{number}.{kind}{j}.shift"][0]
    assert len(tensors) == len(PASSES) * 2 * 3 * 4


def test_the_registry_knows_its_kind(good, tmp_path):
    assert isinstance(find_model(good), LatticeProgram)
    other = exported(random_network(), tmp_path / "other.safetensors")
    assert type(find_model(other.path)) is type(other)
    with pytest.raises(ModelMismatch, match=f"expected the format {FORMAT}, got 'pcc-occupancy-2'"):
        LatticeProgram(other.path)


def test_macs(good):
    """Of all cells of all passes, and of the points' reflectances, which cost about the same in every pass."""
    program = LatticeProgram(good)
    cells = sum(a * b * net.macs for (a, b), net in zip((p.shape(16, 90) for p in PASSES), program.ranges, strict=True))
    assert program.macs(16, 90, 0) == cells
    assert program.macs(16, 90, 1000) - cells == 1000 * program.reflectances[-1].macs
    assert cells > 16 * 90 * 1000


def test_one_changed_weight_is_another_model(good, tmp_path):
    tensors, metadata = parts(good)
    tensors["pass0.range0.weight"][0, 0] ^= 1
    other = LatticeProgram(written(tmp_path / "m.safetensors", tensors, metadata))
    assert other.digest != LatticeProgram(good).digest


@pytest.mark.parametrize("kernels", [0, 4])
def test_any_kernels(tmp_path, kernels):
    network = random_lattice_net(replace(TINY_LATTICE, kernels=kernels, layers=1, reflectance_hidden=32))
    program = exported_lattice(network, tmp_path / "m.safetensors")
    assert {net.kernels for net in program.ranges} == {kernels}
    assert {len(net.layers) for net in program.reflectances} == {2}


def test_no_file(tmp_path):
    with pytest.raises(ModelMismatch, match="absent"):
        LatticeProgram(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 64, b"\0" * 1000])
def test_foreign_bytes(tmp_path, content):
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelMismatch, match="foreign"):
        LatticeProgram(path)
    with pytest.raises(ModelMismatch, match="foreign"):
        find_model(path)


def test_truncated(good, tmp_path):
    content, path = good.read_bytes(), tmp_path / "cut.safetensors"
    for size in (0, 7, 8, 100, 5000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(ModelMismatch, match="cut"):
            LatticeProgram(path)


def test_another_format(good, tmp_path):
    tensors, metadata = parts(good)
    for other in (None, metadata | {"format": "pcc-lattice-2"}, {"config": metadata["config"]}):
        with pytest.raises(ModelMismatch, match=f"expected the format {FORMAT}, got"):
            LatticeProgram(written(tmp_path / "m.safetensors", tensors, other))


@pytest.mark.parametrize(
    "config",
    ["", "[]", "3", "null", "{}", "{", "[" * 100_000, '"kernels"', '{"kernels": 1}', '{"kernels": -1}',
     '{"kernels": 5}', '{"kernels": 2.0}', '{"kernels": true}', '{"kernels": "2"}', '{"kernels": null}'],
    ids=lambda text: text[:16],
)  # fmt: skip
def test_wrong_configurations(good, tmp_path, config):
    tensors, metadata = parts(good)
    with pytest.raises(ModelMismatch, match="not a valid model"):
        LatticeProgram(written(tmp_path / "m.safetensors", tensors, metadata | {"config": config}))


def test_every_tensor_is_needed_and_checked(good, tmp_path):
    """Without it, with another dtype, with another shape: never loaded."""
    tensors, metadata = parts(good)
    path = tmp_path / "m.safetensors"
    for name in [n for n in tensors if n.startswith(("pass0.range", "pass9.reflectance"))]:
        value = tensors[name]
        for other in (None, value.astype(np.float32), value.astype(np.int64), value[:-1], value[None], value[..., :-1]):
            changed = {k: v for k, v in tensors.items() if k != name}
            if other is not None:
                changed[name] = other
            with pytest.raises(ModelMismatch, match="not a valid model"):
                LatticeProgram(written(path, changed, metadata))


@pytest.mark.parametrize(
    ("name", "at", "value", "words"),
    [
        ("pass3.range0.multiplier", 3, -1, "multiplier"),
        ("pass3.range1.shift", 0, 0, "shift"),
        ("pass3.range1.shift", 0, 63, "shift"),
        ("pass3.range2.shift", 0, -(2**31), "shift"),
        ("pass3.range0.bias", 0, 2**31 - 1, "32 bits"),
        ("pass3.range2.bias", 5, -(2**31), "32 bits"),
        ("pass9.reflectance2.bias", 126, 2**31 - 100, "32 bits"),
        ("pass9.reflectance1.multiplier", 0, -(2**31), "multiplier"),
    ],
)
def test_values_that_the_arithmetic_cannot_hold(good, tmp_path, name, at, value, words):
    tensors, metadata = parts(good)
    tensors[name][at] = value
    with pytest.raises(ModelMismatch, match=words):
        LatticeProgram(written(tmp_path / "m.safetensors", tensors, metadata))


def test_too_many_layers(good, tmp_path):
    """Layers beyond six are none that the kernels hold."""
    tensors, metadata = parts(good)
    hidden = {field: tensors[f"pass0.range1.{field}"] for field in ("weight", "bias", "multiplier", "shift")}
    last = {field: tensors[f"pass0.range2.{field}"] for field in hidden}
    for j in range(2, 7):
        tensors |= {f"pass0.range{j}.{field}": value for field, value in (last if j == 6 else hidden).items()}
    with pytest.raises(ModelMismatch, match="not a valid model"):
        LatticeProgram(written(tmp_path / "m.safetensors", tensors, metadata))


def test_reflectances_have_seven_decisions(good, tmp_path):
    tensors, metadata = parts(good)
    for field in ("weight", "bias", "multiplier"):
        tensors[f"pass9.reflectance2.{field}"] = tensors[f"pass9.reflectance2.{field}"][..., :63]
    with pytest.raises(ModelMismatch, match="expected 127 outputs, got 63"):
        LatticeProgram(written(tmp_path / "m.safetensors", tensors, metadata))


def test_damaged_card(good, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(good.read_bytes())
    assert LatticeProgram(path).name == "good"
    path.with_suffix(".json").write_text("[]")
    with pytest.raises(ModelMismatch, match=r"m\.json"):
        LatticeProgram(path)
