"""An evaluation as a table on the screen, as CSV (one row a cell) and as JSON (everything that was recorded)."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from rich.table import Table

from pcc.evaluation.cell import Cell
from pcc.evaluation.runner import Evaluation

JSON_VERSION = 1
_COLUMNS = (
    "cloud", "codec", "points", "bytes", "bpp", "lossless", "D1 dB", "D2 dB", "encode s", "+I/O", "decode s", "+I/O",
    "MiB enc", "MiB dec", "params", "kMAC/pt",
)  # fmt: skip


def table(evaluation: Evaluation, title: str = "") -> Table:
    """One line a cell; the footnote states the conditions."""
    machine = evaluation.machine
    note = "bpp of input points; PSNR at the peak in brackets; wall times"
    note += f"; {machine.cpu}, {machine.cores} cores, {machine.isa}"
    result = Table(title=title or None, caption=note)
    for number, column in enumerate(_COLUMNS):
        result.add_column(column, justify="left" if number < 2 else "right", no_wrap=number < 2)
    previous = None
    for cell in evaluation.cells:
        if previous not in (None, cell.cloud):
            result.add_section()
        result.add_row(*_cells(cell))
        previous = cell.cloud
    return result


def failures_table(evaluation: Evaluation) -> Table:
    """One line a cell that has no result, with the reason."""
    result = Table("cloud", "codec", "not run: why", title="Failed cells")
    for failure in evaluation.failures:
        result.add_row(failure.cloud, failure.codec, failure.error)
    return result


def write_csv(evaluation: Evaluation, path: Path) -> None:
    """One row a cell, nested records flattened; failures have a row with the column ``error`` alone filled."""
    rows = [flat(cell) for cell in evaluation.cells]
    rows += [dataclasses.asdict(failure) for failure in evaluation.failures]
    columns = list(dict.fromkeys([*(key for row in rows for key in row), "error"]))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_json(evaluation: Evaluation, path: Path, configuration: dict[str, Any] | None = None) -> None:
    """Everything recorded; infinite PSNRs are the string "inf", because JSON has no infinity."""
    record = {"version": JSON_VERSION, "configuration": configuration, **dataclasses.asdict(evaluation)}
    path.write_text(json.dumps(_jsonable(record), indent=1, allow_nan=False) + "\n")


def flat(cell: Cell) -> dict[str, Any]:
    """``cell`` as one level of names; the nested records keep their own."""
    row: dict[str, Any] = {}
    for key, value in dataclasses.asdict(cell).items():
        row |= value if isinstance(value, dict) else {key: value}
    return row


def _cells(cell: Cell) -> list[str]:
    errors, cost = cell.distortion, cell.complexity
    return [
        cell.cloud, cell.codec, f"{cell.num_points}", f"{cell.num_bytes}", f"{cell.bpp:.4f}", cell.lossless,
        f"{errors.d1_psnr:.2f} ({errors.peak:g})", f"{errors.d2_psnr:.2f}",
        f"{cost.encode_s:.3f}", f"{cell.encode_total_s:.3f}", f"{cost.decode_s:.3f}", f"{cell.decode_total_s:.3f}",
        f"{cost.encode_peak_bytes / 2**20:.0f}", f"{cost.decode_peak_bytes / 2**20:.0f}",
        "-" if cost.parameters is None else f"{cost.parameters}",
        "-" if cost.kmac_per_point is None else f"{cost.kmac_per_point:.1f}",
    ]  # fmt: skip


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
