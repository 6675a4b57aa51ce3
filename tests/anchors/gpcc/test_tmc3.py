"""pcc.anchors.gpcc.tmc3: its files and logs as the real program wrote them, and the program where there is one."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pcc.anchors.gpcc import options
from pcc.anchors.gpcc.tmc3 import VARIABLE, Tmc3, parse_log, write_ply
from pcc.errors import AnchorError
from pcc.io import read_points
from pcc.pointcloud import PointCloud
from tests.anchors.gpcc.recorded import FOLDER, NAMES, OPTIONS, recorded_cloud
from tests.conftest import ROOT

PARTS = {"figure": {"positions": 187, "colors": 907}, "street": {"positions": 2142, "reflectances": 258}}
MEASURED = ROOT.parent / "shared" / "anchors" / "gpcc_measured.csv"
XYZ = np.array([[0, -7, 1 << 23]])


def rows(cloud: PointCloud, *names: str) -> list[tuple]:
    """Positions and fields in one order of the points."""
    return sorted(zip(*cloud.xyz.T.tolist(), *(cloud.fields[name].tolist() for name in names), strict=True))


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("name", NAMES)
def test_log(name, kind):
    """Four slices of colours (38 + 43 + 52 + 54 = 187 bytes of positions), one of reflectance."""
    log = parse_log((FOLDER / f"{name}.{kind}.log").read_text())
    assert log.version == "release-v23.0-rc2-0-ga3d15c5"
    assert log.part_bytes == PARTS[name]
    assert log.total_bytes == (FOLDER / f"{name}.bin").stat().st_size >= sum(PARTS[name].values())
    assert 0 <= log.user_s < 1


@pytest.mark.parametrize("without", ["Total bitstream", "Processing time (user)"])
def test_a_log_of_something_else(without):
    text = (FOLDER / "street.encoder.log").read_text()
    with pytest.raises(AnchorError, match="is this tmc3"):
        parse_log("".join(line for line in text.splitlines(keepends=True) if not line.startswith(without)))


@pytest.mark.parametrize(("name", "fields"), [("figure", ("red", "green", "blue")), ("street", ("refc",))])
def test_the_decoded_file_is_the_cloud(name, fields):
    """float64 positions; colours, which come as green, blue, red, have their own names; nothing was lost."""
    decoded, cloud = read_points(FOLDER / f"{name}.ply"), recorded_cloud(name)
    assert decoded.xyz.dtype == np.float64
    assert list(decoded.fields) == (["green", "blue", "red"] if name == "figure" else ["refc"])
    assert rows(decoded, *fields) == rows(cloud, *fields)


def test_write_ply(tmp_path):
    """float positions whatever the dtype was, uint8 and uint16 by these names; one record a point, no gaps."""
    fields = {
        "red": np.array([1], np.uint8),
        "green": np.array([2], np.uint8),
        "blue": np.array([3], np.uint8),
        "refc": np.array([0x1234], ">u2"),
    }
    write_ply(tmp_path / "a.ply", PointCloud(XYZ, fields))
    header, _, body = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")
    assert header.decode().split("\n")[:-1] == [
        "ply",
        "format binary_little_endian 1.0",
        "element vertex 1",
        "property float x",
        "property float y",
        "property float z",
        "property uint8 red",
        "property uint8 green",
        "property uint8 blue",
        "property uint16 refc",
    ]
    assert body == np.array(XYZ, "<f4").tobytes() + b"\1\2\3\x34\x12"


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf, (1 << 24) + 1, 1e300])
def test_positions_that_its_file_cannot_hold(tmp_path, value):
    with np.errstate(over="ignore"), pytest.raises(AnchorError, match="no whole number that float32 holds"):
        write_ply(tmp_path / "a.ply", PointCloud(np.array([[value, 0, 0]])))


@pytest.mark.parametrize(
    "fields",
    [
        {"refc": np.zeros(1, np.float32)},
        {"red": np.zeros(1, np.int16)},
        {"my field": np.zeros(1, np.uint8)},
        {"red": np.zeros((1, 2), np.uint8)},
    ],
)
def test_fields_that_its_file_cannot_hold(tmp_path, fields):
    with pytest.raises(AnchorError, match=f"field '{next(iter(fields))}'"):
        write_ply(tmp_path / "a.ply", PointCloud(XYZ, fields))


def test_no_program(monkeypatch, tmp_path):
    """The named one comes first, then the variable, then PATH; the error says which was asked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(AnchorError, match="no tmc3 in PATH, and PCC_TMC3 is not set"):
        Tmc3()
    monkeypatch.setenv(VARIABLE, "/of/the/variable")
    with pytest.raises(AnchorError, match="'/of/the/variable' is no program"):
        Tmc3()
    with pytest.raises(AnchorError, match="'/named' is no program"):
        Tmc3("/named")
    monkeypatch.setenv(VARIABLE, sys.executable)
    assert Tmc3().program == Path(sys.executable)


