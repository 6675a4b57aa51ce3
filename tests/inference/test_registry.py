"""Models are found by name and by digest, in PCC_MODEL_PATH before those that ship."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed: the programs under test are exported from it")

from pcc.errors import ModelMismatch
from pcc.inference import registry
from tests.networks import exported, random_network


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two folders with the models a, b and another a."""
    first, second = tmp_path / "first", tmp_path / "second"
    programs = {
        name: exported(random_network(seed=seed), folder / f"{name[0]}.safetensors")
        for seed, (name, folder) in enumerate([("a", first), ("b", second), ("a2", second)])
    }
    monkeypatch.setenv("PCC_MODEL_PATH", os.pathsep.join(["", str(first), str(tmp_path / "absent"), str(second)]))
    return programs


def test_by_name(folders):
    """The first folder wins."""
    assert registry.find_model("a").digest == folders["a"].digest
    assert registry.find_model("b").digest == folders["b"].digest


def test_by_file(folders):
    assert registry.find_model(folders["a2"].path).digest == folders["a2"].digest
    assert registry.find_model(str(folders["a2"].path)).digest == folders["a2"].digest


def test_by_digest(folders):
    """Also those that another model of the same name hides."""
    for program in folders.values():
        assert registry.find_model_by_digest(program.digest).path == program.path


def test_all(folders):
    digests = [registry.load_program(path).digest for path in registry.model_paths()]
    assert digests[:3] == [folders[name].digest for name in ("a", "a2", "b")]


def test_missing_ones_are_named(folders, tmp_path):
    with pytest.raises(ModelMismatch, match=r"no model named 'c'; installed: a, b.*PCC_MODEL_PATH"):
        registry.find_model("c")
    with pytest.raises(ModelMismatch, match="0707"):
        registry.find_model_by_digest(b"\x07" * 16)
    with pytest.raises(ModelMismatch, match="cannot read"):
        registry.find_model(tmp_path / "absent.safetensors")


def test_a_damaged_file_hides_no_other(folders, tmp_path):
    """It is passed over in the search by digest, and named when nothing else fits."""
    (tmp_path / "first" / "0.safetensors").write_bytes(b"damaged")
    (tmp_path / "first" / "00.safetensors").symlink_to("nowhere")
    assert registry.find_model_by_digest(folders["b"].digest).path == folders["b"].path
    with pytest.raises(ModelMismatch, match=r"not readable: .*0\.safetensors, .*00\.safetensors"):
        registry.find_model_by_digest(b"\x07" * 16)
    with pytest.raises(ModelMismatch, match=r"0\.safetensors"):
        registry.find_model("0")


def test_programs_are_loaded_once_and_again_when_they_change(folders):
    path = folders["a"].path
    first = registry.load_program(path)
    assert registry.load_program(path) is first
    path.write_bytes(folders["b"].path.read_bytes())
    os.utime(path, ns=(1, 1))
    assert registry.load_program(path).digest == folders["b"].digest


def test_no_folder_at_all(monkeypatch):
    monkeypatch.delenv("PCC_MODEL_PATH", raising=False)
    assert [folder.name for folder in registry.model_folders()] == ["weights"]
