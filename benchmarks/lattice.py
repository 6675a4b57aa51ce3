"""Spinning LiDAR in its sensor's lattice: sizes and times of raw frames, bounds, sensors and motion.

    python benchmarks/lattice.py FRAME.bin ... [--models lattice lattice-fast] [--bounds 0.008 0.032] [--rounds 5]
    python benchmarks/lattice.py --sensors [--models lattice]
    python benchmarks/lattice.py --drives FOLDER ... [--every 10]

Every row is decoded and verified. Beside ours stand our own octree and Draco (level 10) on the same points in the same
run; times are the least of all rounds, from memory to memory, and ``locate`` (finding the sensor, the places of all
points and, where there is one, the motion) is part of encoding and shown apart. With --sensors the frames are of
simulated sensors, the table is fitted to three other frames, and how many points it gives back exactly is shown. With
--drives there is a row of averages for each folder: share of exact points (of motion-corrected frames, once the motion
is undone), bits a point at 1 mm, and no times.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import best

import pcc
from pcc.anchors.base import Setting
from pcc.anchors.draco import Draco
from pcc.codec.info import describe
from pcc.codec.lattice.choice import default_program
from pcc.datasets.sensors import sensor_frames
from pcc.errors import PccError
from pcc.geometry.voxels import own_step
from pcc.progress import track
from pcc.sensors.fit import fit_sensor
from pcc.sensors.known import known_tables
from pcc.sensors.locate import locate
from pcc.sensors.report import check_table
from pcc.sensors.untwist import untwist

KINDS = ("hdl64e-like", "vlp16", "os1-128", "hesai-like")


@dataclass(frozen=True)
class Case:
    """A frame, and how it is coded."""

    name: str
    cloud: pcc.PointCloud
    options: dict[str, Any]
    note: str = ""


FLOATS = "lossless floats"


def cases_of_files(paths: list[Path], bounds: list[float]) -> Iterator[Case]:
    for path in paths:
        cloud = pcc.read_points(path)
        on_grid = own_step(cloud.xyz) is not None
        lossless: dict[str, Any] = {} if on_grid else {"voxel_size": 0.001}
        name = f"{path.parent.name}/{path.stem}"
        yield Case(name, cloud, lossless, "lossless" if on_grid else "1 mm")
        if not on_grid:
            yield Case(name, cloud, {}, FLOATS)
        for bound in bounds:
            yield Case(name, cloud, {"max_error": bound}, f"bound {1000 * bound:g} mm")


def cases_of_sensors(seed: int) -> Iterator[Case]:
    for kind in KINDS:
        frames = [measured.cloud for measured in sensor_frames(kind, 4, seed)]
        table, report = fit_sensor([pcc.PointCloud(frame.xyz) for frame in frames[:3]])
        yield Case(kind, frames[3], {"sensor": table}, f"{100 * report.exact:.2f} % exact")


def verified(case: Case, data: bytes) -> None:
    """Raises unless the decoded cloud is what was asked for."""
    back = pcc.decode(data)
    error = np.linalg.norm(back.xyz.astype(float) - case.cloud.xyz.astype(float), axis=1).max()
    limit = case.options.get("max_error", 0.0009 if "voxel_size" in case.options else 0.0)
    if len(back) != len(case.cloud) or error > limit:
        raise PccError(f"{case.name}: decoded {len(back)} points, {error} away at most")


def row_of(case: Case, model: str, rounds: int) -> list[str]:
    options = case.options | {"model": model}
    positions = pcc.PointCloud(case.cloud.xyz)
    verified(case, pcc.encode(positions, **options, order="keep"))
    encode_s, data = best(lambda: pcc.encode(positions, **options), rounds)
    decode_s, _ = best(lambda: pcc.decode(data), rounds)
    (info,) = describe(pcc.encode(case.cloud, **options))
    shades = sum(size for spec, size in info.fields if spec.name == "intensity")
    tables = [options["sensor"]] if "sensor" in options else known_tables()
    xyz = case.cloud.xyz.astype(np.float64) * 1000
    locate_s, _ = best(lambda: locate(tables, xyz), rounds)
    count = len(case.cloud) / 8
    return [
        case.name, case.note, model, f"{len(data) / count:.3f}", f"{shades / count:.3f}",
        f"{1000 * encode_s:.0f}", f"{1000 * locate_s:.0f}", f"{1000 * decode_s:.0f}",
        f"{octree_bpp(case, positions):.2f}", f"{draco_bpp(case, positions):.2f}",
    ]  # fmt: skip


def octree_bpp(case: Case, cloud: pcc.PointCloud) -> float:
    options = {key: value for key, value in case.options.items() if key in ("voxel_size", "max_error")}
    return 8 * len(pcc.encode(cloud, sensor="none", **options)) / len(cloud)


def draco_bpp(case: Case, cloud: pcc.PointCloud) -> float:
    if case.note == FLOATS:
        return float("nan")
    setting = Setting(voxel_size=case.options.get("voxel_size"), max_error=case.options.get("max_error"))
    return 8 * len(Draco().compress(cloud, setting)) / len(cloud)


def row_of_drive(folder: Path, every: int, models: list[str]) -> list[str]:
    """Averages over some frames of a folder."""
    paths = sorted(folder.glob("*.bin"))[::every]
    rows, moved = [], 0
    for path in track(paths, folder.name):
        cloud = pcc.PointCloud(pcc.read_points(path).xyz)
        case = Case(path.stem, cloud, {} if own_step(cloud.xyz) is not None else {"voxel_size": 0.001})
        raw = untwist(cloud, known_tables())
        moved += raw.twist is not None
        sizes = []
        for model in models:
            verified(case, pcc.encode(cloud, **case.options, model=model, order="keep"))
            sizes.append(8 * len(pcc.encode(cloud, **case.options, model=model)) / len(cloud))
        exact = 100 * check_table(raw.table, [raw.cloud]).exact
        rows.append([exact, *sizes, octree_bpp(case, cloud), draco_bpp(case, cloud)])
    means = np.mean(rows, axis=0)
    note = f"{len(paths)} frames, {moved} corrected for motion"
    return [folder.name, note, f"{means[0]:.2f} %", *(f"{mean:.3f}" for mean in means[1:])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", nargs="*", type=Path)
    parser.add_argument("--models", nargs="+", default=["lattice", "lattice-fast"])
    parser.add_argument("--bounds", nargs="*", type=float, default=[0.008, 0.032])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sensors", action="store_true", help="simulated sensors instead of files")
    parser.add_argument("--drives", nargs="+", type=Path, help="averages over folders of frames")
    parser.add_argument("--every", type=int, default=10, help="of the frames of a drive")
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    console = Console(width=150)
    if default_program() is None:
        console.print("the model 'lattice' is not installed")
        return
    if given.drives:
        table = Table("drive", "", "exact", *given.models, "octree", "Draco", title="bits a point, positions at 1 mm")
        for folder in given.drives:
            table.add_row(*row_of_drive(folder, given.every, given.models))
        console.print(table)
        return
    heads = [
        "frame",
        "",
        "model",
        "bpp",
        "reflectance",
        "encode ms",
        "locate ms",
        "decode ms",
        "octree bpp",
        "Draco bpp",
    ]
    table = Table(*heads, title="positions, and reflectance apart")
    cases = cases_of_sensors(given.seed) if given.sensors else cases_of_files(given.frames, given.bounds)
    for case in cases:
        for model in given.models:
            table.add_row(*row_of(case, model, given.rounds))
    console.print(table)


if __name__ == "__main__":
    main()
