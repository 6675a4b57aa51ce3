"""Whole frames: decode(encode(cloud)) is the same multiset of points with the same fields; sizes of small files."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.info import describe
from pcc.errors import ModelMismatch, UnsupportedField
from pcc.inference.registry import find_model
from pcc.pointcloud import PointCloud
from tests.clouds import assert_equal


def sorted_by_position(cloud: PointCloud) -> PointCloud:
    """Points in lexicographic order; points of one place keep their order."""
    return cloud.take(np.lexsort(cloud.xyz.T))


def check(cloud: PointCloud, **options) -> bytes:
    """decode(encode(cloud)) = cloud as a multiset; the first that shares a place comes first again."""
    data = pcc.encode(cloud, **options)
    assert_equal(sorted_by_position(pcc.decode(data)), sorted_by_position(cloud))
    return data


def colours(num_points: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(num_points)
    return {name: rng.integers(0, 256, num_points).astype(np.uint8) for name in ("red", "green", "blue")}


def few_voxels() -> list[PointCloud]:
    """Clouds that need no model: no voxel, or one."""
    return [
        PointCloud(np.empty((0, 3), np.float32)),
        PointCloud(np.empty((0, 3), np.int64), {"a": np.empty(0, bool), "b": np.empty((0, 3), np.float16)}),
        PointCloud(np.array([[1, 2, 3]], np.int16)),
        PointCloud(np.array([[-0.5, 1e3, 2**20]], np.float32), colours(1)),
        PointCloud(np.array([[2**63 - 1, -(2**63), 0]], np.int64)),
        PointCloud(np.array([[2**64 - 1, 0, 5]], np.uint64)),
        PointCloud(np.tile(np.array([[7, 7, 7]], np.int32), (1000, 1)), {"i": np.arange(1000), **colours(1000)}),
    ]


@pytest.mark.parametrize("cloud", few_voxels(), ids=repr)
def test_no_voxel_and_one_voxel(cloud):
    """They have no geometry chunk and need no model."""
    (frame,) = describe(check(cloud))
    assert (frame.geometry_bytes, frame.model_digest) == (0, None)
    assert frame.header.depth == 0


def test_one_point_is_a_small_file():
    xyz = np.array([[1.5, 2.5, -3.5]], np.float32)
    assert len(pcc.encode(PointCloud(xyz))) <= 80
    assert len(pcc.encode(PointCloud(xyz, colours(1)))) < 150


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64"])
def test_every_position_dtype(dtype, rng):
    xyz = rng.integers(0, 100, (500, 3)).astype(dtype)
    check(PointCloud(xyz, colours(500)))


@pytest.mark.parametrize("num_points", [2, 3, 1000])
@pytest.mark.parametrize("extent", [2, 10, 2**21])
def test_duplicates_and_fields_survive(num_points, extent, rng):
    xyz = rng.integers(0, extent, (num_points, 3), dtype=np.int32) - extent // 2
    fields = {"label": rng.integers(0, 9, num_points), "normal": rng.normal(size=(num_points, 3))}
    check(PointCloud(xyz, {**fields, **colours(num_points)}))


def test_a_millimetre_grid_is_restored_value_for_value(rng):
    xyz = (rng.integers(-80_000, 80_000, (2000, 3)) / 1000).astype(np.float32)
    (frame,) = describe(check(PointCloud(xyz)))
    assert frame.header.voxel_size == 0.001
    assert not frame.header.quantized


def test_merging_keeps_the_first_point_of_each_voxel():
    xyz = np.array([[1, 1, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1]], np.int32)
    data = pcc.encode(PointCloud(xyz, {"i": np.arange(5)}), duplicates="merge")
    decoded = pcc.decode(data)
    assert decoded.xyz.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert decoded.fields["i"].tolist() == [1, 0]
    assert describe(data)[0].header.num_merged == 3


def test_chosen_fields():
    cloud = PointCloud(np.zeros((3, 3), np.int32), colours(3))
    assert list(pcc.decode(pcc.encode(cloud, fields="none")).fields) == []
    assert list(pcc.decode(pcc.encode(cloud, fields=["blue", "red"])).fields) == ["blue", "red"]
    with pytest.raises(ValueError, match="alpha"):
        pcc.encode(cloud, fields=["alpha"])


@pytest.mark.parametrize("voxel_size", [0.001, 0.05, 3.0])
def test_quantised_points_stay_within_half_a_voxel(voxel_size, rng):
    """|decoded - xyz| <= voxel_size / 2 on each axis; intensities stay with their points."""
    xyz = rng.normal(0, 10, (1000, 3))
    decoded = pcc.decode(pcc.encode(PointCloud(xyz, {"i": np.arange(1000)}), voxel_size=voxel_size))
    assert np.abs(decoded.xyz - xyz[decoded.fields["i"]]).max() <= voxel_size / 2 * (1 + 1e-9)


def test_a_bound_that_changes_nothing_is_lossless(rng):
    cloud = PointCloud(rng.integers(0, 50, (100, 3)).astype(np.float32))
    assert not describe(check(cloud, max_error=0.01))[0].header.quantized
    assert describe(pcc.encode(cloud, voxel_size=4.0))[0].header.quantized


def test_time_stamps_travel():
    data = pcc.encode(PointCloud(np.zeros((1, 3))), timestamp_ns=-5)
    assert describe(data)[0].header.timestamp_ns == -5


def test_frames_append(rng):
    clouds = [PointCloud(rng.integers(0, 9, (n, 3), dtype=np.int16), colours(n)) for n in (0, 1, 200)]
    data = pcc.encode(clouds[0])
    for cloud in clouds[1:]:
        data = pcc.append(data, cloud)
    for decoded, cloud in zip(pcc.decode_frames(data), clouds, strict=True):
        assert_equal(sorted_by_position(decoded), sorted_by_position(cloud))
    with pytest.raises(ValueError, match=r"3.*decode_frames"):
        pcc.decode(data)


def test_overhead_of_a_normal_frame(rng):
    """What is neither geometry nor fields' planes: about 100 bytes."""
    cloud = PointCloud((rng.integers(-80_000, 80_000, (2000, 3)) / 1000).astype(np.float32))
    data = pcc.encode(cloud)
    (frame,) = describe(data)
    assert len(data) - frame.geometry_bytes <= 80


