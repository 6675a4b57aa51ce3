"""The record: JSON that names commit, configuration, data, packages and machine."""

import json

import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc import ops
from pcc.training.record import PACKAGES, run_record, write_record


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
