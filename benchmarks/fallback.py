"""What clouds cost by a network alone, by the adaptive model alone, and as the encoder chooses level by level.

    python benchmarks/fallback.py                                  random points, in a cube and on a cylinder
    python benchmarks/fallback.py body.ply --share 4               every 4th point of a cloud, in no order
    python benchmarks/fallback.py scan.bin --voxel-size 0.016

Rates are bits of the whole file per point of the input, without fields.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import pcc
from pcc.codec.info import describe

WAYS: dict[str, dict[str, Any]] = {
    "dense alone": {"model": "dense", "fallback": False},
    "lidar alone": {"model": "lidar", "fallback": False},
    "adaptive alone": {"model": "adaptive"},
    "auto": {},
}


def scattered(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Clouds that no model was trained on."""
    yield "1 M points, 2^21 cube", rng.integers(0, 1 << 21, (1_000_000, 3), dtype=np.int32)
    yield "50 k points, 2^8 cube", rng.integers(0, 1 << 8, (50_000, 3), dtype=np.int32)
    angle, height = rng.random(50_000) * 2 * np.pi, rng.random(50_000) * 2
    cylinder = np.stack([np.cos(angle), np.sin(angle), height], 1)
    for bits in (10, 12, 16):
        yield f"50 k points, cylinder of 2^{bits}", np.floor((cylinder + 1) / 2 * (1 << bits)).astype(np.int32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clouds", type=Path, nargs="*")
    parser.add_argument("--share", type=int, default=1)
    parser.add_argument("--voxel-size", type=float)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    clouds = ((path.name, thinned(pcc.read_points(path).xyz, args.share, rng)) for path in args.clouds)
    table = Table("cloud", *(f"{way}, bpp" for way in WAYS), "adaptive levels", "auto, encode s", "decode s")
    for name, xyz in clouds if args.clouds else scattered(rng):
        table.add_row(name, *measured(pcc.PointCloud(xyz), args.voxel_size))
    Console().print(table)


def thinned(xyz: np.ndarray, share: int, rng: np.random.Generator) -> np.ndarray:
    return xyz[rng.permutation(len(xyz))[: len(xyz) // share]]


def measured(cloud: pcc.PointCloud, voxel_size: float | None) -> list[str]:
    """The cells of a row; the times are those of the last way."""
    cells, data, encode_s = [], b"", 0.0
    for options in WAYS.values():
        start = time.perf_counter()
        data = pcc.encode(cloud, voxel_size=voxel_size, **options)
        encode_s = time.perf_counter() - start
        cells.append(f"{8 * len(data) / len(cloud):.3f}")
    start = time.perf_counter()
    pcc.decode(data)
    decode_s = time.perf_counter() - start
    (frame,) = describe(data)
    return [*cells, f"{frame.adaptive.bit_count()} of {frame.header.depth}", f"{encode_s:.2f}", f"{decode_s:.2f}"]


if __name__ == "__main__":
    main()
