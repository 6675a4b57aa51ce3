"""Which columns a raw .bin has: KITTI's and nuScenes' without a word, others with one, garbage not at all."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pcc.errors import InvalidCloud, PccWarning
from pcc.io.raw_columns import LAYOUTS, checked_columns, recognise
from tests.io.test_record_length import scan


def columns_of(name: str, num_points: int, rng: np.random.Generator) -> np.ndarray:
    """(N, K) float32 of one of the layouts below."""
    unit = rng.normal(size=(num_points, 3))
    parts = {
        "intensity": rng.integers(0, 256, num_points),
        "ring": np.arange(num_points) % 32,
        "column5": np.linspace(0, 0.1, num_points),
        "column6": rng.random(num_points) * 1e-3,
        "rgb": rng.integers(0, 256, (num_points, 3)),
        "normals": unit / np.linalg.norm(unit, axis=1, keepdims=True),
    }
    return np.column_stack([scan(num_points, rng), *(parts[part] for part in name.split())]).astype(np.float32)


def read(table: np.ndarray, name: str = "a.bin") -> tuple[str, str]:
    """Columns and warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        columns = recognise(np.ascontiguousarray(table, np.float32).ravel(), name)
    assert all(warning.category is PccWarning for warning in caught)
    return ",".join(columns), " ".join(str(warning.message) for warning in caught)


@pytest.mark.parametrize("num_points", [60, 1200, 30_000])
@pytest.mark.parametrize(
    ("parts", "columns"),
    [
        ("", "x,y,z"),
        ("intensity", "x,y,z,intensity"),
        ("intensity ring", "x,y,z,intensity,ring"),
        ("intensity column5", "x,y,z,intensity,column5"),
        ("rgb", "x,y,z,red,green,blue"),
        ("normals", "x,y,z,nx,ny,nz"),
        ("intensity ring column6", "x,y,z,intensity,ring,column6"),
        ("intensity column5 column6", "x,y,z,intensity,column5,column6"),
    ],
)
def test_layouts_are_recognised_though_every_size_fits(rng, parts, columns, num_points):
    """60 divides all sizes; only KITTI's layout needs no word."""
    found, said = read(columns_of(parts, num_points, rng) if parts else scan(num_points, rng))
    assert found == columns
    assert tuple(columns.split(",")) in LAYOUTS
    assert (said == "") == (columns == "x,y,z,intensity")
    assert said == "" or (columns in said and "--columns" in said)


def test_nuscenes_by_its_name(rng):
    """No word where name and numbers agree; few points are taken as the name says; other numbers overrule it."""
    table = columns_of("intensity ring", 1200, rng)
    assert read(table, "a.pcd.bin") == ("x,y,z,intensity,ring", "")
    assert read(table[:1], "A.PCD.BIN") == ("x,y,z,intensity,ring", "")
    assert read(table[:, :4], "a.pcd.bin")[0] == "x,y,z,intensity"


def test_no_points_and_one():
    assert read(np.zeros((0, 4))) == ("x,y,z,intensity", "")
    assert read(np.ones((1, 4))) == ("x,y,z,intensity", "")


def test_two_readings_are_said(rng):
    """Numbers that tell nothing: the default is taken, and the warning names it, the others and the option."""
    columns, said = read(rng.random((15, 4)))
    assert columns == "x,y,z,intensity"
    assert "a.bin: read as x,y,z,intensity, 4 float32 per point; 3 or 5 or 6 fit its size as well: --columns" in said
    assert "look alike" in read(rng.random((1001, 4)))[1]


def test_intensities_below_zero_are_no_intensities(rng):
    """Three columns that look alike are x, y, z; where 3 does not fit the size, that is doubted aloud."""
    assert read(rng.normal(size=(1200, 3)))[0] == "x,y,z"
    shifted = np.roll(columns_of("intensity", 1000, rng).ravel(), 3)
    assert "negative" in read(shifted)[1]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_file_cut_short_is_no_other_layout(rng, cut):
    """1200 points less a few numbers: some sizes fit three, five or six columns."""
    values = columns_of("intensity", 1200, rng).ravel()
    for short in (values[:-cut], values[: -cut - 4], values[: -cut - 8]):
        with pytest.raises(InvalidCloud, match="a multiple of 16"):
            recognise(short, "a.bin")


def garbage() -> dict[str, bytes]:
    rng = np.random.default_rng(3)
    record = np.dtype([("xyz", "<f4", 3), ("intensity", "<f4"), ("ring", "<u2"), ("time", "<f8")])
    message = np.zeros(1600, record)  # PointCloud2's records of 26 bytes
    message["xyz"], message["intensity"] = scan(1600, rng), rng.integers(0, 99, 1600)
    message["ring"], message["time"] = np.arange(1600) % 32, 1.7e9 + np.arange(1600) / 1e4
    return {
        "noise": rng.bytes(16_000),
        "text": b"1.0 2.0 3.0 0.5\n" * 1000,
        "a header of text": b"# .PCD v0.7 data" + columns_of("intensity", 1200, rng).tobytes(),
        "integers": rng.integers(-5000, 5000, (1200, 4)).astype("<i4").tobytes(),
        "short integers": rng.integers(-5000, 5000, (1200, 8)).astype("<i2").tobytes(),
        "doubles": rng.normal(size=(1200, 4)).tobytes(),
        "doubles that are floats": scan(1200, rng).astype("<f8").tobytes(),
        "a message": b"\0\1\0\0" + bytes(12) + message.tobytes(),
        "seven columns": np.column_stack([columns_of("rgb", 1200, rng), np.arange(1200)]).astype("<f4").tobytes(),
    }


@pytest.mark.parametrize("name", garbage())
def test_garbage_is_refused(name):
    content = garbage()[name]
    with pytest.raises(InvalidCloud, match=r"a\.bin"):
        recognise(np.frombuffer(content[: len(content) // 4 * 4], "<f4"), "a.bin")


def test_few_odd_numbers_are_doubted_aloud():
    """A cloud may hold any float32: two points of extremes are read."""
    columns, said = read(np.array([[np.nan, np.inf, -np.inf, 0], [-0.0, 3.4e38, 1e-45, 0]]))
    assert columns == "x,y,z,intensity"
    assert "no sensor gives" in said


@pytest.mark.parametrize(
    "columns", [(), ("x", "y"), ("x", "y", "z", "x"), ("x", "y", "z", ""), ("x", "y", "z", "a", "a")]
)
def test_columns_must_name_a_cloud(columns):
    with pytest.raises(ValueError, match="columns: expected"):
        checked_columns(columns)
    assert checked_columns(("_", "z", "y", "x", "_")) == ("_", "z", "y", "x", "_")
