"""``pcc verify``: decode, check the digest, and hold the result against the original."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pcc.codec.agreement import Agreement, Wanted, agree
from pcc.codec.decoder import decode_frame
from pcc.codec.info import FrameInfo, describe
from pcc.codec.limits import Limits
from pcc.codec.session import Session
from pcc.commands.clouds import check_columns, read_cloud
from pcc.commands.shared import STREAM_SUFFIX, find_inputs, prepare, run_all, show
from pcc.commands.stdio import STDIO, read_bytes
from pcc.errors import CorruptStream
from pcc.io import FORMATS
from pcc.pointcloud import PointCloud


@dataclass(frozen=True)
class _Job:
    """One stream, and the originals of its frames; none if there is nothing to hold it against."""

    stream: Path
    originals: tuple[Path, ...] = ()


def run(
    inputs: Sequence[Path], against: Path | None, *, limits: Limits, threads: int, as_json: bool, drop_invalid: bool,
    psnr: float | None = None, peak: float | None = None, max_error: float | None = None,
    format: str | None = None, columns: Sequence[str] | None = None,
) -> int:  # fmt: skip
    """Verifies every stream; gives the exit code (3 if one is not what was promised)."""
    prepare(threads)
    if against is None and (psnr, peak, max_error) != (None, None, None):
        raise ValueError("psnr, peak, max-error: bounds on a stream against its original; expected --against")
    if against == STDIO and STDIO in inputs:
        raise ValueError("-: standard input is the stream or the original, not both")
    check_columns(columns, [against] if against is not None else [], format)
    jobs = _jobs(find_inputs(inputs, [STREAM_SUFFIX]), against)
    wanted = Wanted(psnr, peak, max_error)

    def read(path: Path) -> PointCloud:
        original = read_cloud(path, columns, format)
        return original.finite() if drop_invalid else original

    return run_all(jobs, lambda job: _verify_one(job, read, limits, as_json, wanted), lambda job: job.stream)


def _jobs(found: Sequence[tuple[Path, Path]], against: Path | None) -> list[_Job]:
    """Streams with their originals: a file for one, a folder for several, by their paths below it without suffixes.

    Raises:
        ValueError: an original is missing, or the streams are several and the original is one file.
    """
    if against is None:
        return [_Job(stream) for stream, _ in found]
    if against == STDIO:
        if len(found) != 1:
            raise ValueError(f"against: expected a folder for {len(found)} streams, got standard input")
        return [_Job(found[0][0], (against,))]
    if not against.exists():
        raise ValueError(f"{against}: no such file or folder")
    if not against.is_dir():
        if len(found) != 1:
            raise ValueError(f"against: expected a folder for {len(found)} streams, {against} is a file")
        return [_Job(found[0][0], (against,))]
    originals = find_inputs([against], FORMATS)
    by_stem: dict[Path, Path] = {}
    for path, below in originals:
        if by_stem.setdefault(below.with_suffix(""), path) != path:
            raise ValueError(f"{path}: another file of that name with another suffix; --against takes one of them")
    if len(found) == 1 and found[0][1].with_suffix("") not in by_stem:
        return [_Job(found[0][0], tuple(path for path, _ in originals))]
    missing = [str(stream) for stream, below in found if below.with_suffix("") not in by_stem]
    if missing:
        raise ValueError(
            f"{against}: no original of {missing[0]}" + (f" and {len(missing) - 1} others" * bool(missing[1:]))
        )
    return [_Job(stream, (by_stem[below.with_suffix("")],)) for stream, below in found]


Read = Callable[[Path], PointCloud]


def _verify_one(job: _Job, read: Read, limits: Limits, as_json: bool, wanted: Wanted) -> None:
    path, data = job.stream, read_bytes(job.stream)
    session, frames = Session(data, limits), describe(data, limits)
    spans = session.spans
    if not spans:
        raise CorruptStream("truncated: the stream has no frame")
    if job.originals and len(spans) != len(job.originals):
        raise ValueError(f"against: {path} has {len(spans)} frames, there are {len(job.originals)} originals")
    found = []
    for number, (span, frame) in enumerate(zip(spans, frames, strict=True)):
        cloud = decode_frame(data, span, session=session)
        if job.originals:
            found.append(_against(read(job.originals[number]), cloud, frame, wanted))
    record = {"file": str(path), "num_frames": len(spans), "digest": "ok"}
    line = f"{path}: ok, {len(spans)} frame{'' if len(spans) == 1 else 's'}, digests match"
    if found:
        record |= {"against": str(job.originals[0]) if len(found) == 1 else [str(p) for p in job.originals]}
        record |= {"lossless": all(a.lossless for a in found), "max_error": max(a.max_error for a in found)}
        decibels = [a.d1_psnr for a in found if a.d1_psnr is not None]
        record |= {"d1_psnr": min(decibels)} if decibels else {}
        texts = list(dict.fromkeys(agreement.text for agreement in found))
        line += f"; against {job.originals[0]}{f' and {len(found) - 1} others' * (len(found) > 1)}: {'; '.join(texts)}"
    show(record, [line], as_json)


def _against(original: PointCloud, decoded: PointCloud, frame: FrameInfo, wanted: Wanted) -> Agreement:
    in_lattice = frame.lattice is not None
    return agree(original, decoded, frame.header, ordered=frame.ordered, in_lattice=in_lattice, wanted=wanted)
