"""Figures that were measured before: of anchors whose program is not here, and of codecs that nobody can run.

They hold for one cloud, which is known by the digest of its geometry, whatever its file is called. They are shown
beside what is measured now, marked, and never enter a comparison of times: their machine is another. ``recorded.csv``
has one line a figure; ``source`` says where it is from.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from functools import cache
from importlib import resources

import numpy as np

from pcc.anchors import Setting
from pcc.datasets.heldout import geometry_digest
from pcc.evaluation.cell import Cell
from pcc.evaluation.sources import Source
from pcc.geometry.voxels import own_step
from pcc.io import read_points
from pcc.metrics.complexity import Complexity
from pcc.metrics.distortion import Distortion
from pcc.metrics.rate import bits_per_point

RECORDED, PUBLISHED = "recorded", "published"

Row = dict[str, str]


@cache
def rows() -> tuple[Row, ...]:
    """All lines of the file."""
    text = resources.files("pcc.evaluation").joinpath("recorded.csv").read_text()
    return tuple(csv.DictReader(text.splitlines()))


def cloud_digest(source: Source) -> str | None:
    """The digest of a cloud on its own grid; None where it lies on none."""
    xyz = read_points(source.path).xyz
    step = own_step(xyz)
    if step is None or len(xyz) == 0:
        return None
    return geometry_digest(np.rint(xyz.astype(np.float64) * step[1] / step[0]).astype(np.int64))


def recorded_cell(source: Source, digest: str | None, codec: str, setting: Setting) -> Cell | None:
    """The recorded figure of ``codec`` for this cloud at this rate; None if there is none."""
    if setting.voxel_size is not None or setting.max_error is not None:
        return None
    for row in _of(digest):
        if (row["codec"], row["rate"], row["fields"]) == (codec, setting.rate, setting.fields):
            return _cell(source, row, setting)
    return None


def published_cells(source: Source, digest: str | None) -> list[Cell]:
    """All published figures of codecs that cannot be run, for this cloud."""
    if source.setting.voxel_size is not None or source.setting.fields != "none":
        return []
    return [
        _cell(source, row, Setting(rate=row["rate"], fields=row["fields"]))
        for row in _of(digest)
        if row["version"] == PUBLISHED
    ]


def _of(digest: str | None) -> Iterable[Row]:
    return (row for row in rows() if row["cloud_digest"] == digest)


def _cell(source: Source, row: Row, setting: Setting) -> Cell:
    lossless = row["lossless"] != "no"
    num_points = int(row["num_points"])
    published = row["version"] == PUBLISHED
    return Cell(
        cloud=source.name,
        category=source.category,
        sequence=source.sequence,
        frame_rate_hz=source.frame_rate_hz,
        codec=row["codec"],
        setting=setting,
        num_points=num_points,
        num_points_out=int(row["num_points_out"] or (num_points if lossless else 0)),
        num_bytes=int(row["num_bytes"]),
        bpp=bits_per_point(int(row["num_bytes"]), num_points),
        lossless=row["lossless"],
        fields_lossless=None,
        distortion=_distortion(row, source.peak, lossless),
        complexity=_complexity(row),
        machine=None,
        input_sha256="",
        stream_sha256="",
        origin=PUBLISHED if published else RECORDED,
        source=row["source"],
    )


def _distortion(row: Row, peak: float, lossless: bool) -> Distortion:
    """What the line says; NaN or None for all else. PSNRs do not depend on the unit, errors are left out."""
    unknown, perfect = math.nan, math.inf if lossless else math.nan
    return Distortion(
        peak=peak,
        d1_mse=unknown, d1_psnr=float(row["d1_psnr"] or perfect),
        d2_mse=unknown, d2_psnr=float(row["d2_psnr"] or perfect),
        d1_mse_ab=unknown, d1_mse_ba=unknown, d2_mse_ab=unknown, d2_mse_ba=unknown,
        hausdorff=unknown, hausdorff_ab=unknown, hausdorff_ba=unknown, d2_hausdorff=unknown, max_error=unknown,
        bound=None, within=None,
        y_psnr=_number(row["y_psnr"]), u_psnr=_number(row["u_psnr"]), v_psnr=_number(row["v_psnr"]),
        reflectance_psnr=None, reflectance_mse=None, reflectance_peak=None,
        num_points_a=int(row["num_points"]), num_points_b=int(row["num_points_out"] or 0),
        num_unique_a=0, num_unique_b=0, identical=lossless,
    )  # fmt: skip


def _complexity(row: Row) -> Complexity:
    encode_s, decode_s = _number(row["encode_user_s"]), _number(row["decode_user_s"])
    return Complexity(
        parameters=None, kmac_per_point=None,
        encode_s=math.nan if encode_s is None else encode_s, decode_s=math.nan if decode_s is None else decode_s,
        encode_total_s=math.nan, decode_total_s=math.nan, encode_user_s=encode_s, decode_user_s=decode_s,
        encode_peak_bytes=int(row["encode_peak_bytes"] or 0), decode_peak_bytes=0,
    )  # fmt: skip


def _number(text: str) -> float | None:
    return float(text) if text else None
