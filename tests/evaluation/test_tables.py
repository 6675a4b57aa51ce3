"""pcc.evaluation.tables: what was recorded is what is shown."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from pcc.evaluation.tables import (
    BRIEF,
    COLUMNS,
    COST,
    FILE_WIDTH,
    RATE,
    failures_table,
    screen,
    table,
)


def test_screen(small):
    """The printed table names every cell, its peak, and the failure's reason."""
    evaluation, _ = small
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(table(evaluation, "T"), failures_table(evaluation.failures, "Failed"))
    text = console.export_text()
    for word in (
        "voxels",
        "coarse",
        "zlib",
        "draco",
        "multiset",
        "peaks 63, 1",
        "bpp of input points",
        "LimitExceeded",
    ):
        assert word in text


def test_rate_and_cost_are_all_columns():
    assert {*RATE, *COST} == set(COLUMNS)


@pytest.mark.parametrize("columns", [RATE, COST, BRIEF])
def test_110_columns_show_everything(small, columns):
    """A long name, millions of points, minutes, gigabytes: no value is cut or folded."""
    evaluation, _ = small
    cell = evaluation.cells[0]
    complexity = dataclasses.replace(
        cell.complexity, encode_s=123.456, decode_s=123.456, encode_total_s=123.456, decode_total_s=123.456,
        encode_peak_bytes=2**34, decode_peak_bytes=2**34,
        parameters=1_234_567, kmac_per_point=1234.5,
    )  # fmt: skip
    wide = dataclasses.replace(
        cell, cloud="kitti_detection_000001", num_points=1_234_567, num_bytes=1_234_567, bpp=12.3456,
        complexity=complexity,
    )  # fmt: skip
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(table(dataclasses.replace(evaluation, cells=[wide]), columns=columns))
    text = console.export_text()
    assert "…" not in text
    for column in columns:
        assert all(word in text for word in column.split())
        assert COLUMNS[column](wide) in text


def test_a_file_is_wide(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert screen().width == FILE_WIDTH
    monkeypatch.setenv("COLUMNS", "90")
    assert screen().width == 90


def test_brief_table_has_its_columns(small):
    assert [column.header for column in table(small[0], columns=BRIEF).columns] == list(BRIEF)
