"""The command line from file to file: outputs, exit codes, one line an error, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc.cli import main
from tests.clouds import assert_equal, needs_models

pytestmark = needs_models


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A small KITTI frame on a 1 mm grid with duplicates."""
    rng = np.random.default_rng(5)
    xyz = (rng.integers(-5000, 5000, (300, 3)) / 1000).astype(np.float32)
    intensity = (rng.integers(0, 100, 303) / 100).astype(np.float32)
    path = tmp_path / "scan.bin"
    pcc.write_points(path, pcc.PointCloud(np.concatenate([xyz, xyz[:3]]), {"intensity": intensity}))
    return path


def test_encode_verify_info_decode(scan, tmp_path, capsys):
    stream = tmp_path / "out" / "scan.pcc"
    assert run("encode", scan, "-o", stream) == 0
    assert "303 points" in capsys.readouterr().out
    assert run("verify", stream, "--against", scan) == 0
    assert "the same points and values as" in capsys.readouterr().out
    assert run("info", stream) == 0
    assert "intensity" in capsys.readouterr().out
    for suffix in ("ply", "bin", "npz"):
        assert run("decode", stream, "-o", tmp_path / f"back.{suffix}") == 0
        assert_equal(pcc.read_points(tmp_path / f"back.{suffix}"), pcc.decode(stream.read_bytes()))
    assert run("decode", stream, "-o", tmp_path / "text.ply", "--ascii") == 0
    assert (tmp_path / "text.ply").read_bytes().startswith(b"ply\nformat ascii")


def test_json_has_one_object_a_line(scan, tmp_path, capsys):
    stream = tmp_path / "scan.pcc"
    for arguments in (
        ["encode", scan, "-o", stream],
        ["info", stream],
        ["verify", stream, "--against", scan],
        ["decode", stream, "-o", tmp_path / "a.ply"],
    ):
        assert run(*arguments, "--json") == 0
        record = json.loads(capsys.readouterr().out)
        assert str(stream) in (record.get("output"), record.get("file"), record.get("input"))


def test_folders(scan, tmp_path):
    data = tmp_path / "in"
    (data / "sub").mkdir(parents=True)
    for name in ("a.bin", "sub/b.bin"):
        (data / name).write_bytes(scan.read_bytes())
    assert run("encode", data, "-o", tmp_path / "out") == 0
    assert run("decode", tmp_path / "out", "-o", tmp_path / "back", "--format", "npz") == 0
    assert sorted(p.relative_to(tmp_path / "back").as_posix() for p in (tmp_path / "back").rglob("*.*")) == [
        "a.npz",
        "sub/b.npz",
    ]


def test_options_of_encode(scan, tmp_path):
    stream = tmp_path / "scan.pcc"
    assert run("encode", scan, "-o", stream, "--fields", "none", "--voxel-size", "0.1", "--duplicates", "merge") == 0
    decoded = pcc.decode(stream.read_bytes())
    assert not decoded.fields
    assert run("verify", stream, "--against", scan) == 0
    assert run("encode", scan, "-o", stream, "--fields", "intensity", "--max-error", "0.05", "--threads", "1") == 0
    assert run("verify", stream, "--against", scan) == 0


def test_several_frames_give_several_files(tmp_path):
    cloud = pcc.PointCloud(np.zeros((2, 3), np.float32))
    (tmp_path / "a.pcc").write_bytes(pcc.append(pcc.encode(cloud), cloud))
    assert run("decode", tmp_path / "a.pcc", "-o", tmp_path / "b.ply") == 0
    assert sorted(p.name for p in tmp_path.glob("*.ply")) == ["b_000000.ply", "b_000001.ply"]
    assert run("verify", tmp_path / "a.pcc") == 0


