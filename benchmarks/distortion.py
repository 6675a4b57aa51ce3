"""Time of the distortion metric on a synthetic surface of a million voxels.

    python benchmarks/distortion.py [NUM_POINTS]

Three decoded clouds: the reference itself, one with every coordinate rounded to multiples of 2, and one with noise.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from pcc.metrics.distortion import distortion
from pcc.pointcloud import PointCloud


def surface(num_points: int) -> PointCloud:
    """A wavy sheet of voxels, about ``num_points`` of them, with its exact normals."""
    side = round(num_points**0.5)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
    z = np.rint(40 * np.sin(x / 50) + 40 * np.cos(y / 70)).astype(np.int64) + 100
    slopes = np.stack([-0.8 * np.cos(x / 50), 40 / 70 * np.sin(y / 70), np.ones(len(x))], axis=1)
    normals = slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    return PointCloud(np.stack([x, y, z], axis=1), dict(zip(("nx", "ny", "nz"), normals.T, strict=True)))


def main(num_points: int = 1_000_000) -> None:
    reference = surface(num_points)
    noise = np.random.default_rng(1).normal(scale=0.6, size=reference.xyz.shape)
    decoded = {
        "identical": reference.xyz,
        "step 2": np.unique(2 * (reference.xyz // 2), axis=0),
        "noise": reference.xyz + noise,
        "noise, normals estimated": reference.xyz + noise,
    }
    print(f"{len(reference)} points")
    for name, xyz in decoded.items():
        a = PointCloud(reference.xyz) if "estimated" in name else reference
        start = time.perf_counter()
        result = distortion(a, PointCloud(xyz), peak=1023)
        seconds = time.perf_counter() - start
        print(f"{name:26s} {seconds:6.2f} s   D1 {result.d1_psnr:.2f} dB   D2 {result.d2_psnr:.2f} dB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
