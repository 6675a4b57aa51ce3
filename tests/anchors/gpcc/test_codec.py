"""pcc.anchors.gpcc.codec: what the wrapper does alone, and round trips through the real program where there is one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pcc.anchors.base import Setting
from pcc.anchors.gpcc import Gpcc
from pcc.anchors.gpcc.codec import MODES
from pcc.errors import AnchorError
from pcc.io import read_points
from pcc.pointcloud import PointCloud
from tests.anchors.gpcc.recorded import FOLDER
from tests.anchors.gpcc.test_lasers import frame

ALL = Setting(fields="all")
HERE = {"program": "true"}  # a program that is on every machine, where none is to run


def voxels(rng: np.random.Generator, **fields) -> PointCloud:
    xyz = np.unique(rng.integers(-20, 40, (300, 3)), axis=0)
    return PointCloud(xyz, {name: rng.integers(0, 256, len(xyz)).astype(dtype) for name, dtype in fields.items()})


def rows(cloud: PointCloud) -> list[tuple]:
    fields = [cloud.fields[name].tolist() for name in sorted(cloud.fields)]
    return sorted(zip(*cloud.xyz.T.tolist(), *fields, strict=True))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({}, "gpcc-octree"),
        ({"planar": True}, "gpcc-octree-planar"),
        ({"mode": "predictive", "lasers": "fit", "transform": "haar"}, "gpcc-predictive-angular-haar"),
        ({"label": "mine"}, "mine"),
    ],
)
def test_name(arguments, name):
    assert Gpcc(**arguments).name == name


def test_identity(tmp_path):
    """Other options, another program, other lasers in the same file: another identity."""
    lasers = tmp_path / "lasers.json"
    identities = []
    for height in (0, 1):
        lasers.write_text(f'{{"theta": [0.1, 0.2], "z": [0, {height}], "columns_per_turn": 1800}}')
        identities.append(Gpcc(lasers=str(lasers), **HERE).identity())
    identities += [Gpcc(**HERE).identity(), Gpcc("predictive", **HERE).identity(), Gpcc(program="false").identity()]
    assert len(set(identities)) == 5
    assert Gpcc(**HERE).identity() == Gpcc(**HERE).identity()


@pytest.mark.parametrize("arguments", [{"mode": "quadtree"}, {"transform": "dct"}])
def test_refuses_arguments(arguments):
    with pytest.raises(ValueError, match="expected one of"):
        Gpcc(**arguments)


@pytest.mark.parametrize(
    ("anchor", "setting", "reason"),
    [
        (Gpcc("trisoup", **HERE), Setting(), "needs node_size_log2"),
        (Gpcc(program="/no/tmc3"), Setting(), "'/no/tmc3' is no program"),
    ],
)
def test_missing(anchor, setting, reason):
    """missing() says what compress() raises."""
    assert reason in anchor.missing(setting)
    with pytest.raises(AnchorError, match=reason):
        anchor.compress(PointCloud(np.zeros((1, 3), np.int32)), setting)


def test_nothing_is_missing():
    assert Gpcc(**HERE).missing(Setting()) is None


@pytest.mark.parametrize(
    ("xyz", "fields", "message"),
    [
        (np.zeros((0, 3)), {}, "empty"),
        (np.full((1, 3), np.nan), {}, "finite"),
        (np.full((1, 3), np.pi), {}, "no grid"),
        (np.full((1, 3), (1 << 24) + 1), {}, "float32"),
        (np.zeros((1, 3)), {"red": np.zeros(1, np.uint8)}, "red, green and blue of uint8"),
        (np.zeros((1, 3)), {name: np.zeros(1, np.uint16) for name in ("red", "green", "blue")}, "of uint8"),
        (np.zeros((1, 3)), {name: np.zeros((1, 2), np.uint8) for name in ("red", "green", "blue")}, "one column each"),
        (np.zeros((1, 3)), {"a": np.zeros(1), "b": np.zeros(1)}, "one more field, got a, b"),
        (np.zeros((1, 3)), {"n": np.zeros((1, 2))}, "field 'n' is no reflectance"),
        (np.zeros((1, 3)), {"n": np.full(1, -1.0)}, "field 'n' is no reflectance"),
    ],
)
def test_clouds_that_it_cannot_code(xyz, fields, message):
    with pytest.raises(AnchorError, match=message):
        Gpcc(**HERE).compress(PointCloud(xyz, fields), ALL)


@pytest.mark.parametrize("transform", ["raht", "lifting"])
def test_transforms_that_lose_are_no_answer_to_lossless(transform):
    """RAHT and lifting lose at every QP; with a quantiser they are what was asked for."""
    cloud = PointCloud(np.zeros((1, 3), np.int32), {"intensity": np.zeros(1, np.uint8)})
    with pytest.raises(AnchorError, match="without loss need predicting or haar"):
        Gpcc(transform=transform, **HERE).compress(cloud, ALL)
    with pytest.raises(AnchorError, match="wrote no"):  # it came as far as the program
        Gpcc(transform=transform, **HERE).compress(cloud, dataclasses.replace(ALL, quantiser=40))


@pytest.mark.parametrize(
    "data", [b"\xff", b"\xff\x09{}", b"\xff\x02[]", b"\xff\x04nope", b"\xff\x02{", b"\xff\x03\xff\xff\xff"]
)
def test_damaged_side_information(data):
    with pytest.raises(AnchorError, match="tmc3: "):
        Gpcc(**HERE).decompress(data)


@pytest.mark.parametrize("side", [b'{"grid":[0,1,"<f4"]}', b'{"grid":3}', b'{"reflectance":["r",1,"<f4"]}'])
def test_side_information_that_does_not_fit(tmc3, side):
    """No grid, or a reflectance that the stream (of colours) does not hold."""
    stream = (FOLDER / "figure.bin").read_bytes()
    with pytest.raises(AnchorError, match="side information is damaged"):
        Gpcc().decompress(b"\xff" + bytes([len(side)]) + side + stream)


@pytest.mark.parametrize("name", ["figure", "street"])
def test_a_stream_of_tmc3_alone(tmc3, name):
    """Without side information a stream is tmc3's own: integers, and no reflectance, whose unit would be unknown."""
    decoded = Gpcc().decompress((FOLDER / f"{name}.bin").read_bytes())
    recorded = read_points(FOLDER / f"{name}.ply")
    assert decoded.xyz.dtype == np.int32
    assert list(decoded.fields) == (["red", "green", "blue"] if name == "figure" else [])
    assert sorted(decoded.xyz.tolist()) == sorted(recorded.xyz.astype(int).tolist())


