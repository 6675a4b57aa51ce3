"""An evaluation as JSON (everything that was recorded, curves in CompressAI's shape) and as CSV (one row a cell)."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pcc.evaluation.cell import Cell
from pcc.evaluation.report.summary import Point
from pcc.evaluation.runner import Evaluation
from pcc.io import atomic_file

JSON_VERSION = 2


def write_json(
    evaluation: Evaluation, found: Sequence[Point], path: Path, configuration: dict[str, Any] | None = None
) -> None:
    """Everything recorded; what is infinite or unknown is the string "inf" or "nan", because JSON has neither."""
    record = {
        "version": JSON_VERSION,
        "configuration": configuration,
        "curves": compressai(found),
        **dataclasses.asdict(evaluation),
    }
    with atomic_file(path) as file:
        file.write((json.dumps(_jsonable(record), indent=1, allow_nan=False) + "\n").encode())


def compressai(found: Sequence[Point]) -> list[dict[str, Any]]:
    """The points of each codec on each cloud in CompressAI's shape: a name, and lists by metric, by rising rate."""
    lines = []
    for cloud, codec, origin in dict.fromkeys((point.cloud, point.codec, point.origin) for point in found):
        of = sorted((p for p in found if (p.cloud, p.codec, p.origin) == (cloud, codec, origin)), key=lambda p: p.bpp)
        metrics = dict.fromkeys(metric for point in of for metric in point.psnrs)
        results: dict[str, list[Any]] = {
            "rate": [point.rate for point in of],
            "bpp": [point.bpp for point in of],
            "bytes": [point.num_bytes for point in of],
            "points": [point.num_points for point in of],
            "lossless": [point.lossless for point in of],
            **{f"psnr-{metric.lower()}": [point.psnrs.get(metric) for point in of] for metric in metrics},
            "encoding_time": [point.encode_s for point in of],
            "decoding_time": [point.decode_s for point in of],
            "encoding_memory": [point.encode_bytes for point in of],
            "decoding_memory": [point.decode_bytes for point in of],
        }
        lines.append({"name": codec, "description": f"{cloud}, {origin}", "cloud": cloud, "results": results})
    return lines


def write_csv(evaluation: Evaluation, path: Path) -> None:
    """One row a cell, nested records flattened; failures have a row with the column ``error`` filled."""
    rows = [flat(cell) for cell in evaluation.cells]
    rows += [dataclasses.asdict(failure) for failure in [*evaluation.not_run, *evaluation.failures]]
    columns = list(dict.fromkeys([*(key for row in rows for key in row), "error"]))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def flat(cell: Cell) -> dict[str, Any]:
    """``cell`` as one level of names; the nested records keep their own, the machine is left to the JSON."""
    row: dict[str, Any] = {}
    for key, value in dataclasses.asdict(cell).items():
        if key != "machine":
            row |= value if isinstance(value, dict) else {key: value}
    return row


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
