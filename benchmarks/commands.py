"""Whole commands, from the start of the program to the written file: `pcc encode`, `pcc decode`, and MPEG's tmc3.

    python benchmarks/commands.py CLOUD [--models dense lidar] [--threads 1 2] [--rounds 9] [--tmc3 PATH]
    python benchmarks/commands.py CLOUD [LARGER_CLOUD] --depths 8..11

All commands run in turn, round after round, so that a busy machine troubles all of them alike; the first round warms
up, checks that every codec gives the points back, and is not counted. Wall time is what a user waits; CPU seconds
(user and system, all threads) change less when others use the machine. tmc3 (a build of your own, named by --tmc3 or
PCC_TMC3) codes the positions losslessly with its octree, in one thread whatever --threads says, from a file of
positions alone; pcc reads the file as it is. With --depths each cloud is thinned to fewer bits an axis by shifting its
integers and merging duplicates; more bits than any cloud has cannot be run, and the output says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import pcc
from pcc.anchors.program import run_program
from pcc.geometry.voxels import devoxelize, voxelize

PCC = [sys.executable, "-c", "from pcc.cli import main; main()"]  # what the installed script does

# Lossless geometry of the common test conditions; the second is smaller and slower.
TMC3_OPTIONS = {
    "tmc3": ["--mergeDuplicatedPoints=0", "--planarEnabled=0"],
    "tmc3 planar": ["--mergeDuplicatedPoints=1", "--planarEnabled=1"],
}
TMC3_COMMON = [
    "--trisoupNodeSizeLog2=0",
    "--neighbourAvailBoundaryLog2=8",
    "--intra_pred_max_node_size_log2=6",
    "--maxNumQtBtBeforeOt=4",
    "--minQtbtSizeLog2=0",
    "--positionQuantizationScale=1",
    "--inferredDirectCodingMode=1",
    "--planarModeIdcmUse=0",
    "--disableAttributeCoding=1",
]
# Bytes that release 23 makes of clouds that many have: another number means another build, or other options.
TMC3_BYTES = {"longdress_vox10_1300": {"tmc3": 80001, "tmc3 planar": 79395}}


@dataclass
class Command:
    """One command line with what its runs took: wall and CPU seconds, and peak memory in bytes."""

    codec: str
    task: str  # "encode" or "decode"
    line: list[str]
    output: Path
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    num_bytes: int = 0  # of what it wrote

    def run(self, *, count: bool) -> None:
        """Runs it once.

        Raises:
            AnchorError: it failed; holds the last line that it wrote.
        """
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as users have it
        run = run_program(self.line, environment=environment)
        if count:
            self.wall_s.append(run.wall_s)
            self.cpu_s.append(run.user_s + run.system_s)
            self.peak_bytes = max(self.peak_bytes, run.peak_bytes)


def pcc_commands(cloud: Path, folder: Path, model: str, threads: int) -> list[Command]:
    """Encoding and decoding of positions; a stream lies beside its decoded cloud."""
    stream, decoded = folder / f"{model}.pcc", folder / f"{model}.ply"
    common = ["--threads", str(threads)]
    down = [*PCC, "encode", str(cloud), "-o", str(stream), "--fields", "none", "--model", model, *common]
    up = [*PCC, "decode", str(stream), "-o", str(decoded), *common]
    return [Command(f"pcc {model}", "encode", down, stream), Command(f"pcc {model}", "decode", up, decoded)]


def tmc3_commands(cloud: Path, folder: Path, name: str, binary: str) -> list[Command]:
    """The same with tmc3; ``cloud`` has float positions and nothing else, for tmc3 misreads integers."""
    stream, decoded = folder / f"{name}.bin", folder / f"{name}.ply"
    files = f"--compressedStreamPath={stream}"
    down = [binary, "--mode=0", f"--uncompressedDataPath={cloud}", files, *TMC3_COMMON, *TMC3_OPTIONS[name]]
    up = [binary, "--mode=1", files, f"--reconstructedDataPath={decoded}", "--outputBinaryPly=1"]
    return [Command(name, "encode", down, stream), Command(name, "decode", up, decoded)]


def measure(path: Path, models: Sequence[str], threads: int, tmc3: str | None, rounds: int) -> list[Command]:
    """All commands on one cloud, in turn.

    Raises:
        AnchorError: a command failed.
        RuntimeError: it did not give the points back.
    """
    xyz = pcc.read_points(path).xyz
    with tempfile.TemporaryDirectory() as name:
        folder, bare = Path(name), Path(name) / "bare.ply"
        pcc.write_points(bare, pcc.PointCloud(xyz.astype(np.float32)))
        commands = [command for model in models for command in pcc_commands(path, folder, model, threads)]
        for kind in TMC3_OPTIONS if tmc3 else ():
            commands += tmc3_commands(bare, folder, kind, str(tmc3))
        for number in range(rounds + 1):
            for command in commands:
                command.run(count=number > 0)
        for up in (command for command in commands if command.task == "decode"):
            if not np.array_equal(_ordered(pcc.read_points(up.output).xyz), _ordered(xyz)):
                raise RuntimeError(f"{up.codec}: the decoded points differ")
        for command in commands:
            command.num_bytes = command.output.stat().st_size
    return commands


def _ordered(xyz: np.ndarray) -> np.ndarray:
    rows = xyz.astype(np.float64)
    return rows[np.lexsort(rows.T)]


def show(console: Console, path: Path, commands: Sequence[Command], threads: int) -> None:
    """A row a command; ratios are its time over that of tmc3 (the first condition) at the same task."""
    num_points = len(pcc.read_points(path))
    table = Table(title=f"{path.name}: {num_points} points, --threads {threads}")
    for column in (
        "command",
        "bytes",
        "bpp",
        "wall s, min",
        "median",
        "CPU s, min",
        "median",
        "peak MB",
        "wall / tmc3",
    ):
        table.add_column(column, justify="left" if column == "command" else "right", no_wrap=True)
    against = {c.task: min(c.wall_s) for c in commands if c.codec == "tmc3"}
    for c in commands:
        size = (str(c.num_bytes), f"{8 * c.num_bytes / num_points:.4f}") if c.task == "encode" else ("", "")
        times = [f"{value:.3f}" for t in (c.wall_s, c.cpu_s) for value in (min(t), statistics.median(t))]
        ratio = f"{min(c.wall_s) / against[c.task]:.2f}" if c.task in against else "-"
        table.add_row(f"{c.codec}, {c.task}", *size, *times, f"{c.peak_bytes / 1e6:.0f}", ratio)
    console.print(table)
    for c in commands:
        known = TMC3_BYTES.get(path.stem, {}).get(c.codec)
        if known and c.task == "encode":
            same = "as release 23 gives" if c.num_bytes == known else f"release 23 gives {known}: another build?"
            console.print(f"{c.codec}: {c.num_bytes} bytes, {same}")


def show_growth(console: Console, results: dict[int, tuple[int, list[Command]]], threads: int) -> None:
    """A row a command, a column a depth: milliseconds of the quickest run, and nanoseconds a point."""
    table = Table(title=f"wall ms (ns a point), --threads {threads}")
    table.add_column("command")
    for depth, (num_points, _) in results.items():
        table.add_column(f"vox{depth}: {num_points} points", justify="right")
    for row in zip(*(commands for _, commands in results.values()), strict=True):
        cells = zip(row, (num_points for num_points, _ in results.values()), strict=True)
        cells = (f"{1e3 * min(c.wall_s):.0f} ({1e9 * min(c.wall_s) / n:.0f})" for c, n in cells)
        table.add_row(f"{row[0].codec}, {row[0].task}", *cells)
    console.print(table)


def thinned(paths: Sequence[Path], depths: Sequence[int], folder: Path) -> tuple[dict[int, Path], list[str]]:
    """A cloud of integers for each depth, from the smallest cloud that has as many bits, and why others are missing."""
    clouds = [np.rint(pcc.read_points(path).xyz).astype(np.int64) for path in paths]
    clouds = [xyz - xyz.min(axis=0) for xyz in clouds]
    found, missing = {}, []
    for depth in depths:
        bits, xyz = min(((int(x.max()).bit_length(), x) for x in clouds), key=lambda c: (c[0] < depth, c[0]))
        if bits < depth:
            missing.append(f"vox{depth}: not run: no cloud given has {depth} bits an axis")
            continue
        voxels = voxelize(xyz >> (bits - depth))
        found[depth] = folder / f"vox{depth}.ply"
        cloud = pcc.PointCloud(devoxelize(voxels.coords, voxels.grid).astype(np.float32))
        pcc.write_points(found[depth], cloud)
    return found, missing


def depth_range(text: str) -> list[int]:
    """``8..11``, or one depth."""
    first, _, last = text.partition("..")
    return list(range(int(first), int(last or first) + 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clouds", type=Path, nargs="+")
    parser.add_argument("--models", nargs="+", default=["dense"])
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tmc3", default=os.environ.get("PCC_TMC3"))
    parser.add_argument("--depths", type=depth_range, help="for example 8..11")
    args = parser.parse_args()
    console = Console()
    tmc3 = shutil.which(args.tmc3) if args.tmc3 else None
    if tmc3 is None:
        reason = f"{args.tmc3} is no program" if args.tmc3 else "neither --tmc3 nor PCC_TMC3 names one"
        console.print(f"tmc3: not run: {reason}")
    with tempfile.TemporaryDirectory() as folder:
        by_depth, missing = thinned(args.clouds, args.depths or [], Path(folder))
        for line in missing:
            console.print(line)
        for threads in args.threads:
            results = {}
            for depth, path in (by_depth if args.depths else dict(enumerate(args.clouds))).items():
                commands = measure(path, args.models, threads, tmc3, args.rounds)
                results[depth] = len(pcc.read_points(path)), commands
                if not args.depths:
                    show(console, path, commands, threads)
            if args.depths:
                show_growth(console, results, threads)


if __name__ == "__main__":
    main()
