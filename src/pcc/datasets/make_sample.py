"""Makes the synthetic clouds of ``data/sample`` anew: ``python -m pcc.datasets.make_sample [FOLDER]``.

They come from our own generators, so anybody may use them for anything (CC0), and they are small enough to lie in the
repository: the README, the demonstration and the tests run on them. They are no benchmark. The real frame beside them,
``vlp16.ply``, is not made here: data/README.md says where it is from.

    figure.ply     a coloured figure, vox9: x, y, z int16, red, green, blue uint8
    street.bin     one turn of a 32-beam scanner on the 1 mm grid, with intensity (KITTI)
    clouds.json    names, peaks and bounds for the evaluation
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from pcc.datasets.primitives import union_points
from pcc.datasets.surfaces import smooth_noise
from pcc.datasets.synthetic_lidar import make_scanner, make_street, scan
from pcc.datasets.synthetic_surfaces import person
from pcc.io import write_points
from pcc.pointcloud import PointCloud

SAMPLE = Path("data/sample")
SEED = 2024
CLOUDS = [
    {"name": "figure", "path": "figure.ply", "peak": 511},
    {"name": "vlp16", "path": "vlp16.ply", "peak": 30},
    {"name": "vlp16, 1 mm", "path": "vlp16.ply", "peak": 30, "max_error": 0.001},
]
SKIN, SHIRT, TROUSERS, SHOES = (224, 172, 140), (46, 92, 150), (70, 66, 60), (30, 24, 22)
COLOURS = {
    "torso": SHIRT,
    "hips": TROUSERS,
    "arm": SHIRT,
    "forearm": SKIN,
    "thigh": TROUSERS,
    "shin": TROUSERS,
    "foot": SHOES,
}


def main(folder: Path = SAMPLE) -> None:
    """Writes all samples into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_points(folder / "figure.ply", figure())
    write_points(folder / "street.bin", street())
    (folder / "clouds.json").write_text(json.dumps(CLOUDS, indent=1) + "\n")


def figure(height: float = 358.0) -> PointCloud:
    """A standing figure of ``height`` voxels in striped clothes: (V, 3) int16 voxels and three uint8 colours."""
    rng = np.random.default_rng(SEED)
    bodies, names = person(rng)
    points, owner = union_points(bodies, 5 * (height / 1.75) ** 2, rng)
    points = points * (height / 1.75)
    points += smooth_noise(points, 0.8, 6, rng)  # float64: no machine rounds a voxel differently
    voxels, first = np.unique(np.floor(points - points.min(0)).astype(np.int16), axis=0, return_index=True)
    colours = np.array([COLOURS.get(name, SKIN) for name in names], float)[owner[first]]
    clothed = colours.sum(1) < 400
    colours *= (1 + 0.12 * np.sin(voxels[:, 1] / 6.0) * clothed)[:, None]
    colours += 14 * np.sin(voxels @ [0.05, 0.02, 0.07])[:, None] + rng.normal(0, 2, colours.shape)
    rgb = np.clip(np.rint(colours), 0, 255).astype(np.uint8)
    return PointCloud(voxels, dict(zip(("red", "green", "blue"), rgb.T, strict=True)))


def street() -> PointCloud:
    """One turn in a street: (N, 3) float32 metres and intensity in 1/100, both as KITTI publishes them."""
    rng = np.random.default_rng(SEED)
    xyz, intensity = scan(make_scanner(32, 1024, rng, 10.0, -30.0), make_street(rng), rng)
    return PointCloud((xyz / 1000).astype(np.float32), {"intensity": (intensity / 100).astype(np.float32)})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
