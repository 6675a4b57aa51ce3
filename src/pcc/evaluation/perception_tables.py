"""An evaluation of tasks as a table on the screen, and as JSON with everything that was recorded."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill
from typing import Any, Literal

from rich import box
from rich.markup import escape
from rich.table import Table

from pcc.evaluation.perception_runner import TaskEvaluation, TaskRow
from pcc.io import atomic_file

JSON_VERSION = 1
_ROUNDING = 1e-9  # below, a score of equal results: rounding of float64
_SCORE_WIDTH = 11
_FIXED = ("codec", "setting", "bpp", "Mbit/s", "points out %", "order", "fields")


def task_table(evaluation: TaskEvaluation, task: str, title: str = "") -> Table:
    """One line a codec: rate, what became of points and fields, then each score against truth and undamaged run.

    Counts among the scores stand in the caption; they are the same for all codecs.

    Raises:
        ValueError: the evaluation has no row of ``task``.
    """
    rows = [row for row in evaluation.rows if row.task == task]
    if not rows:
        raise ValueError(f"task: expected one of {sorted({r.task for r in evaluation.rows})}, got {task!r}")
    names = [name for name in rows[0].scores if not name.startswith("num_")]
    table = _empty_table(title or f"{task} beside rate", _caption(evaluation, task))
    for heading, values in zip(_FIXED, zip(*map(_fixed, rows), strict=True), strict=True):
        justify: Literal["left", "right"] = "left" if heading in ("codec", "setting", "order", "fields") else "right"
        # Settings alone may break, at their spaces.
        unbroken = " ".join(values).split() if heading == "setting" else values
        table.add_column(fill(heading, 7), justify=justify, min_width=max(map(len, unbroken)))
    for name in names:
        words = name.replace("_", " ")
        for against in ("truth", "undamaged"):
            table.add_column(fill(f"{words}, {against}", _SCORE_WIDTH), justify="right", min_width=_SCORE_WIDTH)
    for row in rows:
        table.add_row(*_fixed(row), *_scores(row, names))
    return table


def task_failures_table(evaluation: TaskEvaluation) -> Table:
    """One line a cell that has no result, with the reason."""
    table = _empty_table("Failed cells")
    for column in ("task", "codec", "setting", "not run: why"):
        table.add_column(column)
    for failure in evaluation.failures:
        table.add_row(failure.task, failure.codec, failure.setting, escape(failure.error))
    return table


def write_task_json(evaluation: TaskEvaluation, path: Path, configuration: dict[str, Any] | None = None) -> None:
    """Everything recorded. The file appears complete or not at all."""
    record = {"version": JSON_VERSION, "configuration": configuration, **dataclasses.asdict(evaluation)}
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode())


def _fixed(row: TaskRow) -> tuple[str, ...]:
    share = 100 * row.num_points_out / row.num_points
    return (
        row.codec, row.setting, f"{row.bpp:.3f}", f"{row.megabits_per_second:.2f}", f"{share:.1f}",
        row.order, row.fields,
    )  # fmt: skip


def _scores(row: TaskRow, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield _number(row.scores[name])
        yield _number(row.against_undamaged[name]) if name in row.against_undamaged else "-"


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= _ROUNDING else "0"


def _caption(evaluation: TaskEvaluation, task: str) -> str:
    record = next(record for record in evaluation.tasks if record["name"] == task)
    options = ", ".join(f"{name} {value}" for name, value in record["options"].items())
    version = ", ".join(f"{name} {value}" for name, value in record["version"].items())
    first = next(row for row in evaluation.rows if row.task == task)
    counts = [f"{name} {value:g}" for name, value in first.scores.items() if name.startswith("num_")]
    frames = f"{len(evaluation.frames)} frames at {evaluation.frame_rate_hz:g} Hz; bpp of input points"
    return "; ".join(filter(None, [frames, version, options, *counts, f"truth: {record['truth']}"]))


def _empty_table(title: str, caption: str = "") -> Table:
    return Table(title=title, caption=caption or None, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
