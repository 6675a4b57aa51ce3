"""``pcc sensor``: frames in, a table out; what is known, listed and shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pcc
from pcc.sensors.table import from_json, to_json
from tests.sensors.frames import small_frames, small_sensor
from tests.sensors.tables import small_table
from tests.sensors.turns import moved, small_turn
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


def test_untwist(tmp_path, capsys, monkeypatch):
    """The frame that was corrected for motion, as it was; and one that was not, as it is."""
    table, folder = small_table(16, 1800), tmp_path / "drive"
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "small.json").write_text(to_json(table))
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path / "tables"))
    folder.mkdir()
    raw = small_turn(table, 300)
    pcc.write_points(folder / "a.npz", moved(raw))
    pcc.write_points(folder / "b.npz", raw)
    assert run("sensor", "untwist", folder, "-o", tmp_path / "raw", "--json") == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["sensor"] for record in records] == ["small", "small"]
    assert records[0]["metres_a_turn"] == pytest.approx([-0.9, 0.03, -0.01], abs=1e-3)
    assert records[0]["degrees_a_turn"] == pytest.approx(np.rad2deg([0.002, -0.001, 0.03]), abs=1e-2)
    assert records[1]["metres_a_turn"] is None
    for name in "ab":
        back = pcc.read_points(tmp_path / "raw" / f"{name}.ply")
        np.testing.assert_array_equal(np.rint(back.xyz * 1000), np.rint(raw.xyz * 1000))
        assert all(np.array_equal(back.fields[field], raw.fields[field]) for field in raw.fields)


def test_what_has_no_lattice_cannot_be_untwisted(tmp_path, rng, capsys):
    pcc.write_points(tmp_path / "a.npz", pcc.PointCloud(rng.normal(0, 10, (5000, 3)).astype(np.float32)))
    assert run("sensor", "untwist", tmp_path / "a.npz", "-o", tmp_path / "b.ply") == 2
    assert "does not lie in the lattice" in capsys.readouterr().err
    assert not (tmp_path / "b.ply").exists()
