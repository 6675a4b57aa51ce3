"""The record: JSON that names commit, configuration, data, packages and machine."""

import json

import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc import ops
from pcc.training.record import PACKAGES, continued, run_record, write_record


def test_record_is_json_and_complete(tmp_path):
    record = run_record({"optim": {"steps": 3}}, {"pools": []})
    write_record(tmp_path / "deep" / "record.json", record)
    read = json.loads((tmp_path / "deep" / "record.json").read_text())
    assert read["config"] == {"optim": {"steps": 3}}
    assert read["data"] == {"pools": []}
    assert set(read["packages"]) == set(PACKAGES)
    assert read["packages"]["numpy"]
    assert set(read["git"]) == {"commit", "dirty"}
    assert read["machine"]["isa"] == ops.isa()


def test_what_was_otherwise_before_stays(tmp_path):
    """continued(record) = record while nothing differs; a part for each difference, oldest first."""
    records = [run_record({"rate": rate}, {}) for rate in (1, 1, 2, 3)]
    write_record(tmp_path / "record.json", records[0])
    seen = []
    for step, record in enumerate(records[1:], 1):
        seen.append(continued(record, tmp_path, step))
        write_record(tmp_path / "record.json", seen[-1])
    assert seen[0] == records[1]
    assert [part["until_step"] for part in seen[-1]["before"]] == [2, 3]
    assert [part["config"]["rate"] for part in seen[-1]["before"]] == [1, 2]
    assert seen[-1]["config"] == {"rate": 3}
    assert continued(records[3], tmp_path, 9) == seen[-1]
    assert continued(records[0], tmp_path / "nowhere", 5) == records[0]