@pytest.mark.parametrize("mode", ["octree", "predictive"])
@pytest.mark.parametrize("fields", [{}, {"red": "u1", "green": "u1", "blue": "u1"}, {"my field": "u2"}])
def test_lossless(tmc3, rng, mode, fields):
    """decompress(compress(cloud)) == cloud as a multiset of points with their fields."""
    cloud = voxels(rng, **fields)
    anchor = Gpcc(mode)
    result = anchor.encode(cloud, ALL)
    assert rows(result.decoded) == rows(cloud)
    assert anchor.last_run.wall_s <= result.decode_s
    assert (result.data[0] == 0xFF) == ("my field" in fields)


@pytest.mark.parametrize("num_points", [1, 2])
def test_few_points(tmc3, num_points):
    cloud = PointCloud(np.array([[5, 0, 7], [1, 1, 1]])[:num_points])
    assert rows(Gpcc().encode(cloud, Setting()).decoded) == rows(cloud)


def test_duplicates(tmc3):
    """They are kept, or merged where that is asked for."""
    cloud = PointCloud(np.array([[1, 2, 3], [1, 2, 3], [9, 9, 9]]))
    assert rows(Gpcc().encode(cloud, Setting()).decoded) == rows(cloud)
    assert len(Gpcc().encode(cloud, Setting(duplicates="merge")).decoded) == 2


