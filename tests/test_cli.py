"""The command line from file to file: outputs, exit codes, one line an error, nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc import cli
from pcc.cli import main
from pcc.commands import doctor
from pcc.inference.program import Program
from pcc.inference.registry import model_paths
from tests.clouds import assert_equal


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
    assert f"against {scan}: the same points and values\n" in capsys.readouterr().out
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


def test_options_of_encode(scan, tmp_path, capsys):
    stream = tmp_path / "scan.pcc"
    assert run("encode", scan, "-o", stream, "--fields", "none", "--voxel-size", "0.1", "--duplicates", "merge") == 0
    decoded = pcc.decode(stream.read_bytes())
    assert not decoded.fields
    assert run("verify", stream, "--against", scan) == 0
    assert run("encode", scan, "-o", stream, "--fields", "intensity", "--max-error", "0.05", "--threads", "1") == 0
    assert run("verify", stream, "--against", scan) == 0
    capsys.readouterr()
    assert run("encode", scan, "-o", stream, "--fields", "none", "--max-error", "0.05") == 0
    assert run("verify", stream, "--against", scan) == 0
    assert capsys.readouterr().out.endswith(" of its place; fields not in the stream: intensity\n")


def test_points_without_a_position_are_left_out_when_asked(scan, tmp_path, capsys):
    cloud = pcc.read_points(scan)
    xyz = cloud.xyz.copy()
    xyz[3], xyz[7, 1] = np.nan, np.inf
    path, stream = tmp_path / "holes.npz", tmp_path / "holes.pcc"
    pcc.write_points(path, pcc.PointCloud(xyz, cloud.fields))
    assert run("encode", path, "-o", stream) == 0
    assert "303 points" in capsys.readouterr().out
    assert run("verify", stream, "--against", path) == 0
    assert run("encode", path, "-o", stream, "--drop-invalid") == 0
    assert "301 points" in (out := capsys.readouterr().out)
    assert "2 points with no position left out" in out
    assert run("verify", stream, "--against", path) == 3
    assert run("verify", stream, "--against", path, "--drop-invalid") == 0


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


@pytest.mark.parametrize("limit", ["points", "fields", "field-bytes", "frames", "nodes"])
def test_every_limit_has_an_option(scan, tmp_path, capsys, limit):
    """0 refuses every frame that has points and fields, and says which limit; large ones take it."""
    stream = tmp_path / "scan.pcc"
    run("encode", scan, "-o", stream)
    for command in (["decode", stream, "-o", tmp_path / "x.ply"], ["verify", stream], ["info", stream]):
        needs = limit != "field-bytes" or command[0] != "info"  # which decodes no value
        capsys.readouterr()
        assert run(*command, f"--max-{limit}", 0) == (4 if needs else 0)
        assert (limit.replace("field-bytes", "bytes of field") in capsys.readouterr().err) == needs
        assert run(*command, f"--max-{limit}", 10**9) == 0


def test_help_tells_the_default_limits():
    """As `pcc.Limits` has them, and no other option."""
    assert [f"max_{name}" for name in cli.LIMITS] == [field.name for field in fields(pcc.Limits)]
    for name, text in cli.LIMITS.items():
        default = getattr(pcc.Limits(), f"max_{name}")
        told = text.partition("Default: ")[2]
        assert told.startswith({None: "by the size", 1 << 30: "1 GiB"}.get(default, f"{default or 0:,}."))


def test_names_in_streams_cannot_command_the_terminal(tmp_path, capsys):
    cloud = pcc.PointCloud(np.zeros((2, 3), np.int16), {"\x1b[31mred\nframe 1": np.zeros(2, np.uint8)})
    (tmp_path / "a.pcc").write_bytes(pcc.encode(cloud))
    assert run("info", tmp_path / "a.pcc") == 0
    lines = capsys.readouterr().out.split("\n")
    assert any("\\x1b[31mred\\nframe 1 uint8" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_missing_models_end_with_5(scan, tmp_path, capsys):
    assert run("encode", scan, "-o", tmp_path / "x.pcc", "--model", "nonesuch") == 5
    assert "nonesuch" in capsys.readouterr().err


def test_usage_errors_end_with_2(scan, tmp_path, capsys):
    free = tmp_path / "free.ply"
    pcc.write_points(free, pcc.PointCloud(np.random.default_rng(0).random((50, 3))))
    for arguments, message in (
        (["encode", tmp_path / "missing.ply"], "no such file"),
        (["encode", free, "-o", tmp_path / "x.pcc", "--voxel-size", "0"], "voxel_size"),
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
    pytest.importorskip("pykdtree", reason="the extra `eval` is not installed")
    stream = tmp_path / "scan.pcc"
    run("encode", scan, "-o", stream)
    capsys.readouterr()
    assert run("compare", scan, stream, "--peak", 30) == 0
    assert "sets of positions are equal" in capsys.readouterr().out
    assert run("compare", scan, stream, "--peak", 30, "--json") == 0
    assert json.loads(capsys.readouterr().out, parse_constant=lambda name: 1 / 0)["d1_psnr"] == "inf"
    run("encode", scan, "-o", stream, "--voxel-size", 0.5)
    capsys.readouterr()
    assert run("compare", scan, stream, "--peak", 30, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert 0 < record["max_error"] <= 0.5 * 3**0.5
    assert not record["identical"]
    assert record["reflectance_peak"] == 1
    assert run("compare", scan, stream, "--peak", 30, "--bound", 0.25) == 0
    text = capsys.readouterr().out
    assert "within 0.25" in text
    assert "reflectance" in text


def test_devices_and_links_stay_what_they_are(scan, tmp_path):
    link, place = tmp_path / "link.pcc", tmp_path / "place.pcc"
    place.write_bytes(b"old")
    link.symlink_to(place)
    assert run("encode", scan, "-o", link) == 0
    assert link.is_symlink()
    assert run("verify", place) == 0
    assert run("encode", scan, "-o", os.devnull) == 0
    assert not Path(os.devnull).is_file()


def test_a_closed_pipe_ends_without_a_word(scan, tmp_path):
    """As `pcc encode folder | head -1` has it: nobody reads, so the work stops, and no input is blamed."""
    for i in range(3):
        (tmp_path / f"{i}.bin").write_bytes(scan.read_bytes())
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pcc.cli", "encode", str(tmp_path), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_no_half_written_file(tmp_path, number):
    """The signal arrives while the file is being written: the writer sends it to itself."""
    code = f"""
