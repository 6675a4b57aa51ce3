"""Files as strangers give them to the commands: raw columns, names of all kinds, warnings in plain lines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc.cli import main
from tests.clouds import assert_equal, cloud_of


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """A file of five float32 per point whose size fits four, too."""
    rng = np.random.default_rng(1)
    table = np.zeros((400, 5), np.float32)
    table[:, :3], table[:, 3] = np.round(rng.normal(size=(400, 3)) * 20, 3), rng.integers(0, 256, 400)
    table[:, 4] = np.arange(400) % 32
    path = tmp_path / "five.bin"
    path.write_bytes(table.tobytes())
    return path


def test_another_layout_is_said_in_one_plain_line(five, tmp_path, capsys):
    assert run("encode", five, "-o", tmp_path / "a.pcc", "--order", "keep") == 0
    said = capsys.readouterr()
    assert "400 points" in said.out
    assert said.err == (
        f"pcc: {five}: read as x,y,z,intensity,ring, 5 float32 per point; --columns gives others, or other names\n"
    )
    assert run("decode", tmp_path / "a.pcc", "-o", tmp_path / "b.bin") == 0
    assert (tmp_path / "b.bin").read_bytes() == five.read_bytes()


def test_columns_go_through_all_commands(five, tmp_path, capsys):
    columns = ["--columns", "x,y,z,reflectance,laser"]
    stream = tmp_path / "a.pcc"
    assert run("encode", five, "-o", stream, "--order", "keep", *columns) == 0
    assert list(pcc.decode(stream.read_bytes()).fields) == ["reflectance", "laser"]
    assert run("decode", stream, "-o", tmp_path / "b.bin", *columns) == 0
    assert (tmp_path / "b.bin").read_bytes() == five.read_bytes()
    assert run("view", five, stream, "--png", tmp_path / "a.png", "--field", "laser", *columns) == 0
    free = tmp_path / "free.pcc"
    assert run("encode", five, "-o", free, *columns) == 0
    assert run("verify", free, "--against", five, *columns) == 0
    pytest.importorskip("pykdtree", reason="the extra `eval` is not installed")
    assert run("compare", five, stream, "--peak", 1, *columns) == 0
    assert capsys.readouterr().err == ""


def test_columns_that_make_no_sense(five, tmp_path, capsys):
    pcc.write_points(tmp_path / "a.ply", cloud_of(3))
    for arguments, message in (
        ([five, "--columns", "x,y,intensity"], "x, y and z"),
        ([five, "--columns", "x,y,z,a,b,c"], "24 bytes per point"),
        ([tmp_path / "a.ply", "--columns", "x,y,z"], "only raw .bin files"),
        ([five, "--format", "las"], "expected one of ply, bin, npz, pcd"),
    ):
        assert run("encode", *arguments, "-o", tmp_path / "x.pcc") == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "x.pcc").exists()


def test_a_format_is_taken_as_named(five, tmp_path):
    """Whatever the suffix; in a folder, the files of that format alone."""
    five.rename(tmp_path / "five.dat")
    pcc.write_points(tmp_path / "a.ply", cloud_of(3))
    assert run("encode", tmp_path / "five.dat", "--format", "bin", "-o", tmp_path / "out.pcc") == 0
    assert len(pcc.decode((tmp_path / "out.pcc").read_bytes())) == 400
    assert run("encode", tmp_path, "--format", "PLY", "-o", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.pcc"]


def test_garbage_is_not_coded(tmp_path, capsys):
    (tmp_path / "a.bin").write_bytes(np.random.default_rng(0).bytes(16_000))
    assert run("encode", tmp_path / "a.bin", "-o", tmp_path / "a.pcc") == 2
    assert "--columns" in capsys.readouterr().err
    assert not (tmp_path / "a.pcc").exists()


def test_left_out_faces_are_one_plain_line(tmp_path, capsys):
    path = tmp_path / "a.ply"
    path.write_text(
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n1 2 3\n4 5 6\n3 0 1 1\n"
    )
    assert run("encode", path, "-o", tmp_path / "a.pcc") == 0
    assert capsys.readouterr().err == f"pcc: {path}: only the vertices are read; left out: face\n"


@pytest.mark.parametrize(
    "name", [b"CAPITALS.PLY", b"two words.Ply", b"gr\xf6\xdfe.ply", b"\xff\xfe.PLY", b"new\nline.ply"]
)
def test_names_of_all_kinds(tmp_path, name):
    """In a process of its own, whose output is ASCII: what cannot be written is escaped."""
    os.mkdir(os.fsencode(tmp_path) + b"/in")
    path = tmp_path / "in" / os.fsdecode(name)
    pcc.write_points(path, cloud_of(3))
    environment = os.environ | {"PYTHONPATH": str(Path(pcc.__file__).parents[1]), "PYTHONIOENCODING": "ascii"}
    for source in (path, path.parent):
        target = tmp_path / ("out.pcc" if source == path else "out")
        done = subprocess.run(
            [sys.executable, "-m", "pcc.cli", "encode", source, "-o", target], env=environment, capture_output=True
        )
        assert (done.returncode, done.stderr) == (0, b"")
    (stream,) = (tmp_path / "out").iterdir()
    assert os.fsencode(stream.name) == name[:-4] + b".pcc"
    assert stream.read_bytes() == (tmp_path / "out.pcc").read_bytes()


def test_names_of_fields_that_the_output_cannot_hold(tmp_path, capsys):
    cloud = cloud_of(3).with_fields({"scalar:time": np.arange(3), "a b": np.arange(3).astype(np.uint8)})
    (tmp_path / "a.pcc").write_bytes(pcc.encode(cloud))
    assert run("decode", tmp_path / "a.pcc", "-o", tmp_path / "a.ply") == 2
    assert "--drop-unsupported" in capsys.readouterr().err
    assert run("decode", tmp_path / "a.pcc", "-o", tmp_path / "a.ply", "--drop-unsupported") == 0
    assert list(pcc.read_points(tmp_path / "a.ply").fields) == []
    assert run("decode", tmp_path / "a.pcc", "-o", tmp_path / "a.npz") == 0
    assert_equal(pcc.read_points(tmp_path / "a.npz"), pcc.decode((tmp_path / "a.pcc").read_bytes()))


def test_a_bad_sensor_file_is_named_and_breaks_nothing(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "sensors"
    folder.mkdir()
    (folder / "deep.json").write_bytes(b"[" * 100_000)
    monkeypatch.setenv("PCC_SENSOR_PATH", str(folder))
    pcc.write_points(tmp_path / "a.ply", cloud_of(3))
    for command in (["encode", tmp_path / "a.ply", "-o", tmp_path / "a.pcc"], ["sensor", "list"]):
        assert run(*command) == 0
        said = capsys.readouterr()
        assert "Traceback" not in said.err
    assert "hdl64e-kitti" in said.out
    assert said.err.startswith(f"pcc: skipped: {folder / 'deep.json'}: not a sensor's table: nested too deeply")
    assert said.err.count("\n") == 1
