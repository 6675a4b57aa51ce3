"""`-` is standard input or output: the same bytes as through files, one file at a time, no binary on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc.cli import main
from pcc.commands.stdio import STDIO, check_inputs, check_output, is_one_file, path, refuse
from tests.clouds import assert_equal


@pytest.fixture
def files(tmp_path: Path, monkeypatch) -> Path:
    """A folder with a cloud and its stream, where the commands run."""
    rng = np.random.default_rng(5)
    xyz = rng.integers(0, 50, (200, 3)).astype(np.float32)
    pcc.write_points(tmp_path / "a.ply", pcc.PointCloud(xyz, {"intensity": rng.random(200).astype(np.float32)}))
    (tmp_path / "a.pcc").write_bytes(pcc.encode(pcc.read_points(tmp_path / "a.ply")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, given: bytes = b"", **options) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": str(Path(pcc.__file__).parents[1])}
    command = [sys.executable, "-m", "pcc.cli", *arguments]
    streams = {"input": given, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(command, env=environment, **streams)


def complaint(capsys, *arguments: str) -> str:
    """What the command says when it refuses its arguments."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_encode_and_decode_in_a_pipe(files):
    """stdout = what the file would hold; what is said goes to stderr."""
    encoded = run("encode", "-", "--format", "ply", "-o", "-", given=(files / "a.ply").read_bytes())
    assert encoded.returncode == 0
    assert encoded.stdout == (files / "a.pcc").read_bytes()
    assert b"- -> -: 200 points" in encoded.stderr
    expected = pcc.decode(encoded.stdout)
    for name in ("ply", "bin", "npz"):
        decoded = run("decode", "-", "-o", "-", "--format", name, "--json", given=encoded.stdout)
        assert json.loads(decoded.stderr)["output"] == "-"
        (files / f"b.{name}").write_bytes(decoded.stdout)
        assert_equal(pcc.read_points(files / f"b.{name}"), expected)
    assert not (files / "-").exists()


def test_info_and_verify_read_standard_input(files):
    stream, original = (files / "a.pcc").read_bytes(), (files / "a.ply").read_bytes()
    assert run("info", "-", given=stream).stdout == run("info", "a.pcc").stdout.replace(b"a.pcc", b"-")
    assert run("verify", "-", given=stream).stdout == b"-: ok, 1 frame, digests match\n"
    assert b"against a.ply: the same" in run("verify", "-", "--against", "a.ply", given=stream).stdout
    assert b"against -: the same" in run("verify", "a.pcc", "--against", "-", "--format", "ply", given=original).stdout
    damaged = run("verify", "-", given=stream[:-1])
    assert (damaged.returncode, damaged.stderr[:8]) == (3, b"pcc: -: ")


def test_a_reader_that_goes_away(files):
    read, write = os.pipe()
    os.close(read)
    done = run("decode", "a.pcc", "-o", "-", stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_no_binary_on_a_terminal(files):
    """Text may go there."""
    leader, terminal = pty.openpty()
    for command in (["encode", "a.ply", "-o", "-"], ["decode", "a.pcc", "-o", "-"]):
        done = run(*command, stdout=terminal)
        assert (done.returncode, b"not written to a terminal" in done.stderr) == (2, True)
    assert run("decode", "a.pcc", "-o", "-", "--ascii", "--max-points", "200", stdout=terminal).returncode == 0
    os.close(terminal)
    assert os.read(leader, 5) == b"ply\r\n"
    os.close(leader)


def test_closed_streams(files):
    command = f"{sys.executable} -m pcc.cli"
    environment = os.environ | {"PYTHONPATH": str(Path(pcc.__file__).parents[1])}
    for arguments in ("info - <&-", "encode a.ply -o - >&-"):
        done = subprocess.run(f"{command} {arguments}", shell=True, env=environment, stderr=subprocess.PIPE)
        assert (done.returncode, b"is closed" in done.stderr) == (2, True)


def test_what_makes_no_sense_is_refused(files, capsys):
    second = pcc.append((files / "a.pcc").read_bytes(), pcc.read_points("a.ply"))
    (files / "two.pcc").write_bytes(second)
    for arguments, message in (
        (["encode", "-", "--format", "ply"], "-o with a file"),
        (["encode", "-", "-o", "x.pcc"], "expected --format"),
        (["encode", "-", "a.ply", "-o", "out"], "no other input"),
        (["encode", "a.ply", "b.ply", "-o", "-"], "takes one file"),
        (["encode", str(files), "-o", "-"], "takes one file"),
        (["decode", "two.pcc", "-o", "-"], "has 2 frames"),
        (["verify", "-", "--against", "-", "--format", "ply"], "not both"),
        (["compare", "-", "a.ply", "--peak", "1"], "not for this command"),
        (["view", "-", "--png", "a.png"], "not for this command"),
        (["sensor", "untwist", "a.ply", "-o", "-"], "not for this command"),
        (["sensor", "fit", "-", "-o", "x.json"], "not for this command"),
    ):
        assert message in complaint(capsys, *arguments)
    assert not (files / "-").exists()


def test_a_file_that_is_called_so(files):
    """./- is a file."""
    assert path("-") == STDIO
    assert path("./-") == files / "-" == path(str(files / "-"))
    assert path("a/-") == Path("a/-")
    (files / "-").write_bytes((files / "a.pcc").read_bytes())
    assert b"200 points" in run("info", "./-").stdout


def test_the_rules(tmp_path):
    one, several, folder = [tmp_path / "a"], [tmp_path / "a", tmp_path / "b"], [tmp_path]
    assert [is_one_file(inputs) for inputs in ([STDIO], one, several, folder)] == [True, True, False, False]
    check_inputs([STDIO])
    check_inputs(several)
    check_output(one, None)
    check_output([STDIO], STDIO)
    check_output(one, STDIO)
    refuse(None, *several)
    for inputs, output in (([STDIO], None), (several, STDIO), (folder, STDIO)):
        with pytest.raises(ValueError, match=r"^-: "):
            check_output(inputs, output)
    with pytest.raises(ValueError, match=r"^-: "):
        check_inputs([STDIO, tmp_path])
