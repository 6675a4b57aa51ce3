"""From folders to batches in one call each: what a configuration of the group ``data`` names as its target.

Folders are given as patterns below a root, so one file describes a training set on any machine. What a batch holds is
decided by the recipes of ``dense_batches`` and ``lidar_batches``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pcc.datasets.batches import Pool
from pcc.datasets.clouds import mesh_clouds, voxel_clouds
from pcc.datasets.dense_batches import DenseBatches, DenseRecipe
from pcc.datasets.describe import NOT_STATED, SYNTHETIC
from pcc.datasets.lidar import corrected_frames, find_frames, millimetres, raw_frames, twisted_frames
from pcc.datasets.lidar_batches import LidarBatches, LidarRecipe
from pcc.datasets.mesh_files import require_meshes
from pcc.datasets.motion import correct_motion, random_twist
from pcc.datasets.surfaces import SurfaceRecipe
from pcc.datasets.synthetic_lidar import synthetic_frames
from pcc.datasets.synthetic_surfaces import synthetic_clouds


def matching(root: Path, pattern: str) -> list[Path]:
    """Folders and files below ``root`` that match, by name; ``.`` is the root itself.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = [root] if pattern == "." and root.is_dir() else sorted(root.glob(pattern)) if pattern != "." else []
    if not paths:
        raise FileNotFoundError(f"nothing matches {pattern!r} in {root.absolute()}; see data/README.md")
    return paths


def dense_from_folders(
    root: str,
    meshes: Mapping[str, int],
    scans: Sequence[str] = (),
    *,
    only: Sequence[str] = (),
    surface: SurfaceRecipe | None = None,
    recipe: DenseRecipe | None = None,
    copies: int = 1,
    seed: int = 0,
    cache: str | None = None,
    licence: str = NOT_STATED,
) -> DenseBatches:
    """Dense batches from meshes and scans.

    Args:
        root: folder of the data.
        meshes: pattern of folders below ``root`` -> take each n-th mesh.
        scans: patterns of voxel clouds (PLY, or folders of them).
        only: patterns of names of mesh files, each with a match; other meshes are left out. Empty takes all.
        copies: clouds sampled from each mesh.
        cache: folder of the sampled clouds; None keeps nothing.
        licence: of the data, for the record of a run.
    """
    store = None if cache is None else Path(cache)
    clouds: list[np.ndarray] = []
    folders = {pattern: matching(Path(root), pattern) for pattern in meshes}
    require_meshes([folder for found in folders.values() for folder in found], only)
    options: dict[str, Any] = {"only": only, "copies": copies, "seed": seed, "cache": store}
    for pattern, every in meshes.items():
        clouds += mesh_clouds(folders[pattern], surface or SurfaceRecipe(), every=every, **options)
    paths = [path for pattern in scans for path in matching(Path(root), pattern)]
    return DenseBatches(clouds, voxel_clouds(paths) if paths else [], recipe or DenseRecipe(), licence)


def lidar_from_folders(
    root: str,
    raw: Mapping[str, int],
    corrected: Sequence[str] = (),
    twisted: Mapping[str, int] | None = None,
    drives: Sequence[Mapping[str, str]] = (),
    *,
    exclude: Sequence[str] = (),
    corrected_share: float = 0.33,
    recipe: LidarRecipe | None = None,
    seed: int = 0,
    licence: str = NOT_STATED,
) -> LidarBatches:
    """LiDAR batches from raw and motion-corrected frames.

    Args:
        root: folder of the data.
        raw: pattern of folders below ``root`` -> take each n-th frame as it is.
        corrected: patterns of folders whose frames are corrected already.
        twisted: pattern -> take each n-th frame, with a random motion taken out.
        drives: raw drives whose motion is known: ``frames`` (pattern below root), ``oxts``, ``imu_to_velo`` (paths).
        exclude: ``folder/file`` names of frames to leave out.
        corrected_share: fraction of the samples drawn from the three kinds of corrected frames.
        licence: of the data, for the record of a run.
    """

    def frames(patterns: Mapping[str, int]) -> list[Path]:
        return [p for pattern, n in patterns.items() for p in find_frames(matching(Path(root), pattern), n, exclude)]

    corrected_pool = raw_frames(frames(dict.fromkeys(corrected, 1)))
    for drive in drives:
        corrected_pool += corrected_frames(
            frames({drive["frames"]: 1}), Path(drive["oxts"]), Path(drive["imu_to_velo"])
        )
    corrected_pool += twisted_frames(frames(twisted or {}), seed)
    pools = (
        Pool(raw_frames(frames(raw)), 1 - corrected_share, name="raw frames"),
        Pool(corrected_pool, corrected_share, name="motion-corrected frames"),
    )
    return LidarBatches(pools, recipe or LidarRecipe(), licence)


def dense_synthetic(
    num_clouds: int,
    *,
    surface: SurfaceRecipe | None = None,
    recipe: DenseRecipe | None = None,
    seed: int = 0,
) -> DenseBatches:
    """Dense batches from ``num_clouds`` synthetic surfaces."""
    clouds = synthetic_clouds(num_clouds, surface or SurfaceRecipe(), seed)
    return DenseBatches(clouds, (), recipe or DenseRecipe(), SYNTHETIC)


def lidar_synthetic(
    num_frames: int,
    num_beams: int = 64,
    num_columns: int = 1800,
    *,
    corrected_share: float = 0.33,
    recipe: LidarRecipe | None = None,
    seed: int = 0,
) -> LidarBatches:
    """LiDAR batches from ``num_frames`` synthetic frames, as they are and with a random motion taken out."""
    frames = synthetic_frames(num_frames, num_beams, num_columns, seed)
    rng = np.random.default_rng(seed)
    twisted = [millimetres(correct_motion(frame / 1000, random_twist(rng))) for frame in frames]
    pools = (
        Pool(frames, 1 - corrected_share, name="synthetic frames"),
        Pool(twisted, corrected_share, name="synthetic frames, a random motion taken out"),
    )
    return LidarBatches(pools, recipe or LidarRecipe(), SYNTHETIC)
