"""``pcc models`` lists every kind of model that is installed, by the names that encode takes."""

import os

import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed: the programs under test are exported from it")

from pcc.commands.models import installed
from pcc.commands.shared import OK
from tests.networks import exported, exported_lattice, random_lattice_net, random_network


def test_octrees_and_spinning_lidar(tmp_path, monkeypatch):
    """Name, digest, parameters, licence and place of both; a damaged one hides neither."""
    octree = exported(random_network(), tmp_path / "octree.safetensors")
    turn = exported_lattice(random_lattice_net(), tmp_path / "turn.safetensors")
    monkeypatch.setenv("PCC_MODEL_PATH", str(tmp_path))
    models, code = installed()
    assert code == OK
    assert models[:2] == [
        {
            "name": program.path.stem,
            "digest": program.digest.hex(),
            "num_parameters": program.num_parameters,
            "licence": "none",
            "path": str(program.path),
        }
        for program in (octree, turn)
    ]
    (tmp_path / "broken.safetensors").write_bytes(turn.path.read_bytes()[:5000])
    models, code = installed()
    assert code != OK
    assert [model["name"] for model in models][:2] == ["octree", "turn"]
    monkeypatch.setenv("PCC_MODEL_PATH", os.pathsep.join([str(tmp_path / "absent")]))
    assert "turn" not in [model["name"] for model in installed()[0]]
