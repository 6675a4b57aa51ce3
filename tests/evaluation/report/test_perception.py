"""pcc.evaluation.report.perception: what perception recorded is what the page shows."""

from __future__ import annotations

import json

import pytest

from pcc.evaluation.report.perception import perception

pytest.importorskip("matplotlib", reason="the extra eval is not installed")


def row(codec: str, bpp: float, against: dict[str, float]) -> dict:
    return {
        "task": "odometry", "codec": codec, "setting": "max_error=0.05", "num_frames": 2, "num_points": 200,
        "num_points_out": 150, "num_bytes": 100, "bpp": bpp, "megabits_per_second": 1.5, "order": "changed",
        "fields": "not coded", "scores": {"translation_percent": 6.3, "num_segments": 5}, "against_undamaged": against,
    }  # fmt: skip


@pytest.fixture
def record(tmp_path):
    task = {"name": "odometry", "options": {"step": 1}, "version": {"kiss-icp": "1.3"}, "truth": "OXTS & more"}
    rows = [row("bypass", 96.0, {}), row("pcc-lidar", 3.5, {"translation_percent": 0.16, "num_segments": 5})]
    path = tmp_path / "odometry.json"
    path.write_text(json.dumps({"version": 1, "rows": rows, "tasks": [task], "frames": ["a", "b"]}))
    return path


def test_the_section(record):
    html = perception([record])
    for words in ("<h3>odometry</h3>", "OXTS &amp; more", "2 frames", "pcc-lidar", "75.0", "0.16", "<svg"):
        assert words in html
    assert html.count("<tr") == 3
    assert "num" not in html
    assert perception([]) == ""


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match="expected a record"):
        perception([tmp_path / "x.json"])
