"""pcc.evaluation.report.files: what was recorded is what is written."""

from __future__ import annotations

import csv
import json

from pcc.evaluation.report.files import compressai, write_csv, write_json
from pcc.evaluation.report.summary import points
from tests.evaluation.report import cells


def test_json_holds_everything(small, tmp_path):
    """Strict JSON (no NaN, no Infinity), infinite PSNR as "inf", the peak in every cell."""
    evaluation, _ = small
    write_json(evaluation, points(evaluation), tmp_path / "r.json", {"data": "x"})
    record = json.loads((tmp_path / "r.json").read_text(), parse_constant=lambda name: 1 / 0)
    assert record["version"] == 2
    assert record["configuration"] == {"data": "x"}
    assert record["cells"][0]["distortion"]["d1_psnr"] == "inf"
    assert [cell["distortion"]["peak"] for cell in record["cells"]] == [63, 63, 63, 63, 1]
    assert record["failures"][0]["codec"] == "draco"
    assert record["cells"][0]["machine"]["cores"] >= 1
    assert [line["name"] for line in record["curves"]] == ["draco", "zlib", "draco", "zlib", "zlib"]


def test_curves_have_compressai_s_shape():
    """name, description, results: lists by metric, by rising rate; None where a point lacks a metric."""
    lines = {(line["cloud"], line["name"]): line for line in compressai(points(cells.curves()))}
    results = lines["a", "pcc-dense"]["results"]
    assert results["bpp"] == [0.4, 0.8, 1.6, 4.0]
    assert results["psnr-d1"][:3] == [60.0, 65.0, 70.0]
    assert len({len(values) for values in results.values()}) == 1
    assert lines["a", "Paper"]["description"] == "a, published"


def test_csv_has_a_row_a_cell_and_a_row_a_failure(small, tmp_path):
    evaluation, _ = small
    write_csv(evaluation, tmp_path / "r.csv")
    with (tmp_path / "r.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert [row["error"] != "" for row in rows] == [False] * 5 + [True]
    assert float(rows[0]["bpp"]) == evaluation.cells[0].bpp
    assert rows[0]["d1_psnr"] == "inf"
    assert rows[1]["fields"] == "none"
    assert rows[2]["voxel_size"] == "8"
