"""``-`` in place of a file: standard input and standard output, binary."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

STDIO = Path("-")


def path(text: str) -> Path:
    """A path of the command line; a file that is called ``-`` is ``./-``, which Path alone would shorten."""
    return Path(text).absolute() if text != "-" and Path(text) == STDIO else Path(text)


def standard_input() -> BinaryIO:
    """What comes in.

    Raises:
        ValueError: it is closed.
    """
    if sys.stdin is None:
        raise ValueError("-: standard input is closed")
    return sys.stdin.buffer


def standard_output(*, text: bool = False) -> BinaryIO:
    """Where results go.

    Raises:
        ValueError: it is closed, or a terminal and what comes is not ``text``.
    """
    if sys.stdout is None:
        raise ValueError("-: standard output is closed")
    if sys.stdout.isatty() and not text:
        raise ValueError("-: binary data are not written to a terminal; send standard output to a file or a pipe")
    return sys.stdout.buffer


def read_bytes(path: Path) -> bytes:
    """All of a file, or of standard input."""
    return standard_input().read() if path == STDIO else path.read_bytes()


def opened(path: Path) -> Path | BinaryIO:
    """The file, or standard input, for ``pcc.read_points``."""
    return standard_input() if path == STDIO else path


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file open for writing: complete or not there at all in its folder, which is made; or standard output."""
    if path == STDIO:
        file = standard_output()
        yield file
        file.flush()
        return
    from pcc.io import atomic_file

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        yield file


def check_inputs(inputs: Sequence[Path]) -> None:
    """Raises ValueError where standard input is one of several inputs."""
    if STDIO in inputs and len(inputs) > 1:
        raise ValueError("-: standard input is one file; expected no other input beside it")


def check_output(inputs: Sequence[Path], output: Path | None) -> None:
    """Raises ValueError where standard output would take several files, or standard input has no place to go to."""
    if STDIO in inputs and output is None:
        raise ValueError("-: expected -o with a file, or -o - for standard output")
    if output == STDIO and not is_one_file(inputs):
        raise ValueError("-: standard output takes one file; expected one input, and no folder")


def is_one_file(inputs: Sequence[Path]) -> bool:
    """Whether the inputs are one file, or standard input."""
    return len(inputs) == 1 and (inputs[0] == STDIO or not inputs[0].is_dir())


def refuse(*paths: Path | None) -> None:
    """Raises ValueError where a command that reads and writes files alone is given ``-``."""
    if STDIO in paths:
        raise ValueError("-: standard input and output are not for this command; expected a file (./- is one named so)")
