"""eval.py: every configuration composes, and a run from the command line leaves its files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pcc.io import write_points
from pcc.pointcloud import PointCloud

hydra = pytest.importorskip("hydra", reason="the extra eval is not installed")
pytest.importorskip("pykdtree", reason="the extra eval is not installed")
ROOT = Path(__file__).resolve().parent.parent
ANCHORS = sorted(path.stem for path in (ROOT / "configs" / "anchor").glob("*.yaml"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "eval.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("data", ["eval_sample", "eval_public"])
def test_configurations_compose(data):
    """Every anchor instantiates under a name of its own."""
    with hydra.initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = hydra.compose("eval", [f"data={data}", f"anchor=[{','.join(ANCHORS)}]"])
    names = [anchor.name for anchor in hydra.utils.instantiate(config.anchor).values()]
    assert len(set(names)) == len(ANCHORS)
    assert {"draco", "xz", "laszip", "gpcc-octree", "gpcc-predictive-angular"} <= set(names)
    assert config.data._target_.startswith("pcc.evaluation.sources.")


def test_a_model_is_a_name_or_a_path():
    """``model=`` is the one of ``models``, whatever groups the configuration has."""
    for model in ("dense", "/some/where/model.safetensors"):
        assert f"- {model}" in run("--cfg", "job", f"model={model}").stdout


def test_a_run_leaves_its_files(tmp_path):
    write_points(tmp_path / "c.ply", PointCloud(np.arange(30, dtype=np.int32).reshape(10, 3)))
    (tmp_path / "clouds.json").write_text(json.dumps([{"name": "c", "path": "c.ply", "peak": 31}]))
    out = tmp_path / "out"
    settings = [f"data.folder={tmp_path}", "models=[dense]", "anchor=[draco,raw]", "rates=[lossless,r03]"]
    where = [f"hydra.run.dir={out}", f"store={tmp_path / 'cells'}"]
    done = run(*settings, *where)
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "results.json").read_text())
    assert [cell["codec"] for cell in record["cells"]] == ["pcc-dense", "pcc-dense", "draco", "draco", "raw"]
    assert record["configuration"]["repeats"] == 1
    assert (out / "results.csv").read_text().count("\n") == 7
    assert (out / "report.html").read_text().startswith("<!doctype html>")
    assert (out / "report.png").read_bytes().startswith(b"\x89PNG")
    assert "5 cells had been finished" in run(*settings, *where).stdout


def test_slurm_is_a_launcher():
    """A cluster's jobs keep their results with the others: the launcher composes, with the options of Slurm."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="hydra-submitit-launcher is not installed")
    with hydra.initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        asked = ["hydra/launcher=slurm", "hydra.launcher.partition=cpu"]
        launcher = hydra.compose("eval", asked, return_hydra_config=True).hydra.launcher
    assert launcher._target_.endswith("SlurmLauncher")
    assert (launcher.partition, launcher.cpus_per_task) == ("cpu", 2)
