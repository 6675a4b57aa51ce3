"""Test clouds never train: they are known by geometry and by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pcc.datasets import heldout
from pcc.datasets.heldout import HeldOutCloud, digest_of_file, geometry_digest, heldout_digests, refuse_heldout
from pcc.io import write_points
from pcc.pointcloud import PointCloud


def test_digest_ignores_order_duplicates_and_origin(rng):
    """digest(p) = digest(permuted, repeated, shifted p) != digest(p without a point)."""
    coords = rng.integers(-1000, 1000, (50, 3))
    changed = np.concatenate([coords[rng.permutation(50)], coords[:7]]) + np.array([5, -9, 100000])
    assert geometry_digest(changed) == geometry_digest(coords)
    assert geometry_digest(coords[1:]) != geometry_digest(coords)


def test_digest_of_degenerate_clouds():
    assert geometry_digest(np.zeros((0, 3), np.int32)) != geometry_digest(np.zeros((1, 3), np.int32))


def test_list_names_every_public_test_cloud():
    names = sorted(heldout_digests().values())
    assert len(names) == 22
    assert {name.split("/")[0].split("_")[0] for name in names} == {"8i", "kitti", "semantickitti"}


@pytest.mark.parametrize(
    "path", ["a/8i_longdress_1300/x.ply", "8i_loot_1000-1007/f.ply", "kitti_detection_000001/0.bin"]
)
def test_names_are_refused(path):
    with pytest.raises(HeldOutCloud, match="held out"):
        refuse_heldout(Path(path))


def test_geometry_is_refused_under_any_name(rng, monkeypatch):
    coords = rng.integers(0, 100, (20, 3))
    monkeypatch.setattr(heldout, "heldout_digests", lambda: {geometry_digest(coords): "some test cloud"})
    refuse_heldout(Path("innocent.ply"), coords[1:])
    with pytest.raises(HeldOutCloud, match="some test cloud"):
        refuse_heldout(Path("innocent.ply"), coords[::-1])


def test_digest_of_a_file(tmp_path, rng):
    """A frame of metres is known by its millimetres, voxels by themselves."""
    coords = rng.integers(-5000, 5000, (40, 3))
    write_points(tmp_path / "a.bin", PointCloud((coords / 1000).astype(np.float32)))
    write_points(tmp_path / "a.npz", PointCloud(coords.astype(np.int32)))
    assert digest_of_file(tmp_path / "a.bin") == digest_of_file(tmp_path / "a.npz") == geometry_digest(coords)
