"""What a stream of ours costs: products of the octree's levels or of the turn's cells, and the model's parameters."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed: the programs under test are exported from it")

import pcc
from pcc.anchors import Setting
from pcc.anchors.base import Cost
from pcc.codec.info import describe
from pcc.codec.octree import count_macs
from pcc.evaluation import ours
from pcc.evaluation.ours import PccCodec
from pcc.geometry.voxels import voxelize
from pcc.sensors.table import to_json
from tests.networks import exported, exported_lattice, random_lattice_net, random_network
from tests.sensors.tables import small_table
from tests.sensors.turns import small_turn


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A small sensor, and models of both kinds."""
    table = small_table()
    (tmp_path / "small.json").write_text(to_json(table))
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path))
    turn = exported_lattice(random_lattice_net(), tmp_path / "turn.safetensors")
    octree = exported(random_network(), tmp_path / "octree.safetensors")
    return small_turn(table), turn, octree


@pytest.mark.parametrize("fields", ["none", "all"])
def test_turns(known, fields):
    """All cells' products; those of reflectances where there are fields."""
    cloud, program, _ = known
    codec, setting = PccCodec(str(program.path)), Setting(fields=fields)
    data = codec.compress(cloud, setting)
    frame = describe(data)[0]
    assert frame.lattice is not None
    points = frame.lattice.num_cells if fields == "all" else 0
    macs = program.macs(16, 90, points)
    assert codec.cost(cloud, setting, data) == Cost(program.num_parameters, macs / 1000 / len(cloud))
    assert len(codec.decompress(data)) == len(cloud)


def test_octrees(known):
    """The products of the levels that need the model; none without one."""
    cloud, _, program = known
    setting = Setting(voxel_size=0.1, fields="none")
    data = pcc.encode(cloud, model=program, voxel_size=0.1, fields="none", fallback=False)
    voxels = voxelize(cloud.xyz, voxel_size=0.1)
    macs = count_macs(voxels.codes, voxels.depth, program, describe(data)[0].level_offset)
    cost = PccCodec(str(program.path)).cost(cloud, setting, data)
    assert cost == Cost(program.num_parameters, macs / 1000 / len(cloud))
    adaptive = PccCodec("adaptive")
    assert adaptive.cost(cloud, setting, adaptive.compress(cloud, setting)) == Cost(0, 0.0)


def test_the_identity_has_all_that_decides_the_bytes(known, monkeypatch):
    """Another model is another codec; sensors' tables count, too."""
    _, turn, octree = known
    assert PccCodec(str(turn.path)).identity() != PccCodec(str(octree.path)).identity()
    assert PccCodec("adaptive").identity() == PccCodec("adaptive").identity()
    before = PccCodec("adaptive").identity()
    monkeypatch.setattr(ours, "_CODING", tuple(part for part in ours._CODING if part != "sensors"))
    assert PccCodec("adaptive").identity() != before
