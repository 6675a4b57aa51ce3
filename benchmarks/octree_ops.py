"""Times of the octree's ops on one cloud: ``python benchmarks/octree_ops.py [CLOUD] [--voxel-size M] [--threads N]``.

CLOUD is any file that `pcc.read_points` takes; without one, a synthetic sphere. The best of several repetitions, so
what is shown is the machine, not its other work. Nothing here is asserted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from pcc import ops
from pcc.geometry import grid, octree, voxels
from pcc.ops import checksum, morton, sort
from pcc.ops import octree as steps


def sphere(radius: int = 256, num_points: int = 1_000_000) -> np.ndarray:
    """(N, 3) float32 integer-valued points of a sphere's surface, with duplicates."""
    directions = np.random.default_rng(1).normal(size=(num_points, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.rint(directions * radius).astype(np.float32)


def load(path: str | None) -> np.ndarray:
    if path is None:
        return sphere()
    from pcc.io import read_points

    return read_points(path).xyz


def best_ms(call: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return 1e3 * min(times)


def grow(occupancies: list[np.ndarray]) -> octree.Level:
    """All levels whose occupancy is coded, neighbours included."""
    level = octree.root_level()
    for occupancy in occupancies[:-1]:
        level = octree.child_level(level, occupancy)
    return level


def calls(xyz: np.ndarray, voxel_size: float | None) -> dict[str, Callable[[], Any]]:
    cloud = voxels.voxelize(xyz, voxel_size=voxel_size)
    indices = grid.quantize(xyz, cloud.grid)
    points = morton.encode(indices)
    ordered = sort.radix_sort(points)[0]
    occupancies = octree.occupancies(cloud.codes, cloud.depth)
    last = grow(occupancies)
    return {
        "voxelize, all of it": lambda: voxels.voxelize(xyz, voxel_size=voxel_size),
        "  quantize": lambda: grid.quantize(xyz, cloud.grid),
        "  morton.encode": lambda: morton.encode(indices),
        "  sort.radix_sort": lambda: sort.radix_sort(points),
        "  sort.unique": lambda: sort.unique(ordered),
        "  morton.decode": lambda: morton.decode(cloud.codes),
        "devoxelize": lambda: voxels.devoxelize(cloud.coords, cloud.grid),
        "occupancies, all levels": lambda: octree.occupancies(cloud.codes, cloud.depth),
        "  octree.parents, leaves": lambda: steps.parents(cloud.codes),
        "levels with neighbours, all": lambda: grow(occupancies),
        "leaf_codes": lambda: octree.leaf_codes(last, occupancies[-1]),
        "crc32c of the points": lambda: checksum.crc32c(xyz),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", nargs="?")
    parser.add_argument("--voxel-size", type=float)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    ops.set_num_threads(options.threads)
    xyz = load(options.cloud)
    cloud = voxels.voxelize(xyz, voxel_size=options.voxel_size)
    print(f"{len(xyz)} points, {len(cloud)} voxels, depth {cloud.depth}, grid {cloud.grid.num:g}/{cloud.grid.den:g}")
    print(f"{ops.isa()}, {ops.num_threads()} threads, best of {options.repeats}\n")
    print(f"{'op':30}{'ms':>9}{'ns/point':>11}")
    for name, call in calls(xyz, options.voxel_size).items():
        time_ms = best_ms(call, options.repeats)
        print(f"{name:30}{time_ms:9.2f}{1e6 * time_ms / len(xyz):11.2f}")


if __name__ == "__main__":
    main()
