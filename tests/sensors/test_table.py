"""from_json(to_json(t)) = t; wrong tables are InvalidSensor."""

import json

import numpy as np
import pytest

from pcc.errors import InvalidSensor, PccWarning
from pcc.sensors.known import find_table, find_table_by_digest, known_tables
from pcc.sensors.table import OFFSET_BITS, SensorTable, from_json, to_json
from tests.sensors.tables import small_table


@pytest.mark.parametrize("radial", [False, True])
def test_json_and_back(tmp_path, radial):
    table = small_table(radial=radial)
    path = tmp_path / "small.json"
    path.write_text(to_json(table, about="a test"))
    again = from_json(path)
    assert again.name == "small"
    assert again.digest == table.digest
    assert again.radial == radial
    for name in ("slope", "offset", "shift"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))


def test_digest_tells_tables_apart_but_not_names():
    table = small_table()
    others = small_table(seed=1), small_table(steps=901), small_table(radial=True)
    digests = {table.digest, *(other.digest for other in others)}
    assert len(digests) == 4
    assert all(len(digest) == 16 for digest in digests)
    renamed = SensorTable("other", table.steps, table.range_step, table.slope, table.offset, table.shift)
    assert renamed.digest == table.digest


def test_lasers_rise():
    assert (np.diff(small_table(64).elevation) > 0).all()


def test_max_index_keeps_places_within_reach():
    table = small_table()
    reach = np.ldexp(np.abs(table.slope).sum(1).astype(float), -24) * (table.max_index + 1)
    assert (reach + np.ldexp(np.abs(table.offset).sum(1).astype(float), -OFFSET_BITS)).max() <= 2**20


def test_max_index_keeps_ranges_within_what_networks_take():
    """Below 2^24 units, also where voxels are much larger than a range step: here 16 mm and 2^-8 voxel."""
    table = small_table()
    coarse = SensorTable("coarse", 900, 64, np.sign(table.slope) << 16, table.offset, table.shift)
    assert coarse.max_index == (2**24 - 1) // (4 * 64) - 1


def test_the_kitti_scanner_ships():
    table = find_table("hdl64e-kitti")
    assert (table.num_lasers, table.steps, table.range_step) == (64, 4000, 8)
    assert find_table_by_digest(table.digest) is not None
    assert find_table_by_digest(bytes(16)) is None
    assert np.rad2deg(table.elevation[[0, -1]]) == pytest.approx([-25, 2], abs=0.5)


def test_folders_of_the_environment(tmp_path, monkeypatch):
    (tmp_path / "mine.json").write_text(to_json(small_table()))
    (tmp_path / "broken.json").write_text("{")
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path))
    with pytest.warns(PccWarning, match=r"skipped: .*broken\.json"):
        assert [table.name for table in known_tables()][:1] == ["small"]
    assert find_table("small").digest == small_table().digest
    with pytest.raises(InvalidSensor, match="no sensor named 'nothing'; known: small"):
        find_table("nothing")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "pcc-sensor-0"},
        {"steps": 0},
        {"range_step": 1024},
        {"lasers": []},
        {"lasers": [{"slope": [1, 2], "offset": [0, 0, 0], "shift": 0}]},
        {"lasers": [{"slope": [0, 0, 0], "offset": [0, 0, 0], "shift": 0}]},
        {"lasers": [{"slope": [1 << 40, 0, 0], "offset": [0, 0, 0], "shift": 0}]},
        {"lasers": [{"slope": [1, 0, 0], "offset": [0, 0, 0]}]},
        {"lasers": None},
    ],
)
def test_wrong_files(tmp_path, change):
    path = tmp_path / "sensor.json"
    path.write_text(json.dumps(json.loads(to_json(small_table())) | change))
    with pytest.raises(InvalidSensor):
        from_json(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{"])
def test_no_json(tmp_path, content):
    path = tmp_path / "sensor.json"
    path.write_bytes(content)
    with pytest.raises(InvalidSensor):
        from_json(path)
    with pytest.raises(InvalidSensor):
        from_json(tmp_path / "absent.json")


def test_a_deep_or_huge_file_is_named_and_breaks_nothing(tmp_path, monkeypatch):
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    (tmp_path / "huge.json").write_bytes(b" " * 2_000_000)
    (tmp_path / "other.json").write_bytes(b"{}")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "mine.json").write_text(to_json(small_table()))
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path))
    with pytest.warns(PccWarning) as caught:
        tables = known_tables()
    assert [table.name for table in tables][:2] == ["small", "hdl64e-kitti"]
    bad = ["deep.json", "folder.json", "huge.json", "other.json"]
    assert [str(tmp_path / name) in str(w.message) for name, w in zip(bad, caught, strict=True)] == [True] * 4
    with pytest.raises(InvalidSensor, match="nested too deeply"):
        from_json(tmp_path / "deep.json")


@pytest.mark.parametrize(("key", "value"), [("slope", -(1 << 63)), ("offset", -(1 << 63)), ("shift", 1 << 32)])
def test_numbers_that_wrap_around(tmp_path, key, value):
    """The smallest int64 has no magnitude; 2^32 is 0 in 32 bits."""
    record = json.loads(to_json(small_table()))
    record["lasers"][0][key] = value if key == "shift" else [value, 1, 1]
    (tmp_path / "sensor.json").write_text(json.dumps(record))
    with pytest.raises(InvalidSensor, match=f"expected {key}"):
        from_json(tmp_path / "sensor.json")