@pytest.mark.parametrize(
    ("xyz", "error"),
    [
        (np.zeros((1, 3), np.longdouble), UnsupportedField),
    ],
)
def test_clouds_that_cannot_be_coded(xyz, error):
    with pytest.raises(error):
        pcc.encode(PointCloud(xyz))


def test_wrong_arguments():
    cloud = PointCloud(np.array([[0, 0, 0], [1, 1, 1]]))
    with pytest.raises(ValueError, match="duplicates"):
        pcc.encode(cloud, duplicates="drop")
    with pytest.raises(ValueError, match="voxel_size"):
        pcc.encode(cloud, voxel_size=0.0)
    with pytest.raises(ModelMismatch, match="nonesuch"):
        pcc.encode(cloud, model="nonesuch")
    with pytest.raises(UnsupportedField, match="'wide'"):
        pcc.encode(cloud.with_fields({"wide": np.zeros(2, np.longdouble)}))


def test_a_model_by_its_file():
    """A path, as text or as a Path, is the model itself."""
    cloud = pcc.PointCloud(np.array([[0, 0, 0], [1, 2, 3]]))
    path = find_model("dense").path
    assert pcc.encode(cloud, model=path) == pcc.encode(cloud, model=str(path)) == pcc.encode(cloud, model="dense")


@pytest.mark.parametrize("options", [{"model": "adaptive"}, {"fallback": False}, {"model": "lidar"}, {}])
@pytest.mark.parametrize("num_points", [2, 60, 3000])
def test_with_and_without_a_model(options, num_points, rng):
    check(PointCloud(rng.integers(0, 1 << 12, (num_points, 3)), colours(num_points)), **options)


def test_adaptive_needs_no_weights(monkeypatch, rng):
    """Neither the encoder nor the decoder looks for a model."""

    def none() -> list:
        raise AssertionError("models were looked for")

    monkeypatch.setattr("pcc.inference.registry.model_paths", none)
    data = check(PointCloud(rng.integers(0, 99, (500, 3))), model="adaptive")
    (frame,) = describe(data)
    assert frame.model_digest is None
    assert frame.adaptive == (1 << frame.header.depth) - 1


def test_frames_with_and_without_a_model_share_a_file(rng):
    cloud = PointCloud(rng.integers(0, 99, (500, 3)))
    data = pcc.append(pcc.encode(cloud, fallback=False), cloud, model="adaptive")
    first, second = pcc.decode_frames(data)
    assert_equal(first, second)
    assert [frame.adaptive > 0 for frame in describe(data)] == [False, True]
