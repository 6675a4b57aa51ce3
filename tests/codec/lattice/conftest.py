"""A small model and small turns for the tests of the lattice's stream."""

from __future__ import annotations

import pytest

from pcc.inference.lattice_program import LatticeProgram
from pcc.sensors.table import SensorTable, to_json
from tests.sensors.tables import small_table


@pytest.fixture(scope="session")
def program(tmp_path_factory) -> LatticeProgram:
    """Untrained, with lively weights."""
    torch = pytest.importorskip("torch", reason="extra 'train' is not installed: the program is exported from it")
    from pcc.models.export import export_model
    from pcc.models.lattice import LatticeConfig, LatticeNet

    torch.manual_seed(0)
    network = LatticeNet(LatticeConfig("tiny", hidden=16, layers=2, kernels=1, reflectance_hidden=16))
    network.quantiser.enabled.fill_(True)
    path = tmp_path_factory.mktemp("models") / "lattice.safetensors"
    return LatticeProgram(export_model(network, path, name="lattice", record={}, metrics={}, licence="none"))


@pytest.fixture
def table(tmp_path, monkeypatch) -> SensorTable:
    """A small sensor that is known on this machine, but does not ship."""
    table = small_table(16, 900)
    (tmp_path / "small.json").write_text(to_json(table))
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path))
    return table


@pytest.fixture
def installed(program, monkeypatch) -> LatticeProgram:
    """The small model in place of the one that ships; its reflectances are coded though they are no smaller."""
    monkeypatch.setenv("PCC_MODEL_PATH", str(program.path.parent))
    monkeypatch.setattr("pcc.codec.lattice.fields.entropy_bits", lambda levels: float("inf"))
    return program