@pytest.mark.parametrize(
    ("damage", "code"), [(lambda d: d[:-1], 3), (lambda d: d[:50] + b"?" + d[51:], 3), (lambda d: b"", 3)]
)
def test_a_damaged_stream_ends_with_3(scan, tmp_path, capsys, damage, code):
    stream = tmp_path / "scan.pcc"
    run("encode", scan, "-o", stream)
    stream.write_bytes(damage(stream.read_bytes()))
    capsys.readouterr()
    for command in (["decode", stream, "-o", tmp_path / "x.ply"], ["verify", stream], ["info", stream]):
        assert run(*command) == code
        error = capsys.readouterr().err
        assert error.startswith("pcc: ")
        assert error.count("\n") == 1
    assert not (tmp_path / "x.ply").exists()


def test_another_original_ends_with_3(scan, tmp_path, capsys):
    run("encode", scan, "-o", tmp_path / "scan.pcc")
    other = tmp_path / "other.bin"
    other.write_bytes(scan.read_bytes()[:-16])
    assert run("verify", tmp_path / "scan.pcc", "--against", other) == 3


def test_limits_end_with_4(scan, tmp_path):
    run("encode", scan, "-o", tmp_path / "scan.pcc")
    assert run("decode", tmp_path / "scan.pcc", "-o", tmp_path / "x.ply", "--max-points", 302) == 4


def test_missing_models_end_with_5(scan, tmp_path, capsys):
    assert run("encode", scan, "-o", tmp_path / "x.pcc", "--model", "nonesuch") == 5
    assert "nonesuch" in capsys.readouterr().err


def test_usage_errors_end_with_2(scan, tmp_path, capsys):
    free = tmp_path / "free.ply"
    pcc.write_points(free, pcc.PointCloud(np.random.default_rng(0).random((50, 3))))
    for arguments, message in (
        (["encode", tmp_path / "missing.ply"], "no such file"),
        (["encode", free, "-o", tmp_path / "x.pcc"], "--voxel-size"),
        (["encode", scan, "-o", scan], "never overwritten"),
        (["encode", scan, "-o", tmp_path / "x.pcc", "--fields", "red"], "'red'"),
        (["encode", scan, "--duplicates", "some"], "duplicates"),
        (["encode"], "inputs"),
        (["decode", scan, "-o", tmp_path / "a", "--format", "stl"], "format"),
        (["nonesuch"], "nonesuch"),
    ):
        assert run(*arguments) == 2
        error = capsys.readouterr().err
        assert message in error or message in error.lower()
        assert "Traceback" not in error
    assert not (tmp_path / "x.pcc").exists()


def test_one_bad_input_does_not_stop_the_others(scan, tmp_path):
    (tmp_path / "bad.bin").write_bytes(b"odd")
    assert run("encode", tmp_path / "bad.bin", scan, "-o", tmp_path / "out") == 2
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["scan.pcc"]


def test_compare(scan, tmp_path, capsys):
    pytest.importorskip("scipy", reason="the extra `eval` is not installed")
    stream = tmp_path / "scan.pcc"
    run("encode", scan, "-o", stream)
    capsys.readouterr()
    assert run("compare", scan, stream, "--peak", 30) == 0
    assert "sets of positions are equal" in capsys.readouterr().out
    run("encode", scan, "-o", stream, "--voxel-size", 0.5)
    capsys.readouterr()
    assert run("compare", scan, stream, "--peak", 30, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert 0 < record["max_error"] <= 0.5 * 3**0.5
    assert not record["identical"]


def test_models_and_doctor(capsys):
    assert run("models") == 0
    assert "dense" in capsys.readouterr().out
    assert run("doctor", "--json") == 0
    assert json.loads(capsys.readouterr().out)["self_test"]["passed"]
    assert run("doctor") == 0
    assert "self-test     passed" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["encode", "decode", "info", "verify", "compare"])
def test_help_teaches_by_example(command, capsys):
    assert run(command, "--help") == 0
    assert f"pcc {command} " in capsys.readouterr().out


def test_help_loads_no_numpy():
    code = (
        "import sys, pcc.cli\ntry:\n    pcc.cli.main(['--help'])\nexcept SystemExit:\n    print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")
