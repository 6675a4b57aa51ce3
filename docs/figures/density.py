"""Draws density.svg: bits per voxel against density, from density.csv, which benchmarks/density.py --csv writes.

    python docs/figures/density.py

One panel a cloud; needs matplotlib. Nothing is measured here.
"""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

WAYS = {  # in the CSV -> label, colour, line
    "draco": ("Draco", "#9aa5b1", "--"),
    "adaptive": ("pcc, no network", "#b7791f", "--"),
    "dense": ("pcc dense", "#1b7f5c", "-"),
}
COLUMNS = 2


def main() -> None:
    here = Path(__file__)
    with here.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    clouds = list(dict.fromkeys(row["cloud"] for row in rows))
    plt.rcParams |= {"svg.hashsalt": "pcc", "svg.fonttype": "none", "font.size": 9}  # the same bytes each time
    lines = -(-len(clouds) // COLUMNS)
    figure, axes = plt.subplots(lines, COLUMNS, figsize=(8, 2.9 * lines), layout="constrained", squeeze=False)
    for panel, cloud in zip(axes.flat, clouds, strict=False):
        for way, (label, colour, line) in WAYS.items():
            of = [row for row in rows if row["cloud"] == cloud and row["way"] == way]
            x, y = ([float(row[column]) for row in of] for column in ("density", "bpp"))
            panel.plot(x, y, line, color=colour, marker="o", markersize=3, label=label)
        bits = sorted({int(row["bits"]) for row in rows if row["cloud"] == cloud})
        span = f"vox{bits[0]}" if len(bits) == 1 else f"vox{bits[0]} to vox{bits[-1]}"
        panel.set(xscale="log", yscale="log", title=f"{cloud}, {span}")
        panel.set(xlabel="voxels in an occupied block of 4 x 4 x 4", ylabel="bits per voxel")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
            axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
        panel.set(xticks=[1, 2, 4, 8, 16], yticks=[0.5, 1, 2, 4, 8, 16], ylim=(0.4, 24), xlim=(0.9, 18))
        panel.grid(alpha=0.3)
    axes.flat[0].legend()
    for panel in axes.flat[len(clouds) :]:
        panel.remove()
    figure.savefig(here.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
