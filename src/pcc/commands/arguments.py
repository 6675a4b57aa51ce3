"""The arguments of one command: a thin layer over argparse, with one line an error and help drawn by ``help``.

Options and files may come in any order, names are never abbreviated, the last of a repeated option counts.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

METAVARS = {"Path": "path", "path": "path", "names": "names", "str": "text", "float": "number", "count": "integer"}


def count(text: str) -> int:
    """An integer of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected an integer of at least 0, got {text!r}")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    """Words between commas."""
    return tuple(name.strip() for name in text.split(","))


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Of a fixed width: argparse makes one for every argument, and asking the terminal loads more than all of it."""
    return argparse.HelpFormatter(prog, width=100)


class CommandParser(argparse.ArgumentParser):
    """The arguments of ``pcc NAME``; ``doc`` is the text of its help: a line, then examples."""

    def __init__(self, name: str, doc: str | None) -> None:
        super().__init__(
            prog=f"pcc {name}", description=inspect.cleandoc(doc or ""), allow_abbrev=False, formatter_class=_formatter
        )

    def positional(self, name: str, **settings: Any) -> None:
        """A file, or files with ``nargs="+"``; always required."""
        self.add_argument(name, **settings)

    def option(self, *names: str, type: Callable[[str], Any] = str, **settings: Any) -> None:
        """An option with a value."""
        self.add_argument(*names, type=type, metavar=METAVARS[type.__name__], **settings)

    def flag(self, name: str, *, help: str) -> None:
        """An option without a value."""
        self.add_argument(name, action="store_true", help=help)

    def parse(self, line: Sequence[str]) -> argparse.Namespace:
        """The values of all arguments, by name.

        Raises:
            ValueError: the line does not fit.
            SystemExit: help was asked for, and shown.
        """
        return self.parse_intermixed_args(_without_separator(line))

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{self.prog.removeprefix('pcc ')}: {message} ({self.prog} --help)")

    def print_help(self, file: Any = None) -> None:
        from pcc.commands.help import show_command

        show_command(self.prog, self.description or "", self._actions)


def _without_separator(line: Sequence[str]) -> list[str]:
    """``--`` ends the options. argparse forgets it where files and options mix, so ``-a`` behind it is ``./-a``."""
    if "--" not in line:
        return list(line)
    end = line.index("--")
    return [*line[:end], *(f"./{file}" if file.startswith("-") else file for file in line[end + 1 :])]
