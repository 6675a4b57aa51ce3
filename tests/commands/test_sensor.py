"""``pcc sensor``: frames in, a table out; what is known, listed and shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pcc
from pcc.sensors.table import from_json
from tests.sensors.frames import small_frames, small_sensor
from tests.test_cli import run


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    for i, frame in enumerate(small_frames("vlp16", 2)):
        pcc.write_points(folder / f"{i}.npz", frame)
    return folder


def test_fit_list_show(drive, tmp_path, capsys, monkeypatch):
    output = tmp_path / "tables" / "roof.json"
    assert run("sensor", "fit", drive, "-o", output, "--about", "on the roof", "--check", drive / "1.npz") == 0
    shown = capsys.readouterr()
    assert "roof, 16 lasers" in shown.out
    assert "36,000 azimuth steps a turn, range step 2 mm" in shown.out
    assert "fitted to   2 frames" in shown.out
    assert "checked on  1 frame," in shown.out
    assert shown.err == ""
    table = from_json(output)
    assert np.abs(table.elevation - small_sensor("vlp16").table.elevation).max() < 1e-4
    assert json.loads(output.read_text())["about"] == "on the roof"
    monkeypatch.setenv("PCC_SENSOR_PATH", str(output.parent))
    assert run("sensor", "list") == 0
    assert f"roof                 {table.digest.hex()}" in capsys.readouterr().out
    for sensor in ("roof", output):
        assert run("sensor", "show", sensor) == 0
        assert len(capsys.readouterr().out.splitlines()) == 16 + 3


def test_json(drive, tmp_path, capsys):
    output = tmp_path / "a.json"
    assert run("sensor", "fit", drive / "0.npz", "-o", output, "--name", "mine", "--check", drive, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["name"], record["num_lasers"], record["steps"], record["range_step_mm"]) == ("mine", 16, 36000, 2)
    assert record["num_frames"] == 1
    assert record["check"]["num_frames"] == 2
    assert record["exact"] > 0.99
    assert len(record["laser_exact"]) == 16
    assert run("sensor", "show", output, "--json") == 0
    lasers = json.loads(capsys.readouterr().out)["lasers"]
    assert [round(laser["elevation_deg"]) for laser in lasers] == list(range(-15, 16, 2))
    assert lasers[0]["height_mm"] == pytest.approx(11.2, abs=1)
    assert run("sensor", "list", "--json") == 0
    assert "hdl64e-kitti" in [sensor["name"] for sensor in json.loads(capsys.readouterr().out)["sensors"]]


def test_no_lidar_leaves_no_file(tmp_path, rng, capsys):
    pcc.write_points(tmp_path / "a.npz", pcc.PointCloud(rng.uniform(-9, 9, (2000, 3))))
    assert run("sensor", "fit", tmp_path / "a.npz", "-o", tmp_path / "a.json") == 2
    error = capsys.readouterr().err
    assert error.startswith("pcc: no spinning LiDAR")
    assert error.count("\n") == 1
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("line", "text"),
    [(["nonesuch"], "expected one of fit, list, show"), (["fit"], "sensor fit"), (["show", "absent"], "no sensor")],
)
def test_usage(line, text, capsys):
    assert run("sensor", *line) == 2
    assert text in capsys.readouterr().err


def test_help(capsys):
    assert run("sensor", "--help") == 0
    assert "pcc sensor fit drive/ -o my-sensor.json" in capsys.readouterr().out
    assert run("sensor") == 2
    capsys.readouterr()
    assert run("sensor", "fit", "--help") == 0
    assert "[OPTIONS] FRAMES..." in capsys.readouterr().out
