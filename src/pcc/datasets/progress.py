"""A progress bar for loops over files; silent where nobody watches (no terminal)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def progress(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yields ``items`` and draws a bar on the standard error's terminal."""
    console = Console(stderr=True)
    yield from track(items, description=what, console=console, transient=True, disable=not console.is_terminal)