def test_another_program():
    """One that ends well and writes nothing, and one that fails."""
    with pytest.raises(AnchorError, match=r"it wrote no cloud\.bin"):
        Tmc3("true").encode(PointCloud(XYZ), [])
    with pytest.raises(AnchorError, match="ended with status 1"):
        Tmc3("false").decode(b"")


@pytest.mark.parametrize("name", NAMES)
def test_the_program_gives_the_recorded_bytes(tmc3, name):
    """v23's: encode(cloud) == the recorded stream, and decode gives the recorded cloud."""
    stream = (FOLDER / f"{name}.bin").read_bytes()
    data, run = tmc3.encode(recorded_cloud(name), OPTIONS[name])
    if parse_log(run.log).version != "release-v23.0-rc2-0-ga3d15c5":
        pytest.skip(f"the streams are of another version than {parse_log(run.log).version}")
    assert data == stream
    decoded, run = tmc3.decode(stream)
    fields = sorted(decoded.fields)
    assert rows(decoded, *fields) == rows(read_points(FOLDER / f"{name}.ply"), *fields)
    assert parse_log(run.log).part_bytes == PARTS[name]


@pytest.mark.parametrize("data", [b"", b"garbage"])
def test_the_program_on_what_is_no_stream(tmc3, data):
    with pytest.raises(AnchorError, match="tmc3: "):
        tmc3.decode(data)


DENSE = "8i_longdress_1300/longdress_vox10_1300.ply"
LIDAR = "kitti_detection_000001/000001.bin"
NO_FIELDS = "--disableAttributeCoding=1"


@pytest.mark.parametrize(
    ("file", "suite", "condition", "chosen"),
    [
        (DENSE, "dense_geo", "octree_r01", options.dense_octree(1 / 8)),
        (DENSE, "dense_geo", "trisoup_r01", options.trisoup(5)),
        (LIDAR, "lidar_ll", "ctc_oct_noang", options.lidar_octree()),
        (LIDAR, "lidar_ll", "predgeom_noang_sort2", options.lidar_predictive(sort=2)),
        (LIDAR, "lidar_lossy", "oct_noang_r01", options.lidar_octree(1 / 512)),
        (LIDAR, "lidar_lossy", "pg_noang_r01", options.lidar_predictive(1 / 512)),
    ],
)
def test_the_program_gives_the_measured_bytes(tmc3, file, suite, condition, chosen):
    """The wrapper's options give the sizes of recorded runs; benchmarks/gpcc_measured.py compares all of them."""
    path = Path(os.environ.get("PCC_DATA", ROOT.parent / "shared" / "unpacked"), file)
    for needed in (MEASURED, path):
        if not needed.exists():
            pytest.skip(f"not here: {needed}")
    with open(MEASURED, newline="") as table:
        expected = {
            (row["suite"], row["condition"]): int(row["bytes"])
            for row in csv.DictReader(table)
            if row["cloud"] in ("longdress_vox10_1300", "kittidet_000001") and row["tmc13"] == "v23"
        }
    xyz = read_points(path).xyz
    whole = xyz if file == DENSE else np.rint(xyz.astype(np.float64) * 1000)
    assert len(tmc3.encode(PointCloud(whole), [*chosen, NO_FIELDS])[0]) == expected[suite, condition]
