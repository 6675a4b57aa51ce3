"""pcc.evaluation.perception: the command, and the configurations of tasks and drives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pcc.evaluation.perception import main
from pcc.tasks.odometry import KissOdometry
from tests.drives import drive_frames, planar_poses, write_drive

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The command's words for a drive of 4 frames."""
    poses = planar_poses(4)
    written = write_drive(tmp_path_factory.mktemp("drive"), drive_frames(poses), poses)
    return [f"--{name.replace('_', '-')}={path}" for name, path in written.items()]


def test_the_command(places, tmp_path, capsys):
    pytest.importorskip("kiss_icp", reason="KISS-ICP is not installed (extra eval)")
    out = tmp_path / "results" / "r.json"
    words = ["--lengths=0.5,1", "--step=1", "--no-deskew", "--codec=xz", f"--streams={tmp_path / 's'}"]
    assert main([*places, *words, f"--json={out}"]) == 0
    record = json.loads(out.read_text())
    assert [row["codec"] for row in record["rows"]] == ["bypass", "xz"]
    assert record["rows"][1]["scores"] == record["rows"][0]["scores"]
    assert record["tasks"][0]["options"]["deskew"] is False
    assert "odometry beside rate" in capsys.readouterr().out
    assert main([*places, *words, "--codec=draco:fields=all"]) == 1
    assert "positions only" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [(["--codec=zst"], "got 'zst'"), (["--oxts=nowhere"], "nowhere"), ([], "no segment of [100.0")],
)
def test_what_cannot_be_run(places, capsys, words, reason):
    """KITTI's own lengths do not fit a drive of metres; the reason is printed, brackets and all."""
    if not words:
        pytest.importorskip("kiss_icp", reason="KISS-ICP is not installed (extra eval)")
    assert main([*places, *words]) == 2
    assert reason in capsys.readouterr().err


def test_configurations():
    """The task instantiates; the drive names its function and its three places."""
    hydra = pytest.importorskip("hydra", reason="the extra eval is not installed")
    with hydra.initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = hydra.compose("eval", ["+task=odometry", "data=eval_drive0005"])
    task = hydra.utils.instantiate(config.task, _convert_="all")
    assert task == KissOdometry([5.0, 10.0, 15.0, 20.0, 25.0, 30.0], 1)
    assert hydra.utils.get_method(config.data._target_).__name__ == "kitti_drive"
    assert {"frames", "oxts", "imu_to_velo"} < set(config.data)
