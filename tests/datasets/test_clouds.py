"""Clouds from folders: cached under what they depend on, and only whole coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.cache import ArrayCache, key_of
from pcc.datasets.clouds import mesh_clouds, read_voxels, voxel_clouds
from pcc.datasets.heldout import HeldOutCloud
from pcc.datasets.surfaces import SurfaceRecipe
from pcc.errors import InvalidCloud, PccWarning
from pcc.io import write_points
from pcc.pointcloud import PointCloud

SMALL = SurfaceRecipe(min_voxels=2000, max_voxels=3000)


@pytest.fixture
def meshes(tmp_path):
    """A folder with a grid mesh of 2 * 20 * 20 triangles and a single triangle."""
    folder = tmp_path / "meshes"
    folder.mkdir()
    rows = [f"v {x} {y} {(x * y) % 7 / 5}\n" for x in range(21) for y in range(21)]
    squares = [21 * x + y + 1 for x in range(20) for y in range(20)]
    rows += [f"f {a} {a + 1} {a + 22} {a + 21}\n" for a in squares]
    (folder / "grid.obj").write_text("".join(rows))
    (folder / "single.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    return folder


def test_coarse_meshes_are_left_out(meshes):
    assert len(mesh_clouds([meshes], SMALL)) == 1
    assert len(mesh_clouds([meshes], SMALL, min_triangles=1, copies=2)) == 4


def test_meshes_by_name(meshes, tmp_path):
    """A mesh gives the same cloud, from the same file of the cache, whatever is taken beside it."""
    cached = {"min_triangles": 1, "cache": tmp_path / "cache"}
    grid, single = mesh_clouds([meshes], SMALL, **cached)
    for name, cloud in (("grid*", grid), ("single*", single)):
        (chosen,) = mesh_clouds([meshes], SMALL, only=[name], **cached)
        assert np.array_equal(chosen, cloud)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2
    assert mesh_clouds([meshes], SMALL, only=["nothing*"]) == []


def test_cache_gives_the_same_clouds(meshes, tmp_path):
    """cached = made; another seed or recipe gives another cloud."""
    made = mesh_clouds([meshes], SMALL)[0]
    for _ in range(2):
        assert np.array_equal(mesh_clouds([meshes], SMALL, cache=tmp_path / "cache")[0], made)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2  # the coarse one is remembered as empty
    other = mesh_clouds([meshes], SMALL, seed=1, cache=tmp_path / "cache")[0]
    assert not np.array_equal(other, made)


def test_copies_differ(meshes):
    first, second = mesh_clouds([meshes], SMALL, copies=2)
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_cache_makes_once(tmp_path):
    calls = []
    store = ArrayCache(tmp_path)
    for _ in range(3):
        store.get(key_of(a=1), lambda: calls.append(1) or np.arange(3))
    assert len(calls) == 1
    assert key_of(a=1) != key_of(a=2)


def test_voxels_from_files(tmp_path):
    xyz = np.array([[3, 4, 5], [3, 4, 5], [4, 4, 9]], np.float32)
    write_points(tmp_path / "a.ply", PointCloud(xyz))
    assert [c.tolist() for c in voxel_clouds([tmp_path])] == [[[0, 0, 0], [1, 0, 4]]]
    write_points(tmp_path / "b.ply", PointCloud(xyz + np.float32(0.5)))
    with pytest.raises(InvalidCloud, match="whole"):
        read_voxels(tmp_path / "b.ply")
    with pytest.raises(FileNotFoundError):
        voxel_clouds([])


def test_test_clouds_are_refused(tmp_path):
    write_points(tmp_path / "longdress_vox10_1300.ply", PointCloud(np.zeros((1, 3), np.int32)))
    with pytest.raises(HeldOutCloud):
        voxel_clouds([tmp_path])


BAD_MESHES = {
    "cut.ply": b"ply\nformat ascii 1.0\nelement vertex 9\nproperty float x\n",
    "empty.obj": b"",
    "noise.stl": bytes(range(256)) * 4,
    "noise.glb": bytes(range(256)),
    "words.obj": b"v one two three\nf 1 2 3\n",
    "flat.obj": b"v 0 0\nv 1 0\nv 0 1\nf 1 2 3\n",
    "line.obj": b"v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n",
    "huge.obj": b"v 0 0 0\nv 1e300 0 0\nv 0 1e300 0\nf 1 2 3\n",
    "outside.obj": b"v 0 0 0\nf 1 2 3\n",
}


@pytest.mark.parametrize("name", BAD_MESHES)
def test_a_bad_mesh_is_named_and_the_others_train(meshes, name):
    """mesh_clouds(good + bad) = mesh_clouds(good)."""
    if name.endswith((".stl", ".glb")):
        pytest.importorskip("trimesh", reason="the extra `train` is not installed")
    expected = mesh_clouds([meshes], SMALL)
    (meshes / name).write_bytes(BAD_MESHES[name])
    with pytest.warns(PccWarning, match=f"skipped: .*{name}"):
        found = mesh_clouds([meshes], SMALL, min_triangles=1)
    assert any(np.array_equal(cloud, expected[0]) for cloud in found) or len(found) == 2
    (meshes / "grid.obj").unlink()
    (meshes / "single.obj").unlink()
    with pytest.warns(PccWarning), pytest.raises(InvalidCloud, match=f"none of 1 files.*{name}"):
        mesh_clouds([meshes], SMALL, min_triangles=1)


def test_a_bad_scan_is_named_and_the_others_train(tmp_path):
    write_points(tmp_path / "a.ply", PointCloud(np.array([[1, 2, 3]], np.int32)))
    (tmp_path / "b.ply").write_bytes(b"no ply")
    write_points(tmp_path / "c.ply", PointCloud(np.array([[0, 0, 0], [1 << 20, 0, 0]], np.int32)))
    with pytest.warns(PccWarning) as caught:
        assert [cloud.tolist() for cloud in voxel_clouds([tmp_path])] == [[[0, 0, 0]]]
    assert [str(tmp_path / name) in str(w.message) for name, w in zip(("b.ply", "c.ply"), caught, strict=True)] == [
        True,
        True,
    ]
