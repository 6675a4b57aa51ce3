"""``agree`` finds all that is lost, and nothing where nothing is, for every combination of options."""

from __future__ import annotations

import itertools
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc.codec.agreement import Wanted, agree
from pcc.codec.info import FrameInfo, describe
from pcc.errors import CorruptStream
from pcc.pointcloud import PointCloud
from tests.sensors.tables import small_table
from tests.sensors.turns import moved, small_turn

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
TABLE = small_table(8, 400)
FIDELITY = ({}, {"voxel_size": 0.05}, {"voxel_size": 0.001}, {"max_error": 0.02}, {"quality": 60}, {"bpp": 2.0})
OPTIONS = [
    {**fidelity, "duplicates": duplicates, "order": order, "fields": fields}
    for fidelity, duplicates, order, fields in itertools.product(
        FIDELITY, ("keep", "merge"), ("any", "keep"), ("all", "none", ["t"])
    )
    if order == "any" or not {"quality", "bpp"} & set(fidelity)
]
CLOUDS = ("grid", "free", "holes", "turn", "free turn", "moved turn", "turn with holes", "stray", "wide", "repeated")


@cache
def cloud_of(name: str) -> PointCloud:
    rng = np.random.default_rng(1)
    free, turn = (rng.random((150, 3)) * 9).astype(np.float32), small_turn(TABLE, 40).xyz
    xyz = {
        "grid": np.round(free, 2),
        "free": free,
        "holes": np.where((rng.random(150) < 0.2)[:, None], np.float32(np.nan), free),
        "turn": turn,
        "free turn": (turn + rng.normal(0, 2e-5, turn.shape)).astype(np.float32),
        "moved turn": moved(small_turn(TABLE, 40)).xyz,
        "turn with holes": np.where((rng.random(len(turn)) < 0.1)[:, None], np.float32(np.nan), turn),
        "stray": np.concatenate([np.round(free, 2), np.array([[1e9, 0, 0]], np.float32)]),
        "wide": np.round(rng.random((80, 3)) * 1e6, 3),
        "repeated": np.round(free, 1)[rng.integers(0, 40, 150)],
    }[name]
    shades, times = rng.integers(0, 100, len(xyz)).astype(np.uint8), rng.random(len(xyz), np.float32)
    return PointCloud(xyz, {"i": shades, "t": times})


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A small model of turns in place of the one that ships."""
    shutil.copy(GOLDEN / "model_lattice.safetensors", tmp_path / "lattice.safetensors")
    monkeypatch.setenv("PCC_MODEL_PATH", str(tmp_path))


def coded(cloud: PointCloud, **options) -> tuple[PointCloud, FrameInfo]:
    sensor = {} if {"quality", "bpp"} & set(options) else {"sensor": TABLE}
    stream = pcc.encode(cloud, **sensor, **options)
    return pcc.decode(stream), describe(stream)[0]


def agreed(cloud: PointCloud, decoded: PointCloud, info: FrameInfo, **wanted):
    lattice = info.lattice is not None
    return agree(cloud, decoded, info.header, ordered=info.ordered, in_lattice=lattice, wanted=Wanted(**wanted))


@pytest.mark.parametrize("name", CLOUDS)
def test_every_combination_of_options(installed, name):
    """agree(cloud, decode(encode(cloud, **options))) holds, lossless where nothing else was asked."""
    cloud, lattices = cloud_of(name), set()
    for options in OPTIONS:
        if name == "wide" and {"quality", "bpp"} & set(options):
            continue  # which take 19 bits per axis
        decoded, info = coded(cloud, **options)
        found = agreed(cloud, decoded, info, max_error=options.get("max_error"))
        if not {"voxel_size", "max_error", "quality", "bpp"} & set(options):
            assert found.max_error == 0
            assert found.lossless == (not info.header.num_merged)
        lattices.add(info.lattice is not None)
    assert lattices == ({True, False} if "turn" in name else {False})


@pytest.mark.parametrize("name", ["grid", "free", "turn", "free turn", "wide"])
@pytest.mark.parametrize("options", [{}, {"order": "keep"}, {"max_error": 0.02}, {"max_error": 0.02, "order": "keep"}])
def test_every_difference_is_found(installed, name, options):
    """A point that moved, is missing, came twice; a value that changed; values of two points that changed places."""
    cloud = cloud_of(name)
    decoded, info = coded(cloud, **options)
    agreed(cloud, decoded, info, max_error=0.02)
    last, n = len(cloud) - 1, len(cloud)
    shifted = decoded.xyz.copy()
    shifted[last // 2] += 0.5
    changed = decoded.fields["i"].copy()
    changed[3] ^= 1
    swapped = {field: values.copy() for field, values in decoded.fields.items()}
    far = int(np.argmax(((decoded.xyz - decoded.xyz[0]) ** 2).sum(1)))
    for values in swapped.values():
        values[[0, far]] = values[[far, 0]]
    broken = [
        PointCloud(shifted, decoded.fields),
        decoded.take(np.arange(n - 1)),
        decoded.take(np.array([0, *range(n - 1)])),
        PointCloud(decoded.xyz, {**decoded.fields, "i": changed}),
        PointCloud(decoded.xyz, swapped),
        PointCloud(decoded.xyz, {**decoded.fields, "i": decoded.fields["i"].astype(np.int16)}),
        PointCloud(decoded.xyz, {**decoded.fields, "j": changed}),
    ]
    for other in broken:
        with pytest.raises(CorruptStream):
            agreed(cloud, other, info, max_error=0.02)
    if info.ordered:
        with pytest.raises(CorruptStream):
            agreed(cloud, decoded.take(np.array([1, 0, *range(2, n)])), info, max_error=0.02)


def test_bounds_are_measured(installed):
    """What is said is the largest distance of a point from its own; a tighter bound is an error."""
    cloud = cloud_of("turn")
    ordered, info = coded(cloud, max_error=0.05, order="keep")
    true = float(np.sqrt(((ordered.xyz.astype(float) - cloud.xyz) ** 2).sum(1)).max())
    assert agreed(cloud, ordered, info).max_error == pytest.approx(true)
    decoded, info = coded(cloud, max_error=0.05)
    assert info.lattice is not None
    assert agreed(cloud, decoded, info).max_error <= true * (1 + 1e-9)
    with pytest.raises(CorruptStream, match="from its place, more than"):
        agreed(cloud, decoded, info, max_error=true / 2)


def test_signs_of_zeros_that_a_rounded_grid_loses(installed):
    cloud = PointCloud(np.array([[-0.001, 0.2, 0.3], [0.5, 1.0, 2.0]]))
    decoded, info = coded(cloud, voxel_size=0.1)
    assert agreed(cloud, PointCloud(np.abs(decoded.xyz)), info).max_error == pytest.approx(0.001)


def test_empty_clouds(installed):
    cloud = PointCloud(np.zeros((0, 3), np.float32), {"i": np.zeros(0, np.uint8)})
    for options in ({}, {"max_error": 0.1}, {"order": "keep"}):
        decoded, info = coded(cloud, **options)
        assert agreed(cloud, decoded, info).max_error == 0
