"""Every experiment composes and instantiates; train.py runs, exports a model that codes, and resumes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed")
pytest.importorskip("hydra", reason="extra 'train' is not installed")

from hydra.utils import get_method, instantiate
from omegaconf import OmegaConf

import pcc
from pcc.datasets.sensor_models import make_sensor
from pcc.datasets.sensors import sensor_frames
from pcc.inference.lattice_program import LatticeProgram
from pcc.inference.program import Program
from pcc.training.config import TrainConfig
from pcc.training.families import family_of
from tests.configs import composed as composed_of

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
EXPERIMENTS = sorted(p.stem for p in (CONFIGS / "experiment").glob("*.yaml"))
DATA = sorted(p.stem for p in (CONFIGS / "data").glob("*.yaml") if not p.stem.startswith("eval"))


def composed(*overrides):
    return composed_of(*overrides, name="train")


def test_there_are_experiments():
    assert {"dense_lossless", "lidar_lossless", "smoke"} <= set(EXPERIMENTS)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_experiments_instantiate(experiment):
    """Model, optimisation and the parts of the data; what needs downloads is named by a callable that exists."""
    config = composed(f"experiment={experiment}")
    model = OmegaConf.to_container(config.model)
    family = family_of(model)
    assert sum(p.numel() for p in family.network(family.shape(model)).parameters()) > 10_000
    assert isinstance(instantiate(config.optim), TrainConfig)
    assert callable(get_method(config.data._target_))
    for part in ("recipe", "surface"):
        if part in config.data:
            instantiate(config.data[part])


@pytest.mark.parametrize("experiment", [name for name in EXPERIMENTS if name.endswith("lossless") and "dense" in name])
def test_sparse_batches_reach_all_scales_of_sparse_clouds(experiment):
    """The scales of sparse clouds are those of the sparse batches' levels, so that no bias stays untrained."""
    config = composed(f"experiment={experiment}")
    recipe = instantiate(config.data.recipe)
    assert recipe.sparse_fraction > 0
    assert recipe.sparse_offset == config.model.sparse_offset
    assert config.model.sparse_offset + 1 in config.model.scales
    assert config.model.max_scale == recipe.sparse_offset + recipe.sparse_depth


def test_lossy_levels_have_no_sparse_scales():
    config = composed("experiment=dense_lossy")
    assert config.model.sparse_offset is None
    assert instantiate(config.data.batches.recipe).sparse_fraction == 0
    assert config.model.lossy_scale in config.model.scales


@pytest.mark.parametrize("model", ["smoke", "lidar"])
def test_models_without_sparse_scales_take_dense_data(model):
    overrides = ["experiment=smoke"] if model == "smoke" else [f"model={model}"]
    assert instantiate(composed(*overrides, "data=dense").data.recipe).sparse_offset is None


@pytest.mark.parametrize("data", DATA)
def test_data_groups_compose(data):
    config = composed(f"data={data}")
    assert callable(get_method(config.data._target_))
    instantiate(config.data.recipe)


@pytest.mark.parametrize("name", sorted(p.stem for p in (CONFIGS / "validation").glob("*.yaml")))
def test_validation_groups_compose(name):
    config = composed(f"validation={name}")
    assert all("path" in cloud for cloud in config.validation.clouds.values())


def train(out_dir, *overrides):
    arguments = [
        "experiment=smoke", f"out_dir={out_dir}", "optim.checkpoint_every=1", "data.num_clouds=1",
        "data.surface.min_voxels=3000", "data.surface.max_voxels=4000", "data.recipe.voxels_per_batch=500", *overrides,
    ]  # fmt: skip
    return subprocess.run(
        [sys.executable, "train.py", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_one_step_exports_a_model_that_codes_and_resumes(tmp_path):
    """train(1 step) -> model; decode(encode(cloud)) = cloud with it; resume=true goes on to step 2."""
    run = train(tmp_path, "optim.steps=1")
    assert run.returncode == 0, run.stderr
    program = Program(tmp_path / "smoke.safetensors")
    assert program.config["channels"] == 16
    assert program.card["training"]["config"]["optim"]["steps"] == 1
    xyz = np.unique(np.random.default_rng(0).integers(0, 30, (200, 3)), axis=0).astype(np.int32)
    decoded = pcc.decode(pcc.encode(pcc.PointCloud(xyz), model=program), model=program)
    assert np.array_equal(np.unique(decoded.xyz, axis=0), xyz)
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["data"]["pools"][0]["clouds"] == 1

    run = train(tmp_path, "optim.steps=2")
    assert run.returncode != 0
    assert "holds a run: resume=true goes on with it" in run.stderr

    run = train(tmp_path, "optim.steps=2", "resume=true")
    assert run.returncode == 0, run.stderr
    before = json.loads((tmp_path / "record.json").read_text())["before"]
    assert [(part["until_step"], part["config"]["optim"]["steps"]) for part in before] == [(1, 1)]
    steps = [line.split(",")[0] for line in (tmp_path / "curves.csv").read_text().splitlines()[1:]]
    assert steps == ["1", "2"]
    assert Program(tmp_path / "smoke.safetensors").digest != program.digest


def test_a_run_that_starts_from_another(tmp_path):
    """The card names both licences, and the record holds the first run; another shape is refused at once."""
    first, second = tmp_path / "first", tmp_path / "second"
    assert train(first, "optim.steps=1", "licence=A", "export=false").returncode == 0
    run = train(second, "optim.steps=1", f"init={first}", "licence=B", "model.hidden=32")
    assert run.returncode != 0
    assert "expected a network of the shape" in run.stderr
    run = train(second, "optim.steps=1", f"init={first}", "licence=B")
    assert run.returncode == 0, run.stderr
    card = Program(second / "smoke.safetensors").card
    assert card["licence"] == "A; B"
    assert card["training"]["init"]["config"]["licence"] == "A"
    assert len(card["training"]["init"]["weights_sha256"]) == 64

    run = train(second, "optim.steps=1", "overwrite=true", "export=false")
    assert run.returncode == 0, run.stderr
    assert "init" not in json.loads((second / "record.json").read_text())


def test_starting_from_nothing_says_so(tmp_path):
    run = train(tmp_path / "run", "optim.steps=1", f"init={tmp_path / 'nowhere'}")
    assert run.returncode != 0
    assert "no run here" in run.stderr


def test_resuming_nothing_says_so(tmp_path):
    run = train(tmp_path, "optim.steps=1", "resume=true")
    assert run.returncode != 0
    assert "no such checkpoint" in run.stderr


def test_a_step_of_the_lattice_exports_a_model_that_codes(tmp_path):
    """On a simulated sensor; decode(encode(frame)) = frame in that sensor's lattice."""
    arguments = [
        "experiment=smoke_lattice", f"out_dir={tmp_path}", "optim.steps=1", "data.num_frames=1", "data.every=4",
    ]  # fmt: skip
    run = subprocess.run(
        [sys.executable, "train.py", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr
    program = LatticeProgram(tmp_path / "smoke-lattice.safetensors")
    model = make_sensor("vlp16", 3, every=4)
    (measured,) = sensor_frames(model, 1, 3)
    stream = pcc.encode(measured.cloud, model=program, sensor=model.table, order="keep")
    back = pcc.decode(stream, model=program)
    assert back.xyz.tobytes() == measured.cloud.xyz.tobytes()
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["data"]["source"] == "TurnBatches"
