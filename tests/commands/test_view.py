"""``pcc view`` from files to a PNG: the sample clouds, streams, errors in one line, nothing half-written."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc.cli import main

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def size_of(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height


@pytest.mark.parametrize("name", ["figure.ply", "street.bin"])
def test_the_samples(name, tmp_path, capsys):
    for i in range(2):
        assert run("view", SAMPLE / name, "--png", tmp_path / f"{i}.png", "--size", "400x300") == 0
    assert size_of(tmp_path / "0.png") == (400, 300)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()
    assert "400x300 pixels" in capsys.readouterr().out


def test_a_stream_beside_its_original_and_its_error(tmp_path, capsys):
    pytest.importorskip("pykdtree", reason="the extra `eval` is not installed")
    scan, stream = SAMPLE / "street.bin", tmp_path / "street.pcc"
    assert run("encode", scan, "-o", stream, "--max-error", "0.1") == 0
    capsys.readouterr()
    for name, options in (("f", ["--field", "intensity"]), ("e", ["--error"]), ("u", ["--up", "y", "--turn", "30"])):
        out = tmp_path / f"{name}.png"
        assert run("view", scan, stream, "--png", out, "--size", "500x300", "--json", *options) == 0
        record = json.loads(capsys.readouterr().out)
        assert record["num_points"] == [29488, 29488]
        assert record["up"] == ("y" if name == "u" else "z")
    assert len({(tmp_path / f"{name}.png").read_bytes() for name in "feu"}) == 3


def test_a_plain_installation_is_enough(tmp_path):
    """Drawing loads no Open3D, matplotlib, scipy or torch."""
    arguments = ["view", str(SAMPLE / "street.bin"), "--png", str(tmp_path / "a.png"), "--size", "200x200"]
    code = f"""
import sys, pcc.cli
try:
    pcc.cli.main({arguments})
except SystemExit:
    print({{"open3d", "matplotlib", "PIL", "scipy", "torch", "pykdtree"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip().endswith("set()")
    assert size_of(tmp_path / "a.png") == (200, 200)


def test_bad_input_is_one_line(tmp_path, capsys):
    empty, holes, good = (tmp_path / f"{name}.npz" for name in ("empty", "holes", "good"))
    xyz = np.arange(12, dtype=np.float32).reshape(4, 3)
    pcc.write_points(good, pcc.PointCloud(xyz, {"i": np.arange(4)}))
    pcc.write_points(empty, pcc.PointCloud(xyz[:0]))
    pcc.write_points(holes, pcc.PointCloud(np.where(xyz == 4, np.nan, xyz)))
    out = tmp_path / "out.png"
    for arguments, message in (
        ([empty], "empty cloud"),
        ([holes], "1 of 4 points have NaN or infinite coordinates (--drop-invalid)"),
        ([good, "--field", "red"], "got 'red'; it has i"),
        ([good, "--error"], "error: expected two clouds"),
        ([good, good, "--error", "--field", "i"], "not both"),
        ([good, "--up", "w"], "up: expected x, y, z or auto"),
        ([good, "--size", "12"], "size: expected WIDTHxHEIGHT"),
        ([good, "--size", "99999x10"], "at most 8192 pixels"),
        ([tmp_path / "none.ply"], "none.ply"),
        ([], "required: a"),
    ):
        assert run("view", *arguments, "--png", out) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert not out.exists()
    assert run("view", good, "--png", good) == 2
    assert "suffix .png" in capsys.readouterr().err
    assert run("view", good, "--png", tmp_path / "no" / "folder.png") == 2
    assert run("view", holes, "--drop-invalid", "--png", out) == 0
    one = tmp_path / "one.npz"
    pcc.write_points(one, pcc.PointCloud(xyz[:1]))
    assert run("view", one, one, "--png", out) == 0
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz", ".png"}


def test_without_open3d_the_extra_is_named(capsys, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "open3d", None)
    assert run("view", SAMPLE / "street.bin") == 2
    assert "pip install '.[view]'" in capsys.readouterr().err


def test_a_damaged_stream_ends_with_3(tmp_path):
    (tmp_path / "a.pcc").write_bytes(b"no stream")
    assert run("view", tmp_path / "a.pcc", "--png", tmp_path / "a.png") == 3
