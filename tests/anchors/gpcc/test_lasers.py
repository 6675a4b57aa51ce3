"""pcc.anchors.gpcc.lasers: fit(frame of known lasers) == the lasers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pcc.anchors.gpcc.lasers import KNOWN, Lasers, fit_lasers, known_lasers
from pcc.errors import AnchorError
from pcc.pointcloud import PointCloud

TRUE = Lasers((-0.4, -0.15, 0.05), (0.2, 0.1, 0.0), 360)


def frame(rng: np.random.Generator, turn: int = 1, unit: float = 1.0, dtype: str = "f8") -> PointCloud:
    """One turn of each laser of ``TRUE`` after the other, at random distances; ``turn`` -1: the other way round."""
    azimuth = turn * np.arange(360) * np.pi / 180
    parts, rings = [], []
    for i, (theta, z) in enumerate(zip(TRUE.theta, TRUE.z, strict=True)):
        radius = rng.uniform(3, 40, 360)
        parts.append(np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), z + theta * radius], axis=1))
        rings.append(np.full(360, i, np.uint16))
    return PointCloud((np.concatenate(parts) * unit).astype(dtype), {"ring": np.concatenate(rings)})


@pytest.mark.parametrize("unit", [1.0, 1000.0])
@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("ring", [True, False])
def test_fit(rng, ring, turn, unit):
    """From the field ring or from the order alone, in metres or millimetres; heights are in the cloud's unit."""
    cloud = frame(rng, turn, unit)
    found = fit_lasers(cloud if ring else PointCloud(cloud.xyz))
    assert found.theta == pytest.approx(TRUE.theta, abs=1e-6)
    assert found.z == pytest.approx([z * unit for z in TRUE.z], abs=1e-4 * unit)
    assert found.columns_per_turn == 360


def test_fit_of_whole_millimetres(rng):
    found = fit_lasers(frame(rng, unit=1000.0, dtype="i4"))
    assert found.theta == pytest.approx(TRUE.theta, abs=1e-4)


def test_points_that_say_nothing(rng):
    """One on the axis and one without a position change nothing."""
    cloud = frame(rng)
    xyz = np.concatenate([cloud.xyz, [[0, 0, 5], [np.nan, 0, 0]]])
    ring = np.append(cloud.fields["ring"], [0, 0])
    assert fit_lasers(PointCloud(xyz, {"ring": ring})).theta == pytest.approx(TRUE.theta, abs=1e-6)


@pytest.mark.parametrize("num_points", [0, 1, 15, 300])
def test_no_lasers(rng, num_points):
    """Too few points, or points in no order."""
    with pytest.raises(AnchorError, match="lasers: the frame is no turn"):
        fit_lasers(PointCloud(rng.uniform(-9, 9, (num_points, 3))))


def test_points_at_one_place():
    with pytest.raises(AnchorError, match="lasers: the frame is no turn"):
        fit_lasers(PointCloud(np.ones((100, 3))))


@pytest.mark.parametrize("name", KNOWN)
def test_known(name):
    """Rising elevations, all below the horizon or a little above."""
    lasers = known_lasers(name)
    assert len(lasers.theta) == len(lasers.z) == 64
    assert list(lasers.theta) == sorted(lasers.theta)
    assert -0.5 < lasers.theta[0] < lasers.theta[-1] < 0.1


def test_a_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"theta": [-0.1, 0.2], "z": [0, 1], "columns_per_turn": 1800, "about": "mine"}))
    assert known_lasers(str(path)) == Lasers((-0.1, 0.2), (0.0, 1.0), 1800)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"theta": [], "z": [], "columns_per_turn": 9}',
        '{"theta": [1, 2], "z": [1], "columns_per_turn": 9}',
        '{"theta": [1], "z": [NaN], "columns_per_turn": 9}',
        '{"theta": [1], "z": [1], "columns_per_turn": 0}',
        '{"theta": [1], "z": [1], "columns_per_turn": Infinity}',
    ],
)
def test_a_file_that_is_none(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(AnchorError, match="lasers: "):
        known_lasers(str(path))


def test_no_file():
    with pytest.raises(AnchorError, match="'hdl32' is none of hdl64e, and no such file"):
        known_lasers("hdl32")
