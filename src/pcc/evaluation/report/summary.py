"""The figures of a report: averages over the frames of a sequence, deltas against an anchor, class means, complexity.

Conventions (AI-PCC common test conditions): the rate of a sequence is its bits by its input points; its PSNR is the
mean of its frames'; classes are arithmetic means of BD-rates; times are averaged geometrically. A lossless frame has no
PSNR that could be averaged, so a sequence counts as lossless only if all its frames are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pcc.evaluation.cell import Cell
from pcc.evaluation.runner import Evaluation
from pcc.metrics.bdrate import BdDelta, Curve, bd_psnr, bd_rate, curve, mean_delta
from pcc.metrics.rate import bits_per_point, megabits_per_second

MEASURED = "measured"


@dataclass(frozen=True)
class Point:
    """One codec at one rate on one cloud, or on all frames of one sequence.

    Attributes:
        bpp: of the input points. mbit_s: of a sequence with a frame rate, else None.
        psnrs: by metric ("D1", "D2", "Y", "U", "V", "reflectance"): dB, infinite if lossless; absent if unknown.
        lossless: the least of its frames: "multiset", "set" or "no".
        encode_s, decode_s: geometric means; encode_bytes, decode_bytes: the highest peaks of memory; None: unknown.
        kmac_per_point, parameters: of the decoder's networks, the mean and the most; None: none or unknown.
        origin: "measured", "recorded" or "published".
    """

    cloud: str
    category: str
    codec: str
    rate: str
    num_frames: int
    num_points: int
    num_bytes: int
    bpp: float
    mbit_s: float | None
    psnrs: dict[str, float]
    lossless: str
    encode_s: float | None
    decode_s: float | None
    encode_bytes: int | None
    decode_bytes: int | None
    kmac_per_point: float | None
    parameters: int | None
    origin: str
    source: str


_METRICS: dict[str, Callable[[Cell], float | None]] = {
    "D1": lambda cell: cell.distortion.d1_psnr,
    "D2": lambda cell: cell.distortion.d2_psnr,
    "Y": lambda cell: cell.distortion.y_psnr,
    "U": lambda cell: cell.distortion.u_psnr,
    "V": lambda cell: cell.distortion.v_psnr,
    "reflectance": lambda cell: cell.distortion.reflectance_psnr,
}
_ORDER = ("no", "set", "multiset")


def points(evaluation: Evaluation) -> list[Point]:
    """The cells, those of a sequence's frames together."""
    groups: dict[tuple[str, str, str, str], list[Cell]] = {}
    for cell in evaluation.cells:
        groups.setdefault((cell.sequence or cell.cloud, cell.codec, cell.setting.rate, cell.origin), []).append(cell)
    return [_point(cloud, codec, rate, cells) for (cloud, codec, rate, _), cells in groups.items()]


def _point(cloud: str, codec: str, rate: str, cells: list[Cell]) -> Point:
    first = cells[0]
    num_bytes, num_points = sum(cell.num_bytes for cell in cells), sum(cell.num_points for cell in cells)
    psnrs = {
        name: value for name, of in _METRICS.items() if (value := _mean_psnr([of(cell) for cell in cells])) is not None
    }
    costs = [cell.complexity for cell in cells]
    frames_s = first.frame_rate_hz
    return Point(
        cloud=cloud,
        category=first.category,
        codec=codec,
        rate=rate,
        num_frames=len(cells),
        num_points=num_points,
        num_bytes=num_bytes,
        bpp=bits_per_point(num_bytes, num_points),
        mbit_s=megabits_per_second(num_bytes, len(cells), frames_s) if frames_s else None,
        psnrs=psnrs,
        lossless=min((cell.lossless for cell in cells), key=_ORDER.index),
        encode_s=geometric_mean(cost.encode_s for cost in costs),
        decode_s=geometric_mean(cost.decode_s for cost in costs),
        encode_bytes=max(cost.encode_peak_bytes for cost in costs) or None,
        decode_bytes=max(cost.decode_peak_bytes for cost in costs) or None,
        kmac_per_point=_mean([cost.kmac_per_point for cost in costs]),
        parameters=max((cost.parameters for cost in costs if cost.parameters is not None), default=None),
        origin=first.origin,
        source=first.source,
    )


