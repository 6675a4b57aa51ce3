"""A small evaluation with real codecs: Draco, the bypass, and one cell that must fail."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.anchors import Setting
from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.evaluation.runner import evaluate
from pcc.evaluation.sources import Source
from pcc.io import write_points
from pcc.pointcloud import PointCloud


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """(evaluation, folder): voxels with duplicates, the same at a voxel size of 8, and a cloud too wide for Draco."""
    pytest.importorskip("pykdtree", reason="the extra eval is not installed")
    pytest.importorskip("DracoPy", reason="the extra eval is not installed")
    folder = tmp_path_factory.mktemp("evaluation")
    rng = np.random.default_rng(1)
    xyz = rng.integers(0, 64, (400, 3)).astype(np.int32)
    write_points(folder / "voxels.ply", PointCloud(np.concatenate([xyz, xyz[:50]])))
    write_points(folder / "wide.npz", PointCloud(rng.integers(0, 1 << 50, (20, 3))))
    clouds = [
        Source("voxels", folder / "voxels.ply", 63, Setting()),
        Source("coarse", folder / "voxels.ply", 63, Setting(voxel_size=8, duplicates="merge")),
        Source("wide", folder / "wide.npz", 1, Setting()),
    ]
    return evaluate(clouds, [Draco(), Bypass("zlib")], folder / "out", keep=True), folder
