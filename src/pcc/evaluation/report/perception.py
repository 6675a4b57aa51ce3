"""Perception in a report: the records of `pcc.evaluation.perception`, as a table and a plot of damage against rate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from pcc.evaluation.report.markup import grid, number, table
from pcc.evaluation.report.plots import damage

VERSION = 1


def perception(records: Sequence[Path]) -> str:
    """HTML of the section; empty without records.

    Raises:
        ValueError: a file is no record of this version.
    """
    return "\n".join(_record(path) for path in records)


def _record(path: Path) -> str:
    record = json.loads(path.read_text())
    if record.get("version") != VERSION or "rows" not in record:
        raise ValueError(f"{path}: expected a record of pcc.evaluation.perception, version {VERSION}")
    return "\n".join(_task(record, task) for task in record["tasks"])


def _task(record: dict[str, Any], task: dict[str, Any]) -> str:
    rows = [row for row in record["rows"] if row["task"] == task["name"]]
    scores = [name for name in rows[0]["scores"] if not name.startswith("num_")]
    heads = ["codec", "setting", "bpp", "Mbit/s", "points kept, %", "order", "fields"]
    heads += [f"{name.replace('_', ' ')}, {against}" for name in scores for against in ("truth", "undamaged")]
    cells = [
        [
            row["codec"],
            row["setting"],
            number(row["bpp"], ".3f"),
            number(row["megabits_per_second"], ".2f"),
            number(100 * row["num_points_out"] / row["num_points"], ".1f"),
            row["order"],
            row["fields"],
            *(number(row[against].get(name), ".4g") for name in scores for against in ("scores", "against_undamaged")),
        ]
        for row in rows
    ]
    versions = ", ".join(f"{name} {version}" for name, version in task["version"].items())
    options = ", ".join(f"{name} {value}" for name, value in task["options"].items())
    note = f"{len(record['frames'])} frames. {versions}; {options}. Truth: {task['truth']}."
    drawn = [svg for name in scores if (svg := damage(rows, name))]
    return (
        f'<h3>{escape(task["name"])}</h3>\n<p class="note">{escape(note)} "undamaged" compares with the result on the '
        f"frames as they are, whose row is called bypass.</p>\n{grid(drawn)}\n{table(heads, cells, texts=2)}"
    )