import os, signal
from pcc.cli import main
from pcc.io import ply
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born ignoring it
write = ply.write
def interrupted(file, cloud, **options):
    file.write(b"half")
    os.kill(os.getpid(), {int(number)})
    write(file, cloud, **options)
ply.write = interrupted
main(["decode", "a.pcc", "-o", "b.ply"])
"""
    (tmp_path / "a.pcc").write_bytes(pcc.encode(pcc.PointCloud(np.zeros((2, 3), np.float32))))
    environment = os.environ | {"PYTHONPATH": str(Path(pcc.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 128 + number
    assert [path.name for path in tmp_path.iterdir()] == ["a.pcc"]


def test_models_go_by_the_name_that_encode_takes(scan, tmp_path, capsys, monkeypatch):
    """The file's name, whatever the card says; and under which licence."""
    weights = next(path for path in model_paths() if path.stem == "dense")
    (tmp_path / "mine.safetensors").write_bytes(weights.read_bytes())
    monkeypatch.setenv("PCC_MODEL_PATH", str(tmp_path))
    assert run("models", "--json") == 0
    first = json.loads(capsys.readouterr().out)["models"][0]
    assert (first["name"], first["licence"]) == ("mine", None)
    assert run("encode", scan, "-o", tmp_path / "a.pcc", "--model", first["name"]) == 0
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "mine.safetensors").rename(other / "mine.safetensors")
    (other / "mine.json").write_text('{"name": "dense", "licence": "CC BY-NC-SA 3.0"}')
    monkeypatch.setenv("PCC_MODEL_PATH", str(other))
    capsys.readouterr()
    assert run("models") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("mine ")
    assert lines[1].split() == ["licence:", "CC", "BY-NC-SA", "3.0"]