def geometric_mean(values: Iterable[float]) -> float | None:
    """Of positive numbers; None where there are none."""
    logs = [math.log(value) for value in values if value > 0]
    return math.exp(sum(logs) / len(logs)) if logs else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _mean_psnr(values: Sequence[float | None]) -> float | None:
    """Infinite only if all are; the mean of the finite ones otherwise; None if one is unknown."""
    if any(value is None or math.isnan(value) for value in values):
        return None
    finite = [value for value in values if value is not None and math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.inf


@dataclass(frozen=True)
class Comparison:
    """One codec against the anchor on one cloud by one metric."""

    cloud: str
    category: str
    codec: str
    metric: str
    rate: BdDelta
    psnr: BdDelta


def curves(found: Sequence[Point], cloud: str, metric: str) -> dict[str, Curve]:
    """The curve of each codec on a cloud that has two points of finite PSNR or more, by its name."""
    codecs = dict.fromkeys(point.codec for point in found if point.cloud == cloud)
    lines = {
        codec: curve(
            (point.bpp, point.psnrs[metric])
            for point in found
            if (point.cloud, point.codec) == (cloud, codec) and metric in point.psnrs
        )
        for codec in codecs
    }
    return {codec: line for codec, line in lines.items() if len(line.rates) > 1}


def comparisons(found: Sequence[Point], anchor: str) -> list[Comparison]:
    """Every codec with a curve against ``anchor``, cloud by cloud, metric by metric."""
    categories = {point.cloud: point.category for point in found}
    made = []
    for cloud, category in categories.items():
        for metric in _METRICS:
            lines = curves(found, cloud, metric)
            if anchor in lines:
                made += [
                    Comparison(
                        cloud, category, codec, metric, bd_rate(lines[anchor], line), bd_psnr(lines[anchor], line)
                    )
                    for codec, line in lines.items()
                    if codec != anchor
                ]
    return made


@dataclass(frozen=True)
class ClassMean:
    """The mean BD-rate of a codec over the clouds of a class: per cent, over how many, and how many had none."""

    category: str
    codec: str
    metric: str
    bd_rate: float | None
    num_clouds: int
    num_without: int


def class_means(made: Sequence[Comparison]) -> list[ClassMean]:
    """By class, codec and metric, and over all clouds ("all") where there are several classes."""
    keys = dict.fromkeys((item.category, item.codec, item.metric) for item in made)
    if len({category for category, _, _ in keys}) > 1:
        keys |= dict.fromkeys(("all", codec, metric) for _, codec, metric in keys)
    return [
        ClassMean(
            category, codec, metric,
            *mean_delta(
                item.rate
                for item in made
                if (item.codec, item.metric) == (codec, metric) and category in ("all", item.category)
            ),
        )
        for category, codec, metric in keys
    ]  # fmt: skip


@dataclass(frozen=True)
class CodecCost:
    """A row of the AI-PCC complexity form, over all measured clouds and rates of a codec."""

    codec: str
    parameters: int | None
    kmac_per_point: float | None
    encode_s: float | None
    decode_s: float | None
    encode_ns_per_point: float | None
    decode_ns_per_point: float | None
    encode_bytes: int | None
    decode_bytes: int | None


def codec_costs(found: Sequence[Point]) -> list[CodecCost]:
    """Measured points only: recorded ones are of other machines."""
    rows = []
    for codec in dict.fromkeys(point.codec for point in found if point.origin == MEASURED):
        of = [point for point in found if (point.codec, point.origin) == (codec, MEASURED)]
        rows.append(
            CodecCost(
                codec=codec,
                parameters=max((point.parameters for point in of if point.parameters is not None), default=None),
                kmac_per_point=_mean([point.kmac_per_point for point in of]),
                encode_s=geometric_mean(point.encode_s or 0 for point in of),
                decode_s=geometric_mean(point.decode_s or 0 for point in of),
                encode_ns_per_point=_nanoseconds((point.encode_s, point) for point in of),
                decode_ns_per_point=_nanoseconds((point.decode_s, point) for point in of),
                encode_bytes=max((point.encode_bytes or 0 for point in of), default=0) or None,
                decode_bytes=max((point.decode_bytes or 0 for point in of), default=0) or None,
            )
        )
    return rows


def _nanoseconds(times: Iterable[tuple[float | None, Point]]) -> float | None:
    return geometric_mean((seconds or 0) * 1e9 * point.num_frames / point.num_points for seconds, point in times)
