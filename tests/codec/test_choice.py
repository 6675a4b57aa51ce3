"""The small rules: which model, and on which scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pcc
from pcc.codec import choice
from pcc.codec.choice import choose, choose_model, choose_offset, metric_offset
from pcc.codec.octree import encode_cheapest
from pcc.geometry.voxels import Grid, voxelize
from pcc.models.occupancy import OccupancyConfig
from tests.networks import exported, random_network

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def test_full_blocks_are_dense_and_lone_voxels_are_lidar():
    full = np.arange(800, dtype=np.uint64)
    assert choose_model(full) == "dense"
    assert choose_model(full[::8]) == "lidar"
    assert choose_model(full[:1]) == "lidar"
    assert choose_model(full[(full % 8) < 2]) == "dense"


@pytest.mark.parametrize(
    ("num", "den", "dtype", "finest", "expected"),
    [
        (1.0, 1000.0, "f4", 0.001, 0),
        (0.016, 1.0, "f4", 0.001, 4),
        (0.0001, 1.0, "f4", 0.001, 0),
        (50.0, 1.0, "f8", 0.001, 10),
        (1.0, 1.0, "f4", 0.001, 0),
        (4.0, 1.0, "i4", 0.001, 0),
    ],
)
def test_metric_offset(num, den, dtype, finest, expected):
    """offset = round(log2(step / finest)) in 0..10 for clouds in metres, else 0."""
    assert metric_offset(Grid(num, den, (0, 0, 0), np.dtype(dtype)), finest) == expected


def test_blocks_are_counted_across_parts():
    """The choice is that of the mean over all blocks, however many parts the codes are read in."""
    blocks = np.arange(300_000, dtype=np.uint64)
    for extra, model in ((239_000, "lidar"), (241_000, "dense")):
        codes = np.sort(np.concatenate([8 * blocks, 8 * blocks[:extra] + 5]))
        assert choose_model(codes.astype(np.uint64)) == model


def rings(num_points: int) -> np.ndarray:
    """(N, 3) float32 metres on a millimetre grid: the ground as a LiDAR with 16 rays sees it."""
    i = np.arange(num_points)
    radius, angle = 3 + i % 16 * 1.5, i * 0.002
    xyz = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(num_points, -1.7)], 1)
    return (np.round(xyz * 1000) / 1000).astype(np.float32)


@pytest.mark.parametrize(
    ("xyz", "options", "expected"),
    [
        (np.argwhere(np.ones((20, 20, 2))).astype(np.int32), {}, "dense"),
        (rings(20_000), {}, "lidar"),
        (rings(20_000), {"voxel_size": 0.128}, "lidar"),
    ],
    ids=["integers", "metres", "coarse metres"],
)
def test_the_model_that_fits(xyz, options, expected):
    """A LiDAR sweep has full blocks too when its voxels are large; a part of it tells."""
    assert choose(voxelize(xyz, **options))[0].path.stem == expected


@pytest.mark.parametrize("share", [4, 16, 64])
def test_a_sparse_surface_is_no_lidar_sweep(share):
    """Its blocks are as empty as a sweep's; only a trial tells. The choice costs at most 1 % more than the best."""
    xyz = pcc.read_points(SAMPLE / "figure.ply").xyz
    cloud = pcc.PointCloud(np.random.default_rng(0).permutation(xyz)[: len(xyz) // share])
    assert choose_model(voxelize(cloud.xyz).codes) == "lidar"
    sizes = [len(pcc.encode(cloud, model=model)) for model in choice.MODELS]
    assert len(pcc.encode(cloud)) <= 1.01 * min(sizes)


@pytest.mark.parametrize("xyz", [np.array([[0, 0, 0], [9, 9, 9]]), np.argwhere(np.ones((20, 20, 2)))])
def test_what_is_installed_is_taken(monkeypatch, xyz):
    """With one model there is no choice, even for the clearest surface."""
    monkeypatch.setattr(choice, "MODELS", ("lidar",))
    assert choose(voxelize(xyz))[0].path.stem == "lidar"


@pytest.fixture(scope="module", params=range(3))
def sparse_program(request, tmp_path_factory):
    """A network with scales of its own for sparse clouds; which of the two fits a cloud depends on the seed."""
    config = OccupancyConfig(hidden=16, channels=16, blocks=(1, 1), scales=(1, 15), max_scale=16, sparse_offset=14)
    network = random_network(config, seed=request.param)
    return exported(network, tmp_path_factory.mktemp("model") / "m.safetensors")


def test_sparse_clouds_take_the_scale_that_is_shorter(sparse_program):
    """Up to `SAMPLE_VOXELS` voxels the sample is the cloud."""
    rng = np.random.default_rng(0)
    for count, side in ((2000, 300), (2000, 25), (1000, 2000)):
        voxels = voxelize(rng.integers(0, side, (count, 3), np.int32))
        sizes = {f: len(encode_cheapest(voxels.codes, voxels.depth, sparse_program, f).data) for f in (0, 14)}
        assert sizes[choose_offset(voxels, sparse_program)] == min(sizes.values())


def test_full_surfaces_are_not_sparse(sparse_program):
    sheet = voxelize(np.argwhere(np.ones((40, 40, 2))).astype(np.int32))
    assert choose_offset(sheet, sparse_program) == 0


def test_models_without_sparse_scales(sparse_program, tmp_path):
    config = OccupancyConfig(hidden=16, channels=16, blocks=(1,), scales=(1,), max_scale=4)
    program = exported(random_network(config, seed=0), tmp_path / "m.safetensors")
    assert choose_offset(voxelize(rings(300)), program) == 0
    assert choose_offset(voxelize(np.array([[0, 0, 0], [5, 9, 2]])), program) == 0


def test_sparse_clouds_come_back(sparse_program):
    """The stream carries the choice."""
    xyz = np.random.default_rng(1).integers(0, 300, (2000, 3), np.int32)
    stream = pcc.encode(pcc.PointCloud(xyz), model=sparse_program)
    decoded = pcc.decode(stream, model=sparse_program).xyz
    assert np.array_equal(np.unique(decoded, axis=0), np.unique(xyz, axis=0))