def test_a_damaged_model_hides_no_other(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.safetensors").write_bytes(b"junk")
    monkeypatch.setenv("PCC_MODEL_PATH", str(tmp_path))
    assert run("models") == 5
    said = capsys.readouterr()
    assert "a.safetensors: not a valid model" in said.err
    assert "dense" in said.out
    assert run("doctor", "--json") in (0, 5)
    assert "dense" in [model["name"] for model in json.loads(capsys.readouterr().out)["models"]]


def test_doctor_without_a_library(capsys, monkeypatch):
    """What is missing is named, with the command that mends it; the self-test still runs."""
    monkeypatch.setattr(doctor, "LIBRARIES", ("numpy", "nonesuch-library"))
    assert run("doctor") == 0
    text = capsys.readouterr().out
    assert "nonesuch-library MISSING" in text
    assert "pip install nonesuch-library" in text
    assert "self-test     passed" in text


def test_version(capsys):
    for flag in ("--version", "-V"):
        assert run(flag) == 0
        assert capsys.readouterr().out == f"pcc {pcc.__version__}\n"


def test_warnings_are_one_line(tmp_path, capsys):
    """Python's own form names a file of ours and its line; a user's word is enough."""
    head = "ply\nformat ascii 1.0\nelement vertex 1\nproperty int x\nproperty int y\nproperty int z\n"
    faces = "element face 1\nproperty list uchar int vertex_indices\nend_header\n1 2 3\n3 0 0 0\n"
    (tmp_path / "mesh.ply").write_text(head + faces)
    assert run("encode", tmp_path / "mesh.ply") == 0
    assert capsys.readouterr().err == f"pcc: {tmp_path / 'mesh.ply'}: only the vertices are read; left out: face\n"


def test_info_names_the_model(scan, tmp_path, capsys, monkeypatch):
    """By its name where it is installed, by its digest always."""
    assert run("encode", scan, "-o", tmp_path / "a.pcc", "--model", "lidar") == 0
    capsys.readouterr()
    assert run("info", tmp_path / "a.pcc") == 0
    digest = next(path for path in model_paths() if path.stem == "lidar")
    shown = Program(digest).digest.hex()
    assert f"    model       lidar, {shown}\n" in capsys.readouterr().out
    monkeypatch.setattr("pcc.inference.registry.model_folders", lambda: [tmp_path])
    assert run("info", tmp_path / "a.pcc") == 0
    assert f"    model       not installed, {shown}\n" in capsys.readouterr().out
    assert run("info", tmp_path / "a.pcc", "--json") == 0
    (frame,) = json.loads(capsys.readouterr().out)["frames"]
    assert (frame["model"], frame["model_name"]) == (shown, None)


def test_compare_says_what_is_squared(tmp_path, capsys):
    """One point 2 from its place: largest error 2, and 4 as pc_error prints it."""
    pytest.importorskip("pykdtree", reason="extra 'eval' is not installed")
    for name, x in (("a", 5), ("b", 7)):
        pcc.write_points(tmp_path / f"{name}.ply", pcc.PointCloud(np.array([[0, 0, 0], [x, 0, 0]], np.int32)))
    assert run("compare", tmp_path / "a.ply", tmp_path / "b.ply", "--peak", 7) == 0
    lines = {line[:16].strip(): line[16:] for line in capsys.readouterr().out.splitlines()}
    assert lines["largest error"].startswith("2 (to a plane: ")
    assert lines["Hausdorff"].startswith("4 (D1), ")
    assert lines["Hausdorff"].endswith("those squared, as pc_error prints them")


def test_doctor(capsys):
    assert run("doctor", "--json") == 0
    assert json.loads(capsys.readouterr().out)["self_test"]["passed"]
    assert run("doctor") == 0
    assert "self-test     passed" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["encode", "decode", "info", "verify", "compare", "view"])
def test_help_teaches_by_example(command, capsys):
    assert run(command, "--help") == 0
    assert f"pcc {command} " in capsys.readouterr().out


@pytest.mark.parametrize(("command", "usage"), [("encode", "INPUTS..."), ("compare", "A B"), ("view", "A [B]")])
def test_help_says_how_many_files(command, usage, capsys):
    run(command, "--help")
    assert f"[OPTIONS] {usage} " in capsys.readouterr().out


def test_help_loads_no_numpy():
    code = (
        "import sys, pcc.cli\ntry:\n    pcc.cli.main(['--help'])\nexcept SystemExit:\n    print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")
