"""Dense voxel clouds for training: sampled from folders of meshes, or read from files.

A cloud is (V, 3) int16, unique voxels >= 0. Mesh clouds are cached on disk, since sampling takes about a second
each. Held-out clouds are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pcc.datasets.cache import ArrayCache, file_digest, key_of, rng_of
from pcc.datasets.good_files import read_good
from pcc.datasets.heldout import refuse_heldout
from pcc.datasets.mesh_files import find_meshes, read_mesh
from pcc.datasets.surfaces import SurfaceRecipe, sample_voxels, triangle_areas, unique_voxels
from pcc.errors import InvalidCloud
from pcc.io import read_points
from pcc.progress import track

RECIPE_VERSION = 2  # raised whenever read_mesh and sample_voxels give other voxels for the same file and recipe


def mesh_clouds(
    folders: Sequence[Path],
    recipe: SurfaceRecipe = SurfaceRecipe(),  # noqa: B008 (frozen)
    *,
    every: int = 1,
    only: Sequence[str] = (),
    copies: int = 1,
    min_triangles: int = 500,
    seed: int = 0,
    cache: Path | None = None,
) -> list[np.ndarray]:
    """Voxel clouds of all meshes in the folders, ``copies`` of each in different poses.

    Args:
        folders: searched with their subfolders.
        every: take each ``every``-th mesh of a folder (neighbouring frames of a sequence are much alike).
        only: patterns of file names to take; empty takes all.
        min_triangles: coarser meshes are left out; their facets are flatter than anything that is scanned.
        cache: folder of the disk cache; None samples anew.

    Returns:
        (V, 3) int16 arrays, in the order of folders and names. Files that are no meshes are skipped with a warning.

    Raises:
        InvalidCloud: all of them are none.
    """
    store = ArrayCache(cache)
    paths = [path for folder in folders for path in find_meshes(Path(folder), every, only)]
    jobs = [(path, copy) for path in paths for copy in range(copies)]
    parts = {"recipe": asdict(recipe), "min_triangles": min_triangles, "seed": seed, "version": RECIPE_VERSION}
    clouds = read_good(
        track(jobs, "sampling meshes"), lambda job: _mesh_cloud(job[0], recipe, parts | {"copy": job[1]}, store)
    )
    return [cloud for cloud in clouds if len(cloud)]


def _mesh_cloud(path: Path, recipe: SurfaceRecipe, parts: dict[str, Any], store: ArrayCache) -> np.ndarray:
    """One cloud, from the cache if it is there; empty for a mesh that is too coarse."""
    key = key_of(file=file_digest(path), **parts)

    refuse_heldout(path)

    def make() -> np.ndarray:
        mesh = read_mesh(path)
        if len(mesh.triangles) < parts["min_triangles"]:
            return np.zeros((0, 3), np.int16)
        try:
            with np.errstate(all="ignore"):  # a surface too large to measure
                if not triangle_areas(mesh).any():
                    raise InvalidCloud(f"{path}: its triangles have no area")
                return sample_voxels(mesh, recipe, rng_of(key))
        except (ValueError, OverflowError) as error:
            raise InvalidCloud(f"{path}: its surface cannot be sampled ({error})") from error

    return store.get(key, make)


def voxel_clouds(paths: Sequence[Path]) -> list[np.ndarray]:
    """Voxel clouds from files (PLY, npz, PCD) or from folders of PLY files, (V, 3) int16 each.

    Files that cannot be read, or whose positions are not whole numbers, are skipped with a warning.

    Raises:
        InvalidCloud: all of them are such.
        HeldOutCloud: one of them is a test cloud.
    """
    files = [file for path in map(Path, paths) for file in (sorted(path.rglob("*.ply")) if path.is_dir() else [path])]
    if not files:
        raise FileNotFoundError(f"no PLY files in {[str(path) for path in paths]}")
    return read_good(track(files, "reading clouds"), read_voxels)


def read_voxels(path: Path) -> np.ndarray:
    """One voxel cloud from a file: (V, 3) int16, moved to start at 0.

    Raises:
        InvalidCloud: it cannot be read, its positions are not whole numbers, or it is too large.
        HeldOutCloud: it is a test cloud.
    """
    refuse_heldout(path)
    xyz = read_points(path).xyz
    if not np.array_equal(xyz, np.rint(xyz)):
        raise InvalidCloud(f"{path}: a voxel cloud has whole coordinates; voxelise it first")
    try:
        voxels = unique_voxels(xyz)
    except ValueError as error:
        raise InvalidCloud(f"{path}: {error}") from error
    refuse_heldout(path, voxels)
    return voxels
