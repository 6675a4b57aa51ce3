"""What configurations call: folders to batches, with the shares asked for."""

from __future__ import annotations

from fnmatch import fnmatch
from functools import partial
from itertools import takewhile
from pathlib import Path
from re import findall

import numpy as np
import pytest

from pcc.datasets.build import dense_from_folders, dense_synthetic, lidar_from_folders, lidar_synthetic
from pcc.datasets.dense_batches import DenseRecipe
from pcc.datasets.lidar_batches import LidarRecipe
from pcc.datasets.surfaces import SurfaceRecipe
from pcc.io import write_points
from pcc.pointcloud import PointCloud
from tests.configs import composed

ROOT = Path(__file__).resolve().parents[2]
SMALL = SurfaceRecipe(min_voxels=2000, max_voxels=3000)


def test_dense_from_folders(tmp_path, rng):
    slab = np.argwhere(np.ones((30, 30, 2), bool)).astype(np.int32)
    (tmp_path / "scan_a").mkdir()
    (tmp_path / "mesh_a").mkdir()
    write_points(tmp_path / "scan_a" / "0.ply", PointCloud(slab))
    (tmp_path / "mesh_a" / "0.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n" + "f 1 2 3\n" * 600)
    recipe = DenseRecipe(voxels_per_batch=500)
    batches = dense_from_folders(str(tmp_path), {"mesh_*": 1}, ["scan_*"], surface=SMALL, recipe=recipe)
    assert (len(batches.meshes), len(batches.scans)) == (1, 1)
    assert batches.sample(rng).num_points > 0
    with pytest.raises(FileNotFoundError, match="nowhere"):
        dense_from_folders(str(tmp_path), {"nowhere_*": 1})


def test_dense_from_named_meshes(tmp_path):
    """``only`` names meshes over all folders, and a name without a mesh is an error."""
    for folder in ("mesh_a", "mesh_b"):
        for name in ("x", "y"):
            path = tmp_path / folder / f"{name}_{folder}.obj"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# {path.name}\nv 0 0 0\nv 1 0 0\nv 0 1 0\n" + "f 1 2 3\n" * 600)
    build = partial(dense_from_folders, str(tmp_path), {"mesh_a": 1, "mesh_b": 1}, surface=SMALL)
    assert len(build().meshes) == 4
    assert len(build(only=["x_*", "y_mesh_b.obj"]).meshes) == 3
    with pytest.raises(FileNotFoundError, match="z_"):
        build(only=["x_*", "z_*"])


def test_lidar_from_folders(tmp_path, rng):
    for folder in ("raw", "corrected"):
        (tmp_path / folder).mkdir()
        for i in range(2):
            xyz = np.float32(rng.integers(-9000, 9000, (400, 3)) / 1000)
            write_points(tmp_path / folder / f"{i}.bin", PointCloud(xyz))
    (tmp_path / "calib.txt").write_text("R: 1 0 0 0 1 0 0 0 1\nT: 0 0 0\n")
    for i in range(2):
        (tmp_path / f"{i}.txt").write_text(" ".join(["0"] * 30))
    drive = {"frames": "raw", "oxts": str(tmp_path), "imu_to_velo": str(tmp_path / "calib.txt")}
    batches = lidar_from_folders(
        str(tmp_path), {"raw": 1}, ["corrected"], {"raw": 2}, [drive], exclude=["raw/1.bin"], corrected_share=0.25
    )
    assert [(len(pool.clouds), pool.share) for pool in batches.pools] == [(1, 0.75), (4, 0.25)]
    assert batches.sample(rng).num_points > 0


def test_synthetic_sets(rng):
    dense = dense_synthetic(2, surface=SMALL, recipe=DenseRecipe(crop_depth=5, voxels_per_batch=1000))
    lidar = lidar_synthetic(2, 8, 200, recipe=LidarRecipe(crop_points=200, voxels_per_batch=600))
    assert dense.sample(rng).depth in range(1, 7)
    assert lidar.sample(rng).num_crops >= 1


def test_configurations_of_synthetic_data_build(rng):
    """configs/data/smoke_*.yaml compose and their sets give batches."""
    hydra = pytest.importorskip("hydra", reason="extra 'train' is not installed")
    for name in ("smoke_dense", "smoke_lidar"):
        config = composed(f"+data={name}")
        assert hydra.utils.instantiate(config.data).sample(rng).num_points > 500


def test_configurations_of_folders_build(tmp_path, rng):
    """configs/data/folder_*.yaml need nothing but a root."""
    hydra = pytest.importorskip("hydra", reason="extra 'train' is not installed")
    slab = np.argwhere(np.ones((30, 30, 2), bool)).astype(np.int32)
    write_points(make(tmp_path / "clouds") / "0.ply", PointCloud(slab))
    write_points(make(tmp_path / "frames") / "0.bin", PointCloud(slab.astype(np.float32)))
    (make(tmp_path / "meshes") / "0.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n" + "f 1 2 3\n" * 600)
    for name in ("clouds", "frames", "meshes"):
        overrides = [f"+data=folder_{name}", f"data.root={tmp_path / name}"]
        overrides += [f"data.cache={tmp_path / 'cache'}"] if name == "meshes" else []
        config = composed(*overrides)
        assert hydra.utils.instantiate(config.data).sample(rng).num_points > 50


def test_configuration_of_free_meshes_builds(tmp_path, rng):
    """configs/data/dense_free.yaml takes the meshes that it names, and no other."""
    hydra = pytest.importorskip("hydra", reason="extra 'train' is not installed")
    overrides = ["+data=dense_free", f"data.root={tmp_path}", f"data.cache={tmp_path / 'cache'}"]
    config = composed(*overrides, "data.surface.min_voxels=2000", "data.surface.max_voxels=3000")
    folder = make(tmp_path / "static_meshes")
    free, others = objects(ROOT / "data/free_meshes.md"), objects(ROOT / "data/other_meshes.md")
    assert len(free) > 50
    assert len(others) > 50
    for name in free + others:
        (folder / f"{name}_textured.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n" + "f 1 2 3\n" * 600)
    batches = hydra.utils.instantiate(config.data)
    assert (len(batches.meshes), len(batches.scans)) == (len(free) * config.data.copies, 0)
    assert batches.sample(rng).num_points > 50
    for name in others:
        assert not any(fnmatch(f"{name}_textured.ply", pattern) for pattern in config.data.only), name


def objects(document: Path) -> list[str]:
    """The names in the first column of the table of objects."""
    rows = document.read_text().split("| object |")[1].splitlines()[2:]
    table = takewhile(lambda row: row.startswith("|"), rows)
    return [name for row in table for name in findall("`(.*?)`", row.split("|")[1])]


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder
