"""Decoded sequences as a folder that KITTI's own readers accept, so that an unmodified detector runs on them.

    python -m pcc.evaluation.kitti_tree training/velodyne out/training \\
        --codec pcc-lidar:max_error=0.05,fields=all --layout detection --source training
    python -m pcc.evaluation.kitti_tree drive_0005_sync/velodyne_points/data out/drive_0005_sync \\
        --codec draco:voxel_size=0.1 --layout raw --zero-intensity

    layout detection   OUT/velodyne/000000.bin                       KITTI detection and odometry
    layout raw         OUT/velodyne_points/data/0000000000.bin       KITTI raw

A frame keeps its number, so labels still fit it. What a detector needs besides is copied from --source where it is
there: calib, label_2, planes, ImageSets, image_sets, oxts and the text files beside them; no images. A detector that
reads intensity gets nonsense from zeros: a codec that drops it is refused unless --zero-intensity says that this is
wanted. OUT/pcc_export.json says which codec made the frames, at how many bits, and what became of the order.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pcc.errors import MissingField, PccError
from pcc.evaluation.codec_specs import CODEC_HELP, describe_setting, parse_codec
from pcc.evaluation.passage import Passage
from pcc.evaluation.stream_cache import StreamCache
from pcc.evaluation.tables import screen
from pcc.io import atomic_file, write_points
from pcc.pointcloud import PointCloud
from pcc.progress import track

LAYOUTS = {"detection": ("velodyne", 6), "raw": ("velodyne_points/data", 10)}  # folder, digits of a frame's number
COPIED = ("calib", "label_2", "planes", "ImageSets", "image_sets", "oxts", "*.txt")
RECORD = "pcc_export.json"


def export_tree(
    frames: Sequence[Path], folder: Path, passage: Passage, layout: str, *,
    source: Path | None = None, zero_intensity: bool = False,
) -> list[Path]:  # fmt: skip
    """Writes the decoded ``frames`` below ``folder``.

    Args:
        frames: files whose names are numbers.
        passage: the codec that they go through; it has the sums afterwards.
        layout: one of ``LAYOUTS``.
        source: the folder whose calibration, labels and lists of frames are copied; None copies nothing.
        zero_intensity: write intensity 0 where the codec drops it, instead of raising.

    Returns:
        The files of the frames. Each appears complete or not at all, and the record last.

    Raises:
        ValueError: the layout is unknown, there are no frames, names are no numbers or meet, or the source lies in
            ``folder`` or is it.
        MissingField: decoded frames have no intensity.
        PccError: a frame is unreadable, or the codec failed.
    """
    targets = frame_targets(frames, folder, layout)
    if source is not None:
        copy_companions(source, folder)
    targets[0].parent.mkdir(parents=True, exist_ok=True)
    for target, cloud in zip(targets, passage.frames(track(list(frames), "exporting frames")), strict=True):
        write_points(target, with_intensity(cloud, target.name, zero_intensity))
    _write_record(folder, passage, layout, zero_intensity)
    return targets


def frame_targets(frames: Sequence[Path], folder: Path, layout: str) -> list[Path]:
    """Where each of ``frames`` goes. Raises ValueError as ``export_tree``."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout: expected one of {', '.join(LAYOUTS)}, got {layout!r}")
    if not frames:
        raise ValueError("frames: expected at least one, got none")
    names = [path.stem for path in frames]
    unnumbered = [name for name in names if not (name.isascii() and name.isdigit())]
    if unnumbered:
        raise ValueError(f"frames: expected numbers as names, got {unnumbered[0]!r}")
    subfolder, digits = LAYOUTS[layout]
    targets = [folder / subfolder / f"{int(name):0{digits}d}.bin" for name in names]
    if len(set(targets)) < len(targets):
        raise ValueError("frames: expected each number once")
    for path, target in zip(frames, targets, strict=True):
        if path.resolve() == target.resolve():
            raise ValueError(f"folder: {target} is an original frame and would be overwritten")
    return targets


def copy_companions(source: Path, folder: Path) -> list[Path]:
    """Copies what ``COPIED`` names from ``source`` to ``folder``; what was copied.

    Raises:
        FileNotFoundError: there is no such source.
        ValueError: source and folder are one.
    """
    if not source.is_dir():
        raise FileNotFoundError(f"source: no such folder: {source}")
    if source.resolve() == folder.resolve():
        raise ValueError(f"source: expected another folder than the one that is written, got {source}")
    found = [path for pattern in COPIED for path in sorted(source.glob(pattern))]
    copied = []
    for path in found:
        files = [path] if path.is_file() else [file for file in sorted(path.rglob("*")) if file.is_file()]
        for file in files:
            copied.append(folder / file.relative_to(source))
            copied[-1].parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as original, atomic_file(copied[-1]) as copy:
                shutil.copyfileobj(original, copy)
    return copied


def with_intensity(cloud: PointCloud, name: str, zero_intensity: bool) -> PointCloud:
    """``cloud`` with intensity alone, as a KITTI file holds it; without any field where zeros are wanted."""
    if "intensity" in cloud.fields:
        return cloud.with_fields({"intensity": cloud.fields["intensity"]})
    if not zero_intensity:
        raise MissingField(f"{name}: decoded without intensity; ask the codec for fields=all, or for zeros on purpose")
    return cloud.with_fields({})


def _write_record(folder: Path, passage: Passage, layout: str, zero_intensity: bool) -> None:
    record = {
        "layout": layout,
        "codec": passage.codec.name,
        "setting": describe_setting(passage.setting),
        "num_frames": passage.num_frames,
        "num_points": passage.num_points,
        "num_points_out": passage.num_points_out,
        "num_bytes": passage.num_bytes,
        "bpp": passage.bpp,
        "order": "kept" if passage.order_kept else "changed",
        "intensity": "zero" if zero_intensity and not passage.fields_kept else "exact",
    }
    with atomic_file(folder / RECORD) as file:
        file.write((json.dumps(record, indent=1) + "\n").encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 if the tree was written, 2 if not."""
    options = _parser().parse_args(arguments)
    console = screen()
    try:
        codec, setting = parse_codec(options.codec)
        passage = Passage(codec, setting, StreamCache(options.streams))
        frames = sorted(options.frames.glob("*.bin"))
        export_tree(frames, options.folder, passage, options.layout,
                    source=options.source, zero_intensity=options.zero_intensity)  # fmt: skip
    except (PccError, ValueError, OSError, ImportError) as error:
        sys.stderr.write(f"kitti_tree: {error}\n")
        return 2
    console.print(f"{passage.num_frames} frames, {passage.bpp:.3f} bpp: {options.folder}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pcc.evaluation.kitti_tree", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("frames", type=Path, help="folder of KITTI frames, <number>.bin")
    parser.add_argument("folder", type=Path, help="where the tree is written")
    parser.add_argument("--codec", required=True, metavar="NAME[:OPTIONS]", help=CODEC_HELP)
    parser.add_argument("--layout", choices=sorted(LAYOUTS), default="detection")
    parser.add_argument("--source", type=Path, help="folder whose calibration, labels and lists are copied")
    parser.add_argument("--zero-intensity", action="store_true", help="write zeros where the codec drops intensity")
    parser.add_argument("--streams", type=Path, help="folder where streams are kept between runs")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
