"""pcc.evaluation.perception_tables: nothing is cut, nothing is taken for markup."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from pcc.evaluation.machine import this_machine
from pcc.evaluation.perception_runner import TaskEvaluation, TaskFailure, TaskRow
from pcc.evaluation.perception_tables import task_failures_table, task_table, write_task_json

SCORES = {"translation_percent": 6.25, "rotation_deg_per_100m": 1234.5678, "absolute_error_m": 0.5, "num_segments": 269}
CLOSE = {"translation_percent": 1e-14, "rotation_deg_per_100m": 0.1253, "absolute_error_m": 7e-5, "num_segments": 283}


@pytest.fixture
def evaluation():
    rows = [
        TaskRow("odometry", "bypass", "lossless", 90, 10, 10, 120, 96.0, 118.1, "kept", "not coded", SCORES, {}),
        TaskRow("odometry", "pcc-lidar", "max_error=0.25, duplicates=merge", 90, 10, 4, 1, 0.8, 1.35, "changed",
                "not coded", SCORES, CLOSE),
    ]  # fmt: skip
    failures = [TaskFailure("odometry", "draco", "lossless", "AnchorError: pip install '.[eval]'")]
    tasks = [{"name": "odometry", "options": {"step": 1}, "version": {"kiss-icp": "1.3.0"}, "truth": "OXTS"}]
    return TaskEvaluation(rows, failures, tasks, ["0.bin"], 10.0, this_machine())


def printed(*tables, width: int = 160) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(*tables)
    return console.export_text()


def test_screen(evaluation):
    text = printed(task_table(evaluation, "odometry"), task_failures_table(evaluation))
    assert "…" not in text
    for word in (
        "max_error=0.25,",
        "duplicates=merge",
        "40.0",
        "6.25",
        "1235",
        "0.1253",
        "7e-05",
        "changed",
        "not coded",
    ):
        assert word in text
    for condition in ("1 frames at 10 Hz", "kiss-icp 1.3.0", "step 1", "num_segments 269", "truth: OXTS"):
        assert condition in " ".join(text.split())
    assert ".[eval]" in text


def test_a_narrow_screen_breaks_settings_alone(evaluation):
    """At 150 columns every figure is whole; the setting goes on in the next line."""
    text = printed(task_table(evaluation, "odometry"), width=150)
    for word in ("pcc-lidar", "max_error=0.25,", "duplicates=merge", "1235", "0.1253", "7e-05", "not coded"):
        assert word in text


def test_rounding_is_shown_as_zero(evaluation):
    assert "1e-14" not in printed(task_table(evaluation, "odometry"))


def test_an_unknown_task(evaluation):
    with pytest.raises(ValueError, match=r"\['odometry'\], got 'detection'"):
        task_table(evaluation, "detection")


def test_json_holds_everything(evaluation, tmp_path):
    write_task_json(evaluation, tmp_path / "r.json", {"codec": ["x"]})
    record = json.loads((tmp_path / "r.json").read_text(), parse_constant=lambda name: 1 / 0)
    assert record["version"] == 1
    assert record["configuration"] == {"codec": ["x"]}
    assert record["rows"][1]["against_undamaged"] == CLOSE
    assert record["tasks"][0]["truth"] == "OXTS"
    assert record["failures"][0]["codec"] == "draco"
    assert record["machine"]["cores"] >= 1
