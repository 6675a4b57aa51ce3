"""Where the time of lossless geometry goes: one cloud, station by station, encoding and decoding.

    python benchmarks/lossless.py CLOUD [--model auto] [--voxel-size M] [--threads N] [--repeats N] [--isa avx512]

Stations are timed by wrapping the calls that the codec really makes, so nothing is measured that does not run. The
wall time of the whole command, with starting Python, is `time pcc encode ...`.
"""

from __future__ import annotations

import argparse
import pkgutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console
from rich.table import Table

import pcc
from pcc import ops
from pcc.inference.registry import find_model

# Station -> the calls of the codec that belong to it; the first that is entered counts, not what it calls.
STATIONS: dict[str, list[str]] = {
    "voxels": ["pcc.codec.encoder.voxelize", "pcc.codec.decoder.devoxelize_codes"],
    "octree": ["pcc.codec.octree.occupancies", "pcc.codec.octree.leaf_codes", "pcc.geometry.octree.octree.children"],
    "neighbours": ["pcc.geometry.octree.neighbours.child_neighbours"],
    "network: expand": ["pcc.inference.layers.conv_int8.expand"],
    "network: convolutions": ["pcc.inference.layers.conv_int8.forward"],
    "network: lists": ["pcc.inference.program.neighbour_lists"],
    "network: head": ["pcc.inference.layers.OccupancyHead.logits"],
    "network: absorb": ["pcc.inference.layers.occupancy_context.absorb"],
    "coder": [
        "pcc.codec.octree.RansEncoder.tree",
        "pcc.codec.octree.RansEncoder.finish",
        "pcc.codec.octree.RansDecoder.tree",
    ],
    "digest": ["pcc.codec.encoder.decoded_digest", "pcc.codec.decoder.decoded_digest"],
}


class Stopwatch:
    """Wall time per station."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def wrap(self, station: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[station] += time.perf_counter() - start

        return timed

    def run(self, call: Callable[[], Any]) -> Any:
        """The call, with every station wrapped; the rest of its time is 'other'."""
        with ExitStack() as stack:
            for station, targets in STATIONS.items():
                for target in targets:
                    stack.enter_context(mock.patch(target, self.wrap(station, pkgutil.resolve_name(target))))
            start = time.perf_counter()
            result = call()
            total = time.perf_counter() - start
        self.seconds["other"] = total - sum(self.seconds.values())
        self.seconds["total"] = total
        return result


def best_of(repeats: int, call: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """The stations of the quickest of several runs."""
    best: dict[str, float] = {}
    result = None
    for _ in range(repeats):
        watch = Stopwatch()
        result = watch.run(call)
        if not best or watch.seconds["total"] < best["total"]:
            best = dict(watch.seconds)
    return best, result


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", type=Path)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--voxel-size", type=float)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--isa", choices=ops.available_isas())
    args = parser.parse_args()
    ops.set_num_threads(args.threads)
    if args.isa:
        ops.set_isa(args.isa)
    read_s, cloud = timed(lambda: pcc.read_points(args.cloud))
    model = args.model if args.model == "auto" else find_model(args.model)
    options = {"model": model, "voxel_size": args.voxel_size, "fields": "none"}
    down, data = best_of(args.repeats, lambda: pcc.encode(cloud, **options))
    up, decoded = best_of(args.repeats, lambda: pcc.decode(data, model=None if model == "auto" else model))
    with tempfile.TemporaryDirectory() as folder:
        write_s, _ = timed(lambda: pcc.write_points(Path(folder) / "out.ply", decoded))
    _print(args.cloud, cloud, data, {"read": read_s, **down}, {**up, "write": write_s})


def _print(path: Path, cloud: pcc.PointCloud, data: bytes, down: dict[str, float], up: dict[str, float]) -> None:
    console = Console()
    bpp = 8 * len(data) / max(1, len(cloud))
    console.print(
        f"{path.name}: {len(cloud)} points, {len(data)} bytes, {bpp:.4f} bpp; {ops.isa()}, {ops.num_threads()} threads"
    )
    table = Table("station", "encode ms", "decode ms")
    for station in ["read", *STATIONS, "other", "total", "write"]:
        table.add_row(station, *(f"{1000 * side[station]:.1f}" if station in side else "-" for side in (down, up)))
    console.print(table)


if __name__ == "__main__":
    main()
