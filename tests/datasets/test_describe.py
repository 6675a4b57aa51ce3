"""Every kind of batches says what it is drawn from: pools, clouds, points, digest, licence."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pcc.datasets.batches import Batch, Pool
from pcc.datasets.build import dense_synthetic, lidar_synthetic
from pcc.datasets.dense_batches import DenseBatches, DenseRecipe
from pcc.datasets.describe import data_record, pool_record, sha256_of
from pcc.datasets.lidar_batches import LidarBatches, LidarRecipe
from pcc.datasets.lossy_batches import LossyBatches
from pcc.datasets.surfaces import SurfaceRecipe
from pcc.datasets.turns import TurnRecipe, turns_simulated

NOTHING = hashlib.sha256(b"").hexdigest()


def test_no_clouds():
    assert sha256_of([]) == NOTHING
    assert pool_record("meshes", [], 0.6) == {
        "name": "meshes",
        "clouds": 0,
        "points": 0,
        "share": 0.6,
        "sha256": NOTHING,
    }
    assert data_record("X", "CC0", [pool_record("meshes", [], 0.6)]) == {"source": "X", "licence": "CC0", "pools": []}


def test_literal_pool():
    clouds = [np.zeros((2, 3), np.int16), np.ones((3, 3), np.int16)]
    record = pool_record("scans", clouds, 0.4)
    assert (record["clouds"], record["points"]) == (2, 5)
    assert record["sha256"] == hashlib.sha256(bytes(12) + b"\1\0" * 9).hexdigest()


def test_dense_batches():
    """Empty pools are not named, and shares sum to 1."""
    slab = np.argwhere(np.ones((9, 9, 2), bool)).astype(np.int16)
    record = DenseBatches([slab], licence="CC0 1.0").describe()
    assert (record["source"], record["licence"]) == ("DenseBatches", "CC0 1.0")
    assert [(p["name"], p["clouds"], p["points"], p["share"]) for p in record["pools"]] == [("meshes", 1, 162, 1.0)]
    both = DenseBatches([slab, slab], [slab[:5]], DenseRecipe(scan_fraction=0.25)).describe()
    assert both["licence"] == "not stated"
    named = [(p["name"], p["clouds"], p["points"], p["share"]) for p in both["pools"]]
    assert named == [("meshes", 2, 324, 0.75), ("scans", 1, 5, 0.25)]


def test_lidar_batches():
    frame = np.arange(30, dtype=np.int32).reshape(10, 3)
    pools = (Pool([frame], 0.67, name="raw frames"), Pool([frame, frame], 0.33, name="motion-corrected frames"))
    record = LidarBatches(pools, LidarRecipe(), "CC BY-NC-SA 3.0").describe()
    assert record["licence"] == "CC BY-NC-SA 3.0"
    assert [(p["name"], p["clouds"], p["points"]) for p in record["pools"]] == [
        ("raw frames", 1, 10),
        ("motion-corrected frames", 2, 20),
    ]
    assert sum(p["share"] for p in record["pools"]) == pytest.approx(1)


def test_lossy_batches_are_drawn_from_what_they_hold():
    class Held:
        def sample(self, rng):
            return Batch(np.arange(5, dtype=np.uint64), 2, 0, 1)

        def describe(self):
            return {"source": "Held", "licence": "A", "pools": [{"name": "x", "clouds": 3}]}

    record = LossyBatches(Held()).describe()
    assert record == {"source": "LossyBatches of Held", "licence": "A", "pools": [{"name": "x", "clouds": 3}]}


@pytest.mark.parametrize("mirrored", [False, True])
def test_turns_count_points_and_not_lasers(mirrored):
    """points = cells with a point, of the turns themselves; the digest covers their mirror images, too."""
    batches = turns_simulated(["vlp16"], num_frames=1, every=4, recipe=TurnRecipe(mirrored=mirrored))
    (pool,) = batches.describe()["pools"]
    index = batches.turns[0].scan.index
    assert (pool["clouds"], pool["points"]) == (1, np.count_nonzero(index))
    assert pool["points"] > 100 * len(index)
    assert pool["name"] == ("turns and their mirror images" if mirrored else "turns")
    assert pool["sha256"] == sha256_of(turn.scan.index for turn in batches.turns)
    assert len(batches.turns) == 1 + mirrored


def test_synthetic_data_has_no_licence_of_others():
    surfaces = dense_synthetic(1, surface=SurfaceRecipe(min_voxels=2000, max_voxels=3000))
    for batches in (surfaces, lidar_synthetic(1, 8, 100)):
        assert batches.describe()["licence"] == "none: made on the spot by generators of this package"
