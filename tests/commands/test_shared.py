"""Inputs and outputs as files or folders, exit codes, and what is refused."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from pcc import errors
from pcc.commands.shared import Job, complain, exit_code, find_inputs, plan, prepare, printable, run_all, show


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in/a.ply", "in/sub/b.BIN", "in/notes.txt", "c.npz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def targets(inputs: list[Path], output: Path | None) -> list[Path]:
    return [job.target for job in plan(inputs, output, [".ply", ".bin", ".npz"], ".pcc")]


def test_one_file(folder):
    assert targets([folder / "c.npz"], None) == [folder / "c.pcc"]
    assert targets([folder / "c.npz"], folder / "d.pcc") == [folder / "d.pcc"]
    assert targets([folder / "c.npz"], folder / "in") == [folder / "in" / "c.pcc"]
    assert targets([folder / "c.npz"], folder / "new") == [folder / "new" / "c.pcc"]
    assert targets([folder / "c.npz"], Path(os.devnull)) == [Path(os.devnull)]


def test_a_folder_keeps_its_structure(folder):
    out = folder / "out"
    assert targets([folder / "in", folder / "c.npz"], out) == [out / "a.pcc", out / "sub/b.pcc", out / "c.pcc"]


def test_what_is_refused(folder):
    with pytest.raises(ValueError, match="no such file"):
        targets([folder / "missing.ply"], None)
    with pytest.raises(ValueError, match="never overwritten"):
        targets([folder / "c.npz"], folder / "c.npz")
    with pytest.raises(ValueError, match="folder for 2 inputs"):
        targets([folder / "in"], folder / "c.npz")
    for name in ("new.pcc", "new.PCC"):
        with pytest.raises(ValueError, match="folder for 2 inputs"):
            targets([folder / "in"], folder / name)
    (folder / "in/a.npz").touch()
    with pytest.raises(ValueError, match="two inputs"):
        targets([folder / "in"], folder / "out")
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match="no file with a suffix"):
        find_inputs([folder / "empty"], [".ply"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError(), 2),
        (FileNotFoundError(), 2),
        (errors.InvalidCloud(), 2),
        (errors.UnsupportedField(), 2),
        (errors.CorruptStream(), 3),
        (errors.LimitExceeded(), 4),
        (errors.ModelMismatch(), 5),
    ],
)
def test_exit_codes(error, code):
    assert exit_code(error) == code


def test_an_error_is_one_line(capsys):
    assert complain(ValueError("two\nlines"), Path("a.ply")) == 2
    assert capsys.readouterr().err == "pcc: a.ply: two lines\n"
    assert complain(PermissionError(13, "Permission denied", "out/b.pcc"), Path("a.ply")) == 2
    assert capsys.readouterr().err == "pcc: a.ply: out/b.pcc: Permission denied\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain, äöü, 点云, a b", "plain, äöü, 点云, a b"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("\x9b31m \u202e \u200b \U000e0041", "\\x9b31m \\u202e \\u200b \\U000e0041"),
        ("\udcff", "\\udcff"),  # a byte of a file's name that is no UTF-8
    ],
)
def test_what_does_not_print_is_shown_as_an_escape(capsys, line, shown):
    """In text, lines and errors; JSON has escapes of its own."""
    assert printable(line) == shown
    show({}, [line, "next"], as_json=False)
    assert capsys.readouterr().out == f"{shown}\nnext\n"
    complain(ValueError(f"a{line.strip()}b"), line)
    error = capsys.readouterr().err
    assert error.isascii() or "点" in error
    assert error[:-1].isprintable()
    show({"name": line}, "", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"name": line}


def test_line_feeds_of_a_string_end_lines(capsys):
    show({}, "one\ntwo\x07", as_json=False)
    assert capsys.readouterr().out == "one\ntwo\\x07\n"


def test_one_error_does_not_stop_the_others(capsys):
    """Each has its line; the exit code is that of the first."""
    done = []

    def work(job: Job) -> None:
        if job.source.name == "bad":
            raise errors.CorruptStream("damaged")
        if job.source.name == "worse":
            raise ValueError("no such file")
        done.append(job.source.name)

    jobs = [Job(Path(name), Path("out")) for name in ("a", "bad", "b", "worse")]
    assert run_all(jobs, work, lambda job: job.source) == 3
    assert done == ["a", "b"]
    assert capsys.readouterr().err == "pcc: bad: damaged\npcc: worse: no such file\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_memory_is_kept_and_given_out_again():
    """A second array of 32 MB touches no new pages; the setting is of the process, so it is tried in one of its own."""
    code = """
import resource, numpy
from pcc.commands.shared import prepare
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    numpy.full(1 << 22, 1.0).sum()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
prepare(1)
faults()
print(faults())
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(run.stdout) < 8


def test_threads_are_not_negative():
    with pytest.raises(ValueError, match="threads"):
        prepare(-1)
    with pytest.raises(ValueError, match="threads"):
        prepare(3_000_000_000)
