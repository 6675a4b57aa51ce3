"""Bits per point against density: a cloud made sparser or denser step by step, with the models, with none, with Draco.

    python benchmarks/density.py longdress.ply --plot density.svg
    python benchmarks/density.py scan.pcd --coarsen 8 --voxel-size 0.0005     a depth camera's or a building's points
    python benchmarks/density.py fertility.off --coarsen 6 --bits 14 --samples 1000000      a mesh, vox14 to vox9
    python benchmarks/density.py longdress.ply --bits 9 --jitter 1.5          vox9, points moved by 1.5 voxels of noise

Thinning (the default) keeps a random share of the points on the same grid, so the surface stays and its samples get
rare. --coarsen doubles the voxels instead, so the samples stay and the surface fills up. Rates are bits of the whole
file per voxel that is left, without fields. Density is the mean number of voxels in an occupied block of 4 x 4 x 4:
about 13 on a full surface, 1 where points are alone.

--csv adds the figures to a file that docs/figures/density.py draws.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import pcc
from pcc.anchors.base import Setting
from pcc.anchors.draco import Draco
from pcc.geometry.voxels import voxelize
from pcc.ops import morton
from pcc.ops.sort import radix_sort, unique

BLOCK_BITS = 2
MESH_BITS = 20
COLUMNS = ["cloud", "voxels", "bits", "density", "way", "bpp"]

Row = dict[str, str | int | float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", type=Path)
    parser.add_argument("--voxel-size", type=float, help="of the first step, in the file's unit; default: its own grid")
    parser.add_argument("--models", nargs="*", default=["dense"], help="beside auto and adaptive")
    parser.add_argument("--steps", type=int, default=9, help="halvings of the number of points, plus one")
    parser.add_argument("--coarsen", type=int, metavar="STEPS", help="double the voxels so often instead of thinning")
    parser.add_argument("--bits", type=int, help="drop levels until the cloud has this many bits an axis")
    parser.add_argument("--samples", type=int, help="the file is a mesh: take so many points of its surface")
    parser.add_argument("--jitter", type=float, default=0.0, help="standard deviation of added noise, in voxels")
    parser.add_argument("--plot", type=Path, help="picture to write (.svg, .png); needs matplotlib")
    parser.add_argument("--csv", type=Path, help="file of figures; those of a cloud of this name are replaced")
    parser.add_argument("--name", help="of the cloud there; default: its file's")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    xyz = samples_of(args.cloud, args.samples, rng) if args.samples else pcc.read_points(args.cloud).finite().xyz
    voxels = prepared(xyz, args.voxel_size, args.bits, args.jitter, rng)
    clouds = coarsened(voxels, args.coarsen) if args.coarsen else thinned(voxels, args.steps, rng)
    ways = [*args.models, "auto", "adaptive", "draco"]
    name = args.name or args.cloud.name
    rows = [row for cloud in track(clouds, "measuring") for row in measured(name, cloud, ways)]
    show(name, ways, rows)
    if args.csv:
        add(args.csv, rows)
    if args.plot:
        plot(args.plot, ways, rows)


def samples_of(path: Path, count: int, rng: np.random.Generator) -> np.ndarray:
    """(N, 3) int32 points spread evenly over a mesh that fills a cube of MESH_BITS bits an axis."""
    from pcc.datasets.mesh_files import read_mesh
    from pcc.datasets.surfaces import sample_surface, triangle_areas

    mesh = read_mesh(path)
    points = sample_surface(mesh, triangle_areas(mesh), count, rng)
    low, extent = points.min(0), np.ptp(points, axis=0).max()
    return ((points - low) / extent * ((1 << MESH_BITS) - 1)).astype(np.int32)


def prepared(
    xyz: np.ndarray, voxel_size: float | None, bits: int | None, jitter: float, rng: np.random.Generator
) -> np.ndarray:
    """(V, 3) int32 distinct voxels >= 0, coarser and noisier as asked."""
    voxels = morton.decode(voxelize(xyz, voxel_size=voxel_size).codes).astype(np.int32)
    if bits is not None:
        voxels >>= max(int(voxels.max()).bit_length() - bits, 0)
    moved = voxels + np.rint(rng.standard_normal(voxels.shape) * jitter)
    return np.unique((moved - moved.min(0)).astype(np.int32), axis=0)


def thinned(voxels: np.ndarray, steps: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The voxels, a random half of them, a quarter ..."""
    order = rng.permutation(len(voxels))
    return [voxels[order[: max(len(voxels) >> step, 1)]] for step in range(steps)]


def coarsened(voxels: np.ndarray, steps: int) -> list[np.ndarray]:
    """The distinct voxels, those of twice the size, of four times ..."""
    return [np.unique(voxels >> step, axis=0) for step in range(steps)]


def measured(name: str, voxels: np.ndarray, ways: list[str]) -> list[Row]:
    """The rate of every way, with the number of voxels, the bits an axis and the density."""
    cloud = pcc.PointCloud(voxels)
    blocks = radix_sort(morton.encode(voxels))[0] >> np.uint64(3 * BLOCK_BITS)
    draco = Draco()
    common: Row = {
        "cloud": name,
        "voxels": len(voxels),
        "bits": int(voxels.max()).bit_length(),
        "density": round(len(voxels) / len(unique(blocks)[0]), 3),
    }
    rows = []
    for way in ways:
        data = draco.compress(cloud, Setting(fields="none")) if way == "draco" else pcc.encode(cloud, model=way)
        rows.append(common | {"way": way, "bpp": round(8 * len(data) / len(voxels), 4)})
    return rows


def show(name: str, ways: list[str], rows: list[Row]) -> None:
    table = Table("voxels", "bits", "density", *(f"{way}, bpp" for way in ways), title=name)
    for at in range(0, len(rows), len(ways)):
        of = rows[at : at + len(ways)]
        table.add_row(*(str(of[0][column]) for column in COLUMNS[1:4]), *(f"{row['bpp']:.3f}" for row in of))
    Console().print(table)


def add(path: Path, rows: list[Row]) -> None:
    """Put the rows in the place of those of the same cloud, or behind all others."""
    old: list[Row] = []
    if path.exists():
        with path.open(newline="") as file:
            old = list(csv.DictReader(file))
    clouds = dict.fromkeys([row["cloud"] for row in old] + [rows[0]["cloud"]])
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for cloud in clouds:
            writer.writerows(rows if cloud == rows[0]["cloud"] else [row for row in old if row["cloud"] == cloud])


def plot(path: Path, ways: list[str], rows: list[Row]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for way in ways:
        of = [row for row in rows if row["way"] == way]
        style = "--" if way in ("draco", "adaptive") else "-"
        axes.plot([row["density"] for row in of], [row["bpp"] for row in of], style, marker="o", label=way)
    axes.set(xscale="log", yscale="log", xlabel="voxels in an occupied block of 4 x 4 x 4", ylabel="bits per voxel")
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
