"""Measured runs of MPEG's tmc3 against the wrapper's options: both should have the same number of bytes.

    PCC_TMC3=TMC3 python benchmarks/gpcc_measured.py RUNS.csv longdress_vox10_1300=CLOUD.ply kittidet_000001=FRAME.bin

RUNS.csv has the columns suite, cloud, condition, tmc13 (its version) and bytes. A condition's name says the coder, its
rate point and its transform: ``octree_r01``, ``pg_ang_r05``, ``C1_raht_noang_r03``; conditions of other options and
clouds that are not given are counted, not run. Dense clouds are PLY files of integers; LiDAR frames are KITTI's, coded
in millimetres with their reflectance times 255 (``_x100``: times 100). Ends with status 1 if a number differs.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pcc.anchors.base import Setting
from pcc.anchors.gpcc import options
from pcc.anchors.gpcc.lasers import known_lasers
from pcc.anchors.gpcc.tmc3 import Tmc3
from pcc.anchors.rates import rate_points
from pcc.io import read_points
from pcc.pointcloud import PointCloud

DENSE_BITS, LIDAR_BITS = 10, 18
LOSSLESS_QP = 4
TRANSFORMS = {"predt": "predicting", "raht_haar": "haar", "haar": "haar", "raht": "raht", "lift": "lifting"}
DENSE = re.compile(
    r"(?:C1_)?(?P<coder>ll|octree|trisoup)(?P<planar>_merge1_planar1)?(?:_r0(?P<rate>\d))?(?:\.v23)?$"
    r"|(?P<condition>CW|C1|C2)_(?P<trisoup>trisoup_)?(?P<transform>predt|raht_haar|raht|lift)_(?:lossless|r0(?P<qp>\d))$"
)
LIDAR = re.compile(
    r"(?:ctc_)?(?P<coder>oct|predgeom|pg)_(?P<mode>noang|ang(?:ular)?)(?P<merge>_merge1)?(?:_sort(?P<sort>\d))?"
    r"(?:_r0(?P<rate>\d))?$"
    r"|(?P<condition>LL|C1|C2)_(?P<transform>predt|haar|raht|lift)_(?P<of>noang|ang|pgang)(?:_r0(?P<qp>\d))?"
    r"(?:_x(?P<times>100|255))?$"
)


@dataclass(frozen=True)
class Job:
    """Options, and which field goes with the positions: none, the colours, or reflectance times a number."""

    options: list[str]
    colours: bool = False
    times: int | None = None


def dense_job(condition: str) -> Job | None:
    found = DENSE.match(condition)
    if found is None:
        return None
    transform = found["transform"]
    rate = _rate(found["rate"] or found["qp"], DENSE_BITS)
    if found["coder"] == "trisoup" or found["trisoup"]:
        geometry = options.trisoup(rate.node_size_log2 or 0)
        quantiser = options.TRISOUP_QP[rate.node_size_log2 or 0]
    else:
        planar = bool(found["planar"])
        scale = 1.0 if found["condition"] == "C1" else rate.scale
        geometry = options.dense_octree(scale, merge=planar, planar=planar)
        quantiser = LOSSLESS_QP if rate.quantiser is None else rate.quantiser
    if transform is None:
        return Job([*geometry, "--disableAttributeCoding=1"])
    lossless = found["condition"] != "C2"
    return Job([*geometry, *options.colour(TRANSFORMS[transform], quantiser, lossless_geometry=lossless)], colours=True)


def lidar_job(condition: str) -> Job | None:
    found = LIDAR.match(condition)
    if found is None:
        return None
    known = known_lasers("hdl64e")
    millimetres = replace(known, z=tuple(1000 * z for z in known.z))
    lasers = None if "noang" in (found["mode"], found["of"]) else millimetres
    rate = _rate(found["rate"] or found["qp"], LIDAR_BITS)
    scale = 1.0 if found["condition"] == "C1" else rate.scale
    if found["coder"] in ("predgeom", "pg") or found["of"] == "pgang":
        sort, merge = int(found["sort"] or 0), bool(found["merge"])
        geometry = options.lidar_predictive(scale, lasers=lasers, merge=merge, sort=sort)
    else:
        direct_coding = 1 if found["times"] else 3  # runs of two factors were measured with tmc3's default
        geometry = options.lidar_octree(scale, lasers=lasers, merge=bool(found["merge"]), direct_coding=direct_coding)
    if found["transform"] is None:
        return Job([*geometry, "--disableAttributeCoding=1"])
    quantiser = LOSSLESS_QP if rate.quantiser is None else rate.quantiser
    transform = TRANSFORMS[found["transform"]]
    attribute = options.reflectance(transform, quantiser, spherical=lasers is not None)
    return Job([*geometry, *attribute], times=int(found["times"] or 255))


def _rate(number: str | None, bits: int) -> Setting:
    return Setting() if number is None else rate_points([f"r0{number}"], Setting(), bits)[0]


def job_of(row: dict[str, str]) -> Job | None:
    return lidar_job(row["condition"]) if row["suite"].startswith(("lidar", "refl")) else dense_job(row["condition"])


def with_fields(cloud: PointCloud, job: Job) -> PointCloud:
    """What the job codes, as tmc3 wants it."""
    xyz = cloud.xyz
    if "intensity" in cloud.fields:
        xyz = np.rint(xyz.astype(np.float64) * 1000).astype(np.int32)
    if job.colours:
        return PointCloud(xyz, {name: cloud.fields[name] for name in ("red", "green", "blue")})
    if job.times:
        whole = np.rint(cloud.fields["intensity"].astype(np.float64) * job.times)
        return PointCloud(xyz, {"refc": whole.astype(np.uint16)})
    return PointCloud(xyz)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("clouds", nargs="+", help="NAME=PATH")
    parser.add_argument("--tmc3", help="default: PCC_TMC3, then PATH")
    parser.add_argument("--version", default="v23", help="of the rows that are compared")
    args = parser.parse_args()
    clouds = {name: read_points(path) for name, path in (text.split("=", 1) for text in args.clouds)}
    with open(args.runs, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tmc13"] == args.version]
    program = Tmc3(args.tmc3)
    table = Table("suite", "cloud", "condition", "measured", "here", "difference")
    num_same = num_different = num_others = num_absent = 0
    for row in rows:
        job = job_of(row)
        if row["cloud"] not in clouds:
            num_absent += 1
        elif job is None:
            num_others += 1
        else:
            size = len(program.encode(with_fields(clouds[row["cloud"]], job), job.options)[0])
            difference = size - int(row["bytes"])
            num_same, num_different = num_same + (difference == 0), num_different + (difference != 0)
            note = f"{difference:+d}" if difference else ""
            table.add_row(row["suite"], row["cloud"], row["condition"], row["bytes"], str(size), note)
    console = Console()
    console.print(table)
    console.print(
        f"{num_same} of {num_same + num_different} sizes are the same; not run: {num_absent} rows of other clouds, "
        f"{num_others} of other options"
    )
    sys.exit(num_different > 0)


if __name__ == "__main__":
    main()
