"""A file is there complete or not at all, whoever dies; what the dead leave behind goes, what the living write not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pcc
from pcc.io.atomic import MAX_WRITERS, atomic_file

# Writes half of a file, says so, and waits for a line before it writes the rest.
WRITER = """
import sys
from pcc.io.atomic import atomic_file
with atomic_file(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    sys.stdin.readline()
    file.write(b" and half")
"""


def start_writer(path: Path) -> subprocess.Popen[bytes]:
    """Another process that has written half of ``path``."""
    environment = os.environ | {"PYTHONPATH": str(Path(pcc.__file__).parents[1])}
    command = [sys.executable, "-c", WRITER, str(path)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    return writer


def finish(writer: subprocess.Popen[bytes]) -> int:
    writer.communicate(b"\n")
    return writer.returncode


def kill(writer: subprocess.Popen[bytes]) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.communicate()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: bytes) -> None:
    with atomic_file(path) as file:
        file.write(content)


def test_a_killed_writer_leaves_the_old_file_and_the_next_one_cleans_up(tmp_path):
    path = tmp_path / "a.pcc"
    write(path, b"old")
    kill(start_writer(path))
    assert path.read_bytes() == b"old"
    assert len(names(tmp_path)) == 2
    write(path, b"new")
    assert names(tmp_path) == ["a.pcc"]
    assert path.read_bytes() == b"new"


def test_several_killed_writers_leave_nothing_for_ever(tmp_path):
    path = tmp_path / "a.pcc"
    writers = [start_writer(path) for _ in range(3)]
    assert len(names(tmp_path)) == 3
    for writer in writers:
        kill(writer)
    write(path, b"new")
    assert names(tmp_path) == ["a.pcc"]


def test_living_writers_keep_their_files(tmp_path):
    """Two at work, one killed beside them, one more comes and goes: the last that ends has its content there."""
    path = tmp_path / "a.pcc"
    first, dead, second = start_writer(path), start_writer(path), start_writer(path)
    kill(dead)
    write(path, b"third")
    assert path.read_bytes() == b"third"
    assert len(names(tmp_path)) == 3
    assert finish(first) == 0
    assert path.read_bytes() == b"half and half"
    write(path, b"fourth")
    assert finish(second) == 0
    assert path.read_bytes() == b"half and half"
    assert names(tmp_path) == ["a.pcc"]


def test_other_outputs_are_left_alone(tmp_path):
    for name in (".b.pcc.0.tmp", ".a.pcc.x.tmp", "a.pcc.0.tmp"):
        (tmp_path / name).write_bytes(b"not ours")
    write(tmp_path / "a.pcc", b"new")
    assert names(tmp_path) == [".a.pcc.x.tmp", ".b.pcc.0.tmp", "a.pcc", "a.pcc.0.tmp"]


def test_a_link_in_place_of_a_temporary_file_is_never_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".a.pcc.0.tmp").symlink_to(victim)
    write(tmp_path / "a.pcc", b"new")
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "a.pcc").read_bytes() == b"new"


def test_no_more_writers_than_there_are_numbers(tmp_path):
    for number in range(MAX_WRITERS):
        (tmp_path / f".a.{number}.tmp").symlink_to("nowhere")
    with pytest.raises(OSError, match=r"in use.*a'"), atomic_file(tmp_path / "a"):
        pass
    assert not (tmp_path / "a").exists()


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(TypeError), atomic_file(tmp_path / "a") as file:
        file.write("text into a binary file")  # type: ignore[arg-type]
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["n" * 255, "ö" * 127, os.fsdecode(b"\xff\xfe"), "a b", ".hidden"])
def test_every_name_that_a_file_can_have(tmp_path, name):
    write(tmp_path / name, b"new")
    assert os.listdir(tmp_path) == [name]


def test_content_and_name_are_on_the_disk_in_that_order(tmp_path, monkeypatch):
    """fsync of the file, then the move, then fsync of the folder."""
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1])
    write(tmp_path / "a", b"new")
    assert calls == ["fsync", "replace", "fsync"]


def test_folders_and_missing_folders_are_named(tmp_path):
    with pytest.raises(IsADirectoryError), atomic_file(tmp_path):
        pass
    with pytest.raises(FileNotFoundError, match=r"missing/a'"), atomic_file(tmp_path / "missing" / "a"):
        pass
