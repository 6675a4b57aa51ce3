"""LiDAR odometry beside bitrate on a recorded drive.

KISS-ICP runs on the drive's frames as they are (the row "bypass") and as each codec gives them back. Its trajectory is
scored against the inertial unit's poses and against the trajectory of the undamaged frames.

    python -m pcc.evaluation.perception --frames velodyne_points/data --oxts oxts/data \\
        --imu-to-velo calib_imu_to_velo.txt --lengths 5,10,15,20,25,30 --step 1 \\
        --codec pcc-lidar --codec pcc-lidar:max_error=0.05 --codec draco:voxel_size=0.1 \\
        --streams outputs/streams --json outputs/odometry.json

A codec is NAME[:OPTION=VALUE,...]: pcc-MODEL, draco, raw, zlib, zstd, xz; options voxel_size, max_error, fields,
duplicates. Streams are kept in --streams: a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pcc.datasets.drive import kitti_drive
from pcc.errors import PccError
from pcc.evaluation.codec_specs import CODEC_HELP, parse_codec
from pcc.evaluation.perception_runner import Case, TaskEvaluation, evaluate_tasks
from pcc.evaluation.perception_tables import task_failures_table, task_table, write_task_json
from pcc.evaluation.tables import screen
from pcc.tasks.odometry import KissOdometry
from pcc.tasks.trajectory import KITTI_LENGTHS_M, KITTI_STEP

__all__ = ["Case", "TaskEvaluation", "evaluate_tasks", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 if every cell has a result, 1 if some failed, 2 if nothing could be run."""
    options = _parser().parse_args(arguments)
    console = screen()
    try:
        drive = kitti_drive(options.frames, options.oxts, options.imu_to_velo)
        task = KissOdometry(options.lengths, options.step, deskew=not options.no_deskew)
        codecs = [parse_codec(text) for text in options.codec]
        case = Case(task, drive.poses, drive.truth)
        result = evaluate_tasks(drive.frames, [case], codecs, options.streams)
    except (PccError, ValueError, OSError, ImportError) as error:
        sys.stderr.write(f"perception: {error}\n")
        return 2
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        asked = {name: value for name, value in vars(options).items() if not isinstance(value, Path)}
        write_task_json(result, options.json, asked)
    console.print(task_table(result, task.name))
    if result.failures:
        console.print(task_failures_table(result))
    return 1 if result.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pcc.evaluation.perception", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--frames", type=Path, required=True, help="folder of KITTI raw frames, <number>.bin")
    parser.add_argument("--oxts", type=Path, required=True, help="folder of the unit's records, <number>.txt")
    parser.add_argument("--imu-to-velo", type=Path, required=True, help="calib_imu_to_velo.txt of the drive")
    parser.add_argument(
        "--codec", action="append", default=[], metavar="NAME[:OPTIONS]", help=f"{CODEC_HELP}; may be repeated"
    )
    parser.add_argument("--lengths", type=_lengths, default=KITTI_LENGTHS_M, metavar="M,M",
                        help="segments of the relative error in metres; KITTI's 100 to 800 by default")  # fmt: skip
    parser.add_argument("--step", type=int, default=KITTI_STEP, help="a segment begins at every n-th frame")
    parser.add_argument("--no-deskew", action="store_true", help="for frames whose motion was corrected before")
    parser.add_argument("--streams", type=Path, help="folder where streams are kept")
    parser.add_argument("--json", type=Path, help="file for everything that was measured")
    return parser


def _lengths(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


if __name__ == "__main__":
    raise SystemExit(main())
