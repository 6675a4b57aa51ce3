"""The evaluation loop: every cloud through every codec, one cell after the other.

A cell that fails is listed with its reason and keeps no other from running; it never enters a table as a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pcc.anchors import Anchor
from pcc.evaluation.cell import Cell, run_cell
from pcc.evaluation.machine import Machine, this_machine
from pcc.evaluation.sources import Source


@dataclass(frozen=True)
class Failure:
    """A cell without a result."""

    cloud: str
    codec: str
    error: str


@dataclass(frozen=True)
class Evaluation:
    """All cells of a run, in the order of clouds, then codecs, and the conditions they were measured under."""

    cells: list[Cell]
    failures: list[Failure]
    machine: Machine


def evaluate(
    clouds: list[Source], codecs: list[Anchor], folder: Path, *, repeats: int = 1, console: Console | None = None
) -> Evaluation:
    """Runs all cells.

    Args:
        folder: where streams and decoded clouds are written.
        repeats: calls of a codec in a process, for the best time of the call alone.
        console: where the progress bar is drawn; None draws none.

    Raises:
        ValueError: two codecs share a name, or there are fewer than one repeat.
    """
    names = [codec.name for codec in codecs]
    if len(set(names)) < len(names):
        raise ValueError(f"codecs: expected different names, got {', '.join(names)}")
    if repeats < 1:
        raise ValueError(f"repeats: expected at least 1, got {repeats}")
    folder.mkdir(parents=True, exist_ok=True)
    cells: list[Cell] = []
    failures: list[Failure] = []
    for source, codec in _with_progress([(s, c) for s in clouds for c in codecs], console):
        try:
            cells.append(run_cell(source, codec, folder, repeats))
        except Exception as error:  # whatever a foreign codec does is its own cell's affair
            failures.append(Failure(source.name, codec.name, f"{type(error).__name__}: {error}"))
    return Evaluation(cells, failures, this_machine())


def _with_progress(jobs: list[tuple[Source, Anchor]], console: Console | None) -> Iterable[tuple[Source, Anchor]]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=console is None, transient=True) as progress:
        task = progress.add_task("", total=len(jobs))
        for source, codec in jobs:
            progress.update(task, description=f"{source.name} · {codec.name}")
            yield source, codec
            progress.advance(task)
