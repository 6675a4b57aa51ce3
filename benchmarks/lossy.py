"""Lossy dense clouds: rate, D1 and D2, time and products at some qualities or rates.

    python benchmarks/lossy.py CLOUD.ply [--qualities 40 50 60 70 75 80 85] [--bpp 0.077 0.167] [--rounds 5]
    python benchmarks/lossy.py MESH.off --depths 9 10 11 12         voxels of a mesh's surface at several depths

Every row is decoded, and D1 and D2 are those of the decoded cloud (`pcc.metrics.distortion`, peak 2^depth - 1, normals
estimated). Times are the least of all rounds, from memory to memory, in one process. With --bpp the search for the rate
is part of encoding.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import best

import pcc
from pcc import ops
from pcc.anchors.base import Setting
from pcc.codec.info import describe
from pcc.datasets.mesh_files import Mesh, read_mesh
from pcc.datasets.surfaces import sample_surface, triangle_areas
from pcc.evaluation.ours import PccCodec
from pcc.geometry.voxels import voxelize
from pcc.metrics.distortion import distortion
from pcc.ops import morton

SAMPLES, MISSING = 16_000_000, 0.02  # of a surface at once; of the voxels, how many new ones still matter


def row_of(cloud: pcc.PointCloud, options: dict[str, float], rounds: int) -> list[str]:
    encode_s, data = best(lambda: pcc.encode(cloud, **options), rounds)
    decode_s, back = best(lambda: pcc.decode(data), rounds)
    depth = voxelize(cloud.xyz).depth
    errors = distortion(cloud, back, float((1 << depth) - 1))
    (info,) = describe(data)
    cost = PccCodec("auto").cost(cloud, Setting(), data)
    ((name, value),) = options.items()
    levels = "whole" if info.inferred is None else " ".join(map(str, info.inferred.shares))
    quality = f"{8 * len(data) / len(cloud):.4f}", f"{errors.d1_psnr:.2f}", f"{errors.d2_psnr:.2f}"
    return [
        f"{name} {value:g}", levels, *quality,
        f"{len(back) / len(cloud):.3f}", f"{1000 * encode_s:.0f}", f"{1000 * decode_s:.0f}",
        "" if cost.kmac_per_point is None else f"{cost.kmac_per_point:.1f}",
    ]  # fmt: skip


def clouds_of(path: Path, depths: list[int]) -> Iterator[tuple[str, pcc.PointCloud]]:
    if not depths:
        cloud = pcc.read_points(path)
        yield path.stem, pcc.PointCloud(cloud.xyz)
        return
    mesh = read_mesh(path)
    for depth in depths:
        yield f"{path.stem}, vox{depth}", pcc.PointCloud(voxels_of(mesh, depth))


def voxels_of(mesh: Mesh, depth: int) -> np.ndarray:
    """(V, 3) int32 voxels of a surface, sampled until hardly any are missing."""
    rng, areas, codes, grown = np.random.default_rng(0), triangle_areas(mesh), np.zeros(0, np.uint64), 1.0
    low, extent = mesh.vertices.min(0), np.ptp(mesh.vertices, axis=0).max()
    while grown > MISSING:
        points = sample_surface(mesh, areas, SAMPLES, rng)
        coords = np.clip((points - low) / extent * ((1 << depth) - 1), 0, (1 << depth) - 1).astype(np.int32)
        before, codes = len(codes), np.union1d(codes, np.unique(morton.encode(coords)))
        grown = 1 - before / len(codes)
    return morton.decode(codes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", type=Path)
    parser.add_argument("--qualities", nargs="*", type=float, default=[25, 40, 50, 55, 60, 65, 75, 78, 80, 85, 90])
    parser.add_argument("--bpp", nargs="*", type=float, default=[])
    parser.add_argument("--depths", nargs="*", type=int, default=[])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ops.keep_memory()
    for name, cloud in clouds_of(given.cloud, given.depths):
        heads = ["", "shares", "bpp", "D1 dB", "D2 dB", "points", "encode ms", "decode ms", "kMAC a point"]
        table = Table(*heads, title=f"{name}: {len(cloud):,} points")
        targets = [{"bpp": bpp} for bpp in given.bpp] + [{"quality": quality} for quality in given.qualities]
        for target in targets:
            table.add_row(*row_of(cloud, target, given.rounds))
        Console(width=130).print(table)


if __name__ == "__main__":
    main()
