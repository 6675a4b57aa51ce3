"""The report as one page: no other file, no script, no network; tables scroll by themselves on a narrow screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from pcc.evaluation.report import plots
from pcc.evaluation.report.markup import CSS, grid, number, picture, slug, table
from pcc.evaluation.report.summary import (
    MEASURED,
    Comparison,
    Point,
    class_means,
    codec_costs,
    comparisons,
)
from pcc.evaluation.runner import Evaluation, Failure, by_reason

_METRIC_ORDER = ("D1", "D2", "Y", "U", "V", "reflectance")


def write_page(
    evaluation: Evaluation,
    found: Sequence[Point],
    path: Path,
    *,
    title: str,
    anchor: str | None = None,
    pictures: Mapping[str, Path] | None = None,
    tasks: str = "",
) -> None:
    """Writes the page.

    Args:
        anchor: the codec that BD-rates are against; None takes the first that is not ours and has a curve.
        pictures: PNG files by their captions.
        tasks: HTML of a section on perception.
    """
    palette = plots.Palette.of(found)
    sections = [
        ("Lossless", _lossless(found, palette)),
        ("Rate and distortion", _curves(found, palette)),
        ("BD-rate", _deltas(found, anchor or default_anchor(found))),
        ("Time", _times(found, palette)),
        ("Complexity", _complexity(found)),
        ("Perception", tasks),
        ("Pictures", _pictures(pictures or {})),
        ("All cells", _cells(found)),
        ("Not run", _failures(evaluation.not_run)),
        ("Failed", _failures(evaluation.failures)),
    ]
    shown = [(heading, body) for heading, body in sections if body]
    links = "".join(f'<a href="#{slug(heading)}">{heading}</a>' for heading, _ in shown)
    body = "\n".join(f'<h2 id="{slug(heading)}">{heading}</h2>\n{text}' for heading, text in shown)
    path.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{CSS}</style></head><body>\n<h1>{escape(title)}</h1>\n{_conditions(evaluation, found)}\n"
        f"<nav>{links}</nav>\n{body}\n</body></html>\n",
        encoding="utf-8",
    )


def default_anchor(found: Sequence[Point]) -> str | None:
    """The first codec that is not ours and lost something at two rates; None if there is none."""
    for codec in dict.fromkeys(point.codec for point in found if not point.codec.startswith("pcc")):
        rates = [p.rate for p in found if p.codec == codec and math.isfinite(p.psnrs.get("D1", math.inf))]
        if len(rates) > 1:
            return codec
    return None


def _conditions(evaluation: Evaluation, found: Sequence[Point]) -> str:
    machine = evaluation.machine
    peaks = {cell.cloud: cell.distortion.peak for cell in evaluation.cells}
    texts = [
        f"{len(evaluation.cells)} cells of {len({point.cloud for point in found})} clouds",
        f"{machine.cpu}, {machine.cores} cores, {machine.isa}, {machine.threads} threads",
        ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
        f"commit {machine.commit}" if machine.commit else "",
        f"{evaluation.workers} cells at a time: times disturb each other" if evaluation.workers > 1 else "",
        "peaks: " + ", ".join(f"{name} {peak:g}" for name, peak in list(dict.fromkeys(peaks.items()))[:12]),
    ]
    conditions = " · ".join(escape(text) for text in texts if text)
    return (
        f'<p class="note">{conditions}</p><p class="note">Rates are bits of the whole file by the points of the input. '
        "Distortion is that of pc_error 0.14.2, normals from the file or estimated from 16 neighbours; in results.csv "
        "and results.json MSE and Hausdorff are squared, as pc_error prints them, and max_error is not. Hollow marks "
        "and (recorded), (published) are figures that were not measured in this run.</p>"
    )


def _lossless(found: Sequence[Point], palette: plots.Palette) -> str:
    drawn = [plots.lossless_rates(found, cloud, palette) for cloud in _clouds(found)]
    return grid(svg for svg in drawn if svg)


def _curves(found: Sequence[Point], palette: plots.Palette) -> str:
    drawn = [
        plots.rate_distortion(found, cloud, metric, palette)
        for cloud in _clouds(found)
        for metric in _METRIC_ORDER
        if metric not in ("U", "V")
    ]
    return grid(svg for svg in drawn if svg)


def _times(found: Sequence[Point], palette: plots.Palette) -> str:
    return grid(svg for cloud in _clouds(found) if (svg := plots.times(found, cloud, palette)))


def _deltas(found: Sequence[Point], anchor: str | None) -> str:
    made = comparisons(found, anchor) if anchor else []
    if not made or anchor is None:
        return ""
    metrics = [metric for metric in _METRIC_ORDER if any(item.metric == metric for item in made)]
    keys = dict.fromkeys((item.cloud, item.codec) for item in made)
    by = {(item.cloud, item.codec, item.metric): item for item in made}
    rows = [
        [cloud, codec, *(cell for metric in metrics for cell in _delta(by.get((cloud, codec, metric))))]
        for cloud, codec in keys
    ]
    heads = [
        "cloud",
        "codec",
        *(f"{metric} {what}" for metric in metrics for what in ("BD-rate, %", "BD-PSNR, dB", "over")),
    ]
    means = [
        [
            mean.category or "-",
            mean.codec,
            mean.metric,
            number(mean.bd_rate, "+.1f"),
            mean.num_clouds,
            mean.num_without,
        ]
        for mean in class_means(made)
    ]
    mean_heads = ["class", "codec", "metric", "mean BD-rate, %", "clouds", "without overlap"]
    return (
        f'<p class="note">Against {escape(anchor)}; negative: less rate for the same PSNR. PCHIP over the interval '
        "that both curves cover, which is given; where they share none there is no number, and none enters a mean.</p>"
        + table(heads, rows, texts=2)
        + "<h3>Classes</h3>"
        + table(mean_heads, means, texts=3)
    )


def _delta(item: Comparison | None) -> list[str]:
    if item is None:
        return ["-", "-", "-"]
    if item.rate.value is None or item.rate.low is None or item.rate.high is None:
        return [item.rate.note.split(":")[0], "-", "-"]
    over = f"{item.rate.low:.1f}-{item.rate.high:.1f} dB ({item.rate.overlap:.0%})"
    return [number(item.rate.value, "+.1f"), number(item.psnr.value, "+.2f"), over]


def _complexity(found: Sequence[Point]) -> str:
    rows = [
        [
            cost.codec,
            number(None if cost.parameters is None else cost.parameters / 1000, ".1f"),
            number(cost.kmac_per_point, ".1f"),
            number(cost.encode_s, ".3f"),
            number(cost.decode_s, ".3f"),
            number(cost.encode_ns_per_point, ".0f"),
            number(cost.decode_ns_per_point, ".0f"),
            number(None if cost.encode_bytes is None else cost.encode_bytes / 2**20, ".0f"),
            number(None if cost.decode_bytes is None else cost.decode_bytes / 2**20, ".0f"),
        ]
        for cost in codec_costs(found)
    ]
    heads = [
        "codec", "parameters, k", "kMAC / point", "encode, s", "decode, s", "encode, ns / point", "decode, ns / point",
        "encode, MiB", "decode, MiB",
    ]  # fmt: skip
    note = (
        '<p class="note">The form of the AI-PCC test conditions: times are geometric means over all cells, of the '
        "codec alone (of a program from start to end); memory is the highest peak of the process. Encoder and decoder "
        "have the same parameters. Training: the card of each model (pcc models, docs/models.md).</p>"
    )
    return note + table(heads, rows) if rows else ""


def _pictures(pictures: Mapping[str, Path]) -> str:
    return grid(
        f'<figure><img alt="{escape(caption)}" src="{picture(path)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, path in pictures.items()
    )


def _cells(found: Sequence[Point]) -> str:
    metrics = [metric for metric in _METRIC_ORDER if any(metric in point.psnrs for point in found)]
    rows = [
        [
            point.cloud,
            point.codec if point.origin == MEASURED else f"{point.codec} ({point.origin})",
            point.rate,
            point.num_frames,
            f"{point.num_points:,}",
            f"{point.num_bytes:,}",
            f"{point.bpp:.4f}",
            number(point.mbit_s, ".2f"),
            point.lossless,
            *(number(point.psnrs.get(metric), ".2f") for metric in metrics),
            number(point.encode_s, ".3f"),
            number(point.decode_s, ".3f"),
        ]
        for point in found
    ]
    heads = ["cloud", "codec", "rate", "frames", "points", "bytes", "bpp", "Mbit/s", "lossless"]
    return table([*heads, *(f"{metric}, dB" for metric in metrics), "encode, s", "decode, s"], rows, texts=3)


def _failures(failures: Sequence[Failure]) -> str:
    return table(["codec", "why", "cells"], by_reason(failures), texts=3) if failures else ""


def _clouds(found: Sequence[Point]) -> list[str]:
    return list(dict.fromkeys(point.cloud for point in found))
