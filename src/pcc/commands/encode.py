"""``pcc encode``: clouds to streams."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pcc.codec.encoder import encode
from pcc.codec.info import describe
from pcc.codec.limits import DEFAULT_LIMITS, Limits
from pcc.codec.outlook import outlook
from pcc.commands.clouds import check_columns, read_cloud, suffixes_of
from pcc.commands.shared import STREAM_SUFFIX, Job, plan, prepare, run_all, show
from pcc.commands.stdio import STDIO, output_file, standard_output
from pcc.io import FORMATS
from pcc.pointcloud import PointCloud


def run(
    inputs: Sequence[Path], output: Path | None, *, threads: int, as_json: bool, drop_invalid: bool,
    format: str | None = None, columns: Sequence[str] | None = None, **options: Any,
) -> int:  # fmt: skip
    """Encodes every input; gives the exit code. ``options`` are those of ``pcc.encode``."""
    prepare(threads)
    jobs = plan(inputs, output, suffixes_of(format, list(FORMATS)), STREAM_SUFFIX)
    check_columns(columns, [job.source for job in jobs], format)
    if output == STDIO:
        standard_output()

    def work(job: Job) -> None:
        _encode_one(job, lambda: read_cloud(job.source, columns, format), as_json, drop_invalid, options)

    return run_all(jobs, work, lambda job: job.source)


def _encode_one(
    job: Job, read: Callable[[], PointCloud], as_json: bool, drop_invalid: bool, options: dict[str, Any]
) -> None:
    start = time.perf_counter()
    original = read()
    cloud = original.finite() if drop_invalid else original
    loaded = time.perf_counter()
    data = encode(cloud, **options)
    encoded = time.perf_counter()
    with output_file(job.target) as file:
        file.write(data)
    record = _record(job, data, cloud) | {"num_dropped": len(original) - len(cloud)}
    record |= {"read_s": loaded - start, "encode_s": encoded - loaded}
    show(record, [_line(record)], as_json, job.target)


def _record(job: Job, data: bytes, cloud: PointCloud) -> dict[str, Any]:
    num_points = len(cloud)
    (frame,) = describe(data, Limits(max_points=max(num_points, DEFAULT_LIMITS.max_points)))
    hint = outlook(cloud.xyz, frame)
    return {
        "input": str(job.source),
        "output": str(job.target),
        "num_points": num_points,
        "num_voxels": frame.header.num_voxels,
        "num_bytes": len(data),
        "bpp": 8 * len(data) / num_points if num_points else 0.0,
        "geometry_bpp": 8 * (frame.geometry_bytes + frame.multiplicity_bytes) / num_points if num_points else 0.0,
        "geometry_bytes": frame.geometry_bytes + frame.multiplicity_bytes,
        "field_bytes": {spec.name: size for spec, size in frame.fields},
        "model": frame.model_digest.hex() if frame.model_digest else None,
        "lossless": not frame.header.quantized and not frame.header.num_merged,
        "floats": cloud.xyz.dtype.name if frame.floats else None,
        "outlook": None if hint is None else asdict(hint),
        "inferred_levels": 0 if frame.inferred is None else len(frame.inferred.shares),
        "voxel_size": frame.header.voxel_size,
        "depth": frame.header.depth,
        "num_points_out": frame.header.num_points,
    }


def _line(record: dict[str, Any]) -> str:
    exact = f"lossless {record['floats']}" if record["floats"] else "lossless"
    how = exact if record["lossless"] else f"voxels of {record['voxel_size']:g}"
    if levels := record["inferred_levels"]:
        how = f"{levels} level{'' if levels == 1 else 's'} of {record['depth']} inferred"
    if record["num_points_out"] != record["num_points"]:
        how += f", {record['num_points_out']:,} points come out"
    dropped = f"; {record['num_dropped']:,} points with no position left out" if record["num_dropped"] else ""
    return (
        f"{record['input']} -> {record['output']}: {record['num_points']:,} points, {record['num_bytes']:,} bytes, "
        f"{record['bpp']:.3f} bpp (positions {record['geometry_bpp']:.3f}), {how}, {record['encode_s']:.2f} s"
        f"{dropped}{_hint(record['outlook'])}"
    )


def _hint(outlook: dict[str, Any] | None) -> str:
    if outlook is None:
        return ""
    return f"; --max-error {outlook['max_error']:g} would take about {outlook['num_bytes']:,} bytes"
