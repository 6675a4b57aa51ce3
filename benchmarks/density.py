"""Bits per point against density: a cloud thinned step by step, with the models, with none, and with Draco.

    python benchmarks/density.py CLOUD [--models dense dense-fast] [--plot density.svg]
    python benchmarks/density.py CLOUD --bits 9 --jitter 1.5          vox9, every point moved by noise of 1.5 voxels

Thinning keeps a random share of the points on the same grid, so the surface stays and its samples get rare. Rates are
bits of the whole file per point that is left, without fields. Density is the mean number of points in an occupied
block of 4 x 4 x 4 voxels: about 13 on a full surface, 1 where points are alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import pcc
from pcc.anchors.base import Setting
from pcc.anchors.draco import Draco
from pcc.ops import morton
from pcc.ops.sort import radix_sort, unique

BLOCK_BITS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", type=Path, help="integer voxels")
    parser.add_argument("--models", nargs="*", default=["dense"], help="beside auto and adaptive")
    parser.add_argument("--steps", type=int, default=9, help="halvings of the number of points, plus one")
    parser.add_argument("--bits", type=int, help="drop levels until the cloud has this many bits an axis")
    parser.add_argument("--jitter", type=float, default=0.0, help="standard deviation of added noise, in voxels")
    parser.add_argument("--plot", type=Path, help="picture to write (.svg, .png); needs matplotlib")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    voxels = prepared(pcc.read_points(args.cloud).xyz, args.bits, args.jitter, rng)
    order = rng.permutation(len(voxels))
    ways = [*args.models, "auto", "adaptive", "draco"]
    rows = [
        measured(voxels[order[: max(len(voxels) >> step, 1)]], ways) for step in track(range(args.steps), "measuring")
    ]
    show(args.cloud.name, ways, rows)
    if args.plot:
        plot(args.plot, ways, rows)


def prepared(xyz: np.ndarray, bits: int | None, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """(V, 3) int32 distinct voxels >= 0, coarser and noisier as asked."""
    voxels = xyz - xyz.min(0)
    if bits is not None:
        depth = int(voxels.max()).bit_length()
        voxels = voxels.astype(np.int64) >> max(depth - bits, 0)
    moved = voxels + np.rint(rng.standard_normal(voxels.shape) * jitter)
    return np.unique((moved - moved.min(0)).astype(np.int32), axis=0)


def measured(voxels: np.ndarray, ways: list[str]) -> tuple[int, float, list[float]]:
    """Points, density, and the rate of every way."""
    cloud = pcc.PointCloud(voxels)
    codes = radix_sort(morton.encode(voxels))[0] >> np.uint64(3 * BLOCK_BITS)
    draco = Draco()
    sizes = [
        len(draco.compress(cloud, Setting(fields="none")) if way == "draco" else pcc.encode(cloud, model=way))
        for way in ways
    ]
    return len(cloud), len(codes) / len(unique(codes)[0]), [8 * size / len(cloud) for size in sizes]


def show(name: str, ways: list[str], rows: list[tuple[int, float, list[float]]]) -> None:
    table = Table("points", "points a block", *(f"{way}, bpp" for way in ways), title=name)
    for points, density, rates in rows:
        table.add_row(f"{points:,}", f"{density:.2f}", *(f"{rate:.3f}" for rate in rates))
    Console().print(table)


def plot(path: Path, ways: list[str], rows: list[tuple[int, float, list[float]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for i, way in enumerate(ways):
        style = "--" if way in ("draco", "adaptive") else "-"
        axes.plot([density for _, density, _ in rows], [rates[i] for *_, rates in rows], style, marker="o", label=way)
    axes.set(
        xscale="log", yscale="log", xlabel="points in an occupied block of 4 x 4 x 4 voxels", ylabel="bits per point"
    )
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
