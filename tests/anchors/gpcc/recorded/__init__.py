"""Runs of the real tmc3 on two small clouds, recorded, so that its files and logs are tested where it is not.

    PCC_TMC3=.../tmc3 python -m tests.anchors.gpcc.recorded       # makes the files anew

``figure``: colours, four slices; ``street``: a LiDAR frame in millimetres with reflectance. Both lose nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pcc.anchors.gpcc import options
from pcc.io import read_points
from pcc.pointcloud import PointCloud
from tests.conftest import ROOT

FOLDER = Path(__file__).resolve().parent
NAMES = ("figure", "street")
OPTIONS = {
    "figure": [
        *options.dense_octree(),
        "--sliceMaxPoints=150",
        "--sliceMinPoints=75",
        *options.colour("predicting", 4, lossless_geometry=True),
    ],
    "street": [*options.lidar_predictive(sort=2), *options.reflectance("predicting", 4, spherical=False)],
}


def recorded_cloud(name: str) -> PointCloud:
    """What was encoded: the sample figure in voxels 16 wide, every sixtieth point of the sample street."""
    if name == "figure":
        cloud = read_points(ROOT / "data" / "sample" / "figure.ply")
        coarse, rows = np.unique(cloud.xyz >> 4, axis=0, return_index=True)
        return PointCloud(coarse, {field: cloud.fields[field][rows] for field in ("red", "green", "blue")})
    cloud = read_points(ROOT / "data" / "sample" / "street.bin").take(np.arange(0, 29488, 60))
    xyz = np.rint(cloud.xyz.astype(np.float64) * 1000).astype(np.int32)
    return PointCloud(xyz, {"refc": np.rint(cloud.fields["intensity"] * 100).astype(np.uint16)})
