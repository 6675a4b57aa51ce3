"""``pcc decode``: streams to clouds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pcc.codec.decoder import decode_frame
from pcc.codec.limits import Limits
from pcc.codec.session import Session
from pcc.commands.shared import STREAM_SUFFIX, Job, plan, prepare, run_all, show
from pcc.commands.stdio import STDIO, read_bytes, standard_output
from pcc.errors import CorruptStream
from pcc.io import format_suffix, write_points
from pcc.pointcloud import PointCloud


def run(
    inputs: Sequence[Path],
    output: Path,
    *,
    format: str,
    limits: Limits,
    threads: int,
    as_json: bool,
    **options: Any,
) -> int:
    """Decodes every input; gives the exit code. ``options`` are those of ``pcc.write_points``."""
    suffix = format_suffix(STDIO, format)
    prepare(threads)
    jobs = plan(inputs, output, [STREAM_SUFFIX], suffix)
    if output == STDIO:
        standard_output(text=options["ascii"])
        options["format"] = format
    return run_all(jobs, lambda job: _decode_one(job, limits, as_json, options), lambda job: job.source)


def _decode_one(job: Job, limits: Limits, as_json: bool, options: dict[str, Any]) -> None:
    data = read_bytes(job.source)
    session = Session(data, limits)
    spans = session.spans
    if not spans:
        raise CorruptStream("truncated: the stream has no frame")
    if job.target == STDIO and len(spans) > 1:
        raise ValueError(f"-: standard output takes one cloud, the stream has {len(spans)} frames; expected a folder")
    job.target.parent.mkdir(parents=True, exist_ok=True)
    for i, span in enumerate(spans):
        start = time.perf_counter()
        cloud = decode_frame(data, span, session=session)
        decoded = time.perf_counter()
        target = job.target if len(spans) == 1 else job.target.with_stem(f"{job.target.stem}_{i:06d}")
        _write(target, cloud, options)
        record = {
            "input": str(job.source),
            "output": str(target),
            "num_points": len(cloud),
            "fields": list(cloud.fields),
            "decode_s": decoded - start,
            "write_s": time.perf_counter() - decoded,
        }
        line = f"{job.source} -> {target}: {len(cloud):,} points, {record['decode_s']:.2f} s"
        show(record, [line], as_json, target)


def _write(target: Path, cloud: PointCloud, options: dict[str, Any]) -> None:
    if target != STDIO:
        write_points(target, cloud, **options)
        return
    file = standard_output(text=options["ascii"])
    write_points(file, cloud, **options)
    file.flush()