@pytest.mark.parametrize("mode", ["octree", "predictive"])
def test_metres_come_back_bit_for_bit(tmc3, rng, mode):
    """float32 on a millimetre grid, and reflectance on hundredths."""
    xyz = (rng.integers(-80_000, 80_000, (200, 3)) / 1000).astype(np.float32)
    cloud = PointCloud(xyz, {"intensity": (rng.integers(0, 101, 200) / 100).astype(np.float32)})
    decoded = Gpcc(mode).encode(cloud, ALL).decoded
    assert (decoded.xyz.dtype, decoded.fields["intensity"].dtype) == (np.float32, np.float32)
    assert rows(decoded) == rows(cloud)


@pytest.mark.parametrize("mode", ["octree", "predictive"])
def test_angular_modes_lose_nothing(tmc3, rng, mode):
    cloud = frame(rng)
    cloud = PointCloud((np.rint(cloud.xyz * 1000) / 1000).astype(np.float32))
    decoded = Gpcc(mode, lasers="fit").encode(cloud, Setting()).decoded
    assert rows(decoded) == rows(cloud)


def test_a_scale_bounds_the_error(tmc3, rng):
    """At scale 1/4 voxels are 4 wide: no point is farther than 2 an axis from a decoded one."""
    cloud = voxels(rng)
    decoded = Gpcc().encode(cloud, Setting("r02", scale=0.25)).decoded
    assert np.abs(decoded.xyz[:, None] - cloud.xyz).max(axis=2).min(axis=0).max() <= 2
    assert len(decoded) <= len(cloud)


@pytest.mark.parametrize(("mode", "lasers"), [("octree", None), ("octree", "fit"), ("predictive", "fit")])
@pytest.mark.parametrize("on_grid", [True, False])
def test_no_point_moves_farther_than_asked(tmc3, rng, mode, lasers, on_grid):
    """Every point is kept, and one that was at each place lies within the bound; coarser bounds are smaller."""
    xyz = frame(rng).xyz
    cloud = PointCloud((np.rint(xyz * 1000) / 1000).astype(np.float32) if on_grid else xyz)
    sizes = []
    for bound in (0.0005, 0.004, 0.05, 0.5):
        result = Gpcc(mode, lasers=lasers).encode(cloud, Setting("b", max_error=bound))
        away = np.linalg.norm(result.decoded.xyz[:, None].astype(float) - cloud.xyz.astype(float), axis=2)
        assert max(away.min(0).max(), away.min(1).max()) <= bound
        assert len(result.decoded) == len(cloud)
        sizes.append(len(result.data))
    assert sizes == sorted(sizes, reverse=True)


def test_bounds_of_whole_numbers(tmc3, rng):
    cloud = voxels(rng)
    for bound in (0.5, 2.0):
        result = Gpcc().encode(cloud, Setting("b", max_error=bound))
        away = np.linalg.norm(result.decoded.xyz[:, None].astype(float) - cloud.xyz.astype(float), axis=2)
        assert max(away.min(0).max(), away.min(1).max()) <= bound
        assert len(result.decoded) <= len(cloud)  # those that meet are merged


def test_every_mode_runs_lossy(tmc3, rng):
    """With colours and a quantiser; fewer bytes than without loss."""
    cloud = voxels(rng, red="u1", green="u1", blue="u1")
    lossless = len(Gpcc().compress(cloud, ALL))
    for mode in MODES:
        setting = Setting("r01", scale=0.5, node_size_log2=2, quantiser=51, fields="all")
        result = Gpcc(mode).encode(cloud, setting)
        assert len(result.data) < lossless
        assert set(result.decoded.fields) == {"red", "green", "blue"}


def test_a_name_too_long(tmc3, rng):
    with pytest.raises(AnchorError, match="too long"):
        Gpcc().compress(voxels(rng, **{"n" * 300: "u1"}), ALL)
