"""``pcc verify``: decode, check the digest, and hold the result against the original."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pcc.codec.decoder import decode_frame
from pcc.codec.header import FrameHeader
from pcc.codec.info import describe
from pcc.codec.limits import Limits
from pcc.codec.session import Session
from pcc.commands.shared import STREAM_SUFFIX, find_inputs, prepare, run_all, show
from pcc.errors import CorruptStream
from pcc.geometry.grid import quantize
from pcc.geometry.near import psnr
from pcc.geometry.voxels import voxelize
from pcc.io import read_points
from pcc.ops import morton
from pcc.ops.nearest import nearest
from pcc.pointcloud import PointCloud


def run(
    inputs: Sequence[Path], against: Path | None, *, limits: Limits, threads: int, as_json: bool, drop_invalid: bool,
    psnr: float | None = None, peak: float | None = None,
) -> int:  # fmt: skip
    """Verifies every stream; gives the exit code (3 if one is not what was promised)."""
    prepare(threads)
    found = find_inputs(inputs, [STREAM_SUFFIX])
    if against is not None and len(found) != 1:
        raise ValueError(f"against: expected one stream, got {len(found)}")
    if against is None and (psnr is not None or peak is not None):
        raise ValueError("psnr, peak: say what is asked of a stream against its original; expected --against")
    wanted = Wanted(psnr, peak)
    return run_all(
        found, lambda item: _verify_one(item[0], against, drop_invalid, limits, as_json, wanted), lambda item: item[0]
    )


@dataclass(frozen=True)
class Wanted:
    """D1 in decibels that a lossy frame must reach, and its peak in voxels; None: any, and 2^depth - 1."""

    psnr: float | None = None
    peak: float | None = None


ANYTHING = Wanted()


def _verify_one(
    path: Path, against: Path | None, drop_invalid: bool, limits: Limits, as_json: bool, wanted: Wanted
) -> None:
    data = path.read_bytes()
    session, frames = Session(data, limits), describe(data, limits)
    spans = session.spans
    if not spans:
        raise CorruptStream("truncated: the stream has no frame")
    if against is not None and len(spans) != 1:
        raise ValueError(f"against: expected a stream of one frame, {path} has {len(spans)}")
    record = {"file": str(path), "num_frames": len(spans), "digest": "ok"}
    line = f"{path}: ok, {len(spans)} frame{'' if len(spans) == 1 else 's'}, digests match"
    for span, frame in zip(spans, frames, strict=True):
        cloud = decode_frame(data, span, session=session)
        if against is not None:
            original = read_points(against)
            agreement = agree(original.finite() if drop_invalid else original, cloud, frame.header, wanted)
            record |= {"against": str(against), "lossless": agreement.lossless, "max_error": agreement.max_error}
            record |= {} if agreement.d1_psnr is None else {"d1_psnr": agreement.d1_psnr}
            line += f"; against {against}: {agreement.text}"
    show(record, [line], as_json)


@dataclass(frozen=True)
class Agreement:
    """How a decoded cloud relates to its original; ``max_error`` is Euclidean, in the clouds' unit."""

    lossless: bool
    max_error: float
    text: str
    d1_psnr: float | None = None


def agree(original: PointCloud, decoded: PointCloud, header: FrameHeader, wanted: Wanted = ANYTHING) -> Agreement:
    """What ``decoded`` keeps of ``original``, checked point by point.

    Raises:
        CorruptStream: points or fields differ by more than the header admits, or D1 is not what is wanted.
    """
    if header.inferred:
        return _near(original, decoded, header, wanted)
    pairs, max_error = _pairs(original, decoded, header)
    for name, values in decoded.fields.items():
        if name not in original.fields:
            raise CorruptStream(f"field {name!r} is not in the original")
        there = original.fields[name][pairs]
        if there.dtype != values.dtype or there.tobytes() != values.tobytes():
            raise CorruptStream(f"field {name!r} differs from the original")
    dropped = [name for name in original.fields if name not in decoded.fields]
    without = f"; fields not in the stream: {', '.join(dropped)}" if dropped else ""
    if header.quantized:
        return Agreement(False, max_error, f"every point within {max_error:.6g} of its place{without}")
    if header.num_merged:
        return Agreement(False, 0.0, f"the same set of positions{without}")
    return Agreement(True, 0.0, f"the same points and values{without}")


def _near(original: PointCloud, decoded: PointCloud, header: FrameHeader, wanted: Wanted) -> Agreement:
    """How far the voxels of two clouds lie apart, where nothing is promised of them but the fields that there were."""
    unknown = [name for name in decoded.fields if name not in original.fields]
    if unknown:
        raise CorruptStream(f"field {unknown[0]!r} is not in the original")
    coords = [quantize(cloud.xyz, header.grid) for cloud in (decoded, original)]
    if any(c.min(initial=0) < 0 or c.max(initial=0) >> header.depth for c in coords):
        raise CorruptStream("the original lies elsewhere: it is another cloud")
    coded, there = (np.unique(morton.encode(c)) for c in coords)
    away = [nearest(*pair)[1] for pair in ((there, coded), (coded, there))]
    peak = float((1 << header.depth) - 1) if wanted.peak is None else wanted.peak
    decibels = psnr(max(float(squared.mean()) for squared in away), peak)
    if wanted.psnr is not None and decibels < wanted.psnr:
        raise CorruptStream(f"D1 is {decibels:.2f} dB (peak {peak:g}), less than {wanted.psnr:g}")
    max_error = header.voxel_size * math.sqrt(max(int(squared.max()) for squared in away))
    kept = (away[0] == 0).mean()
    text = (
        f"{kept:.1%} of the voxels are there, D1 {decibels:.2f} dB (peak {peak:g}), none farther than {max_error:.6g}"
    )
    return Agreement(False, max_error, text, decibels)


def _pairs(original: PointCloud, decoded: PointCloud, header: FrameHeader) -> tuple[np.ndarray, float]:
    """For each decoded point the row of the original that it stands for, and the largest distance between the two."""
    step = header.voxel_size if header.quantized else None
    voxels = voxelize(original.xyz, voxel_size=step)
    rows = voxels.order
    if header.num_merged is not None:
        rows = rows[np.cumsum(voxels.counts) - voxels.counts]
    if len(np.unique(rows)) != len(decoded):
        raise CorruptStream(f"expected {len(rows)} points, the stream holds {len(decoded)}")
    if not header.quantized:
        if original.xyz.dtype != decoded.xyz.dtype or not np.array_equal(original.xyz[rows], decoded.xyz):
            raise CorruptStream("positions differ from the original")
        return rows, 0.0
    merged = header.num_merged is not None
    places = np.repeat(decoded.xyz, voxels.counts, axis=0) if merged else decoded.xyz
    return rows, _max_error(original.xyz[voxels.order], places, header)


def _max_error(original: np.ndarray, decoded: np.ndarray, header: FrameHeader) -> float:
    """The largest distance of paired points, each axis being within half a voxel (and the rounding of the dtype)."""
    distances = np.abs(original.astype(np.float64) - decoded.astype(np.float64))
    rounding = np.spacing(np.abs(decoded).max(initial=0)) if decoded.dtype.kind == "f" else 0
    if distances.max(initial=0.0) > header.voxel_size / 2 * (1 + 1e-9) + float(rounding):
        raise CorruptStream(
            f"a point is {distances.max()} from its place, more than half a voxel ({header.voxel_size})"
        )
    return float(np.sqrt((distances**2).sum(axis=1).max(initial=0.0)))
