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
from pcc.errors import CorruptStream
from pcc.io import FORMATS, write_points


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
    suffix = "." + format.lower().lstrip(".")
    if suffix not in FORMATS:
        raise ValueError(f"format: expected one of {', '.join(s[1:] for s in FORMATS)}, got {format!r}")
    prepare(threads)
    jobs = plan(inputs, output, [STREAM_SUFFIX], suffix)
    return run_all(jobs, lambda job: _decode_one(job, limits, as_json, options), lambda job: job.source)


def _decode_one(job: Job, limits: Limits, as_json: bool, options: dict[str, Any]) -> None:
    data = job.source.read_bytes()
    session = Session(data, limits)
    spans = session.spans
    if not spans:
        raise CorruptStream("truncated: the stream has no frame")
    job.target.parent.mkdir(parents=True, exist_ok=True)
    for i, span in enumerate(spans):
        start = time.perf_counter()
        cloud = decode_frame(data, span, session=session)
        decoded = time.perf_counter()
        target = job.target if len(spans) == 1 else job.target.with_stem(f"{job.target.stem}_{i:06d}")
        write_points(target, cloud, **options)
        record = {
            "input": str(job.source),
            "output": str(target),
            "num_points": len(cloud),
            "fields": list(cloud.fields),
            "decode_s": decoded - start,
            "write_s": time.perf_counter() - decoded,
        }
        line = f"{job.source} -> {target}: {len(cloud):,} points, {record['decode_s']:.2f} s"
        show(record, [line], as_json)
