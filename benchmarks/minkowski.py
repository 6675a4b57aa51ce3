"""Sparse convolution beside MinkowskiEngine and plain PyTorch, in one run.

    python benchmarks/minkowski.py [--threads 1] [--radius 100]

27 offsets, 32 -> 32 channels, on the surface of a sphere: the kernel alone (ours also in int8, as the codec runs it),
and what finds the neighbours (ours: the octree). What is not installed is left out; docs/decisions.md has the figures.
"""

from __future__ import annotations

import argparse
import collections
import collections.abc
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from pcc import ops
from pcc.geometry.octree import Level, child_level, occupancies, root_level
from pcc.ops import conv_float, conv_int8, morton


def best_ms(function: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def sphere(radius: int) -> np.ndarray:
    """(V, 3) int32 voxels of a sphere's surface in Morton order."""
    axis = np.arange(2 * radius + 1) - radius
    distance = np.sqrt((axis[:, None, None] ** 2) + (axis[None, :, None] ** 2) + (axis[None, None, :] ** 2))
    coords = np.argwhere(np.abs(distance - radius + 1) < 0.5).astype(np.int32)
    return morton.decode(np.sort(morton.encode(coords)))


def leaf_level(coords: np.ndarray, depth: int) -> Level:
    level = root_level()
    for occupancy in occupancies(morton.encode(coords), depth):
        level = child_level(level, occupancy)
    return level


def compare(console: Console, threads: int, radius: int) -> None:
    rng = np.random.default_rng(1)
    coords, depth = sphere(radius), (2 * radius).bit_length()
    near = leaf_level(coords, depth).neighbours
    feats = rng.normal(size=(len(coords), 32)).astype(np.float32)
    weights = rng.normal(size=(27, 32, 32)).astype(np.float32)
    gmac = int((near >= 0).sum()) * 32 * 32 / 1e9
    table = Table("convolution", "ms", "GMAC/s", title=f"{len(coords)} voxels, {gmac:.2f} GMAC, {threads} thread(s)")

    def row(name: str, function: Callable[[], object]) -> float:
        ms = best_ms(function)
        table.add_row(name, f"{ms:.2f}", f"{gmac / ms * 1e3:.1f}")
        return ms

    ours = row("pcc, float32 kernel", lambda: conv_float.forward(feats, weights, near))
    integer = row("pcc, int8 kernel", int8_convolution(near, rng))
    search = best_ms(lambda: leaf_level(coords, depth))
    table.add_row("pcc, all levels of the octree and their neighbours", f"{search:.2f}", "")
    try:
        import torch

        torch.set_num_threads(threads)
        row("plain PyTorch", lambda: plain_torch(torch, feats, weights, near))
        collections.Sequence = collections.abc.Sequence  # type: ignore[attr-defined]
        import MinkowskiEngine as ME
    except ImportError as error:
        table.caption = str(error)
    else:
        layer = ME.MinkowskiConvolution(32, 32, kernel_size=3, dimension=3)
        batched = ME.utils.batched_coordinates([torch.from_numpy(coords)])
        tensor = ME.SparseTensor(torch.from_numpy(feats), coordinates=batched)
        with torch.no_grad():
            layer(tensor)  # its neighbour map is made here and kept
            kernel = row("MinkowskiEngine, kernel", lambda: layer(tensor))
            whole = best_ms(lambda: layer(ME.SparseTensor(torch.from_numpy(feats), coordinates=batched)))
        table.add_row("MinkowskiEngine, maps and kernel", f"{whole:.2f}", "")
        table.caption = (
            f"MinkowskiEngine / pcc: float32 kernel {kernel / ours:.1f}, with maps {whole / (ours + search):.0f}; "
            f"int8 kernel {kernel / integer:.0f}, with maps {whole / (integer + search):.0f}"
        )
    console.print(table)


def int8_convolution(near: np.ndarray, rng: np.random.Generator) -> Callable[[], np.ndarray]:
    feats = rng.integers(0, 256, (len(near), 32)).astype(np.uint8)
    weights = rng.integers(-127, 128, (27, 32, 32)).astype(np.int8)
    bias, multiplier = np.zeros(32, np.int32), np.full(32, 1 << 20, np.int32)
    return lambda: conv_int8.forward(feats, weights, near, bias=bias, multiplier=multiplier, shift=31)


def plain_torch(torch, feats: np.ndarray, weights: np.ndarray, near: np.ndarray):
    x, w, out = torch.from_numpy(feats), torch.from_numpy(weights), torch.zeros(len(near), weights.shape[2])
    for d in range(27):
        rows = torch.from_numpy(np.flatnonzero(near[:, d] >= 0))
        out.index_add_(0, rows, x[torch.from_numpy(near[:, d])[rows].long()] @ w[d])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--radius", type=int, default=100)
    arguments = parser.parse_args()
    ops.set_num_threads(arguments.threads)
    compare(Console(), arguments.threads, arguments.radius)


if __name__ == "__main__":
    main()
