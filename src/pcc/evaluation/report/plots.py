"""The plots of a report, as SVG text that stands in a page, and the main one as a PNG.

One colour a codec over all plots; hollow markers and broken lines are recorded or published figures.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcc.evaluation.report.summary import MEASURED, Point

OURS = ("#1b7f5c", "#4fae6f", "#0b5345", "#8bc34a")
OTHERS = ("#4c6ef5", "#b7791f", "#c2255c", "#7048e8", "#0c8599", "#868e96", "#e8590c", "#343a40", "#a61e4d", "#5c940d")
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pcc",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
_SIZE = (5.2, 3.6)
_LEGEND_COLUMNS = 3
_ROUNDING = 1e-9  # scores below are those of equal results


@dataclass(frozen=True)
class Palette:
    """The colour of each codec: greens for ours, by the order in which they come."""

    colours: dict[str, str]

    @classmethod
    def of(cls, points: Sequence[Point]) -> Palette:
        names = list(dict.fromkeys(point.codec for point in points))
        ours = [name for name in names if name.startswith("pcc")]
        others = [name for name in names if name not in ours]
        colours = {name: OURS[i % len(OURS)] for i, name in enumerate(ours)}
        return cls(colours | {name: OTHERS[i % len(OTHERS)] for i, name in enumerate(others)})


def rate_distortion(points: Sequence[Point], cloud: str, metric: str, palette: Palette) -> str | None:
    """PSNR over bpp; None where no codec has a finite PSNR. Lossless points are triangles on top."""
    of = [point for point in points if point.cloud == cloud and metric in point.psnrs]
    if not any(math.isfinite(point.psnrs[metric]) for point in of):
        return None
    with _figure() as (figure, axes):
        _draw_curves(axes, of, metric, palette)
        axes.set(xlabel="bits per input point", ylabel=f"{metric} PSNR, dB", title=cloud)
        _legend_below(figure, axes)
        return _svg(figure)


def lossless_rates(points: Sequence[Point], cloud: str, palette: Palette) -> str | None:
    """A bar for each codec that loses nothing but duplicates, shortest first; None where there is none."""
    of = sorted((p for p in points if p.cloud == cloud and p.lossless != "no"), key=lambda p: -p.bpp)
    if not of:
        return None
    with _figure(height=0.28 * len(of) + 0.9) as (figure, axes):
        bars = axes.barh(
            [_label(point) for point in of],
            [point.bpp for point in of],
            color=[palette.colours[point.codec] if point.origin == MEASURED else "white" for point in of],
            edgecolor=[palette.colours[point.codec] for point in of],
        )
        axes.bar_label(bars, [f"{point.bpp:.3f}" for point in of], padding=2, fontsize=8)
        axes.set(xlabel="bits per input point, lossless", title=cloud)
        axes.margins(x=0.15)
        return _svg(figure)


def times(points: Sequence[Point], cloud: str, palette: Palette) -> str | None:
    """Seconds to encode and to decode over bpp, measured codecs only; None where there is none."""
    of = [p for p in points if p.cloud == cloud and p.origin == MEASURED and p.encode_s and p.decode_s]
    if not of:
        return None
    with _figure(columns=1, rows=2) as (figure, panels):
        for panel, heading in zip(panels[:, 0], ("encode", "decode"), strict=True):
            for codec in dict.fromkeys(point.codec for point in of):
                line = sorted((p for p in of if p.codec == codec), key=lambda p: p.bpp)
                seconds = [p.encode_s if heading == "encode" else p.decode_s for p in line]
                panel.plot(
                    [p.bpp for p in line], seconds, "o-", color=palette.colours[codec], markersize=4, label=codec
                )
            panel.set(ylabel=f"{heading}, s")
            _logarithmic(panel.set_xscale, panel.xaxis)
            _logarithmic(panel.set_yscale, panel.yaxis)
        panels[0, 0].set(title=cloud)
        panels[1, 0].set(xlabel="bits per input point")
        _legend_below(figure, panels[0, 0])
        return _svg(figure)


def damage(rows: Sequence[dict[str, Any]], score: str) -> str | None:
    """A score against the undamaged run over bpp, a line a codec; None where no row has it."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        value = row["against_undamaged"].get(score)
        if value is not None and value > _ROUNDING:
            lines.setdefault(row["codec"], []).append((row["bpp"], value))
    if not lines:
        return None
    ours = [name for name in lines if name.startswith("pcc")]
    others = [name for name in lines if name not in ours]
    with _figure() as (figure, axes):
        for colours, names in ((OURS, ours), (OTHERS, others)):
            for i, name in enumerate(names):
                xs, ys = zip(*sorted(lines[name]), strict=True)
                axes.plot(xs, ys, "o", color=colours[i % len(colours)], markersize=5, label=name)
        axes.set(xlabel="bits per input point", ylabel=score.replace("_", " "), title="against the undamaged run")
        _logarithmic(axes.set_xscale, axes.xaxis)
        _logarithmic(axes.set_yscale, axes.yaxis)
        _legend_below(figure, axes)
        return _svg(figure)


def write_main_plot(points: Sequence[Point], path: Path, palette: Palette) -> bool:
    """The picture of the whole report: a D1 curve or, where nothing is lossy, lossless bars, for each of four clouds.

    Returns:
        Whether there was anything to draw.
    """
    clouds = list(dict.fromkeys(point.cloud for point in points))[:4]
    if not clouds:
        return False
    with _figure(columns=min(len(clouds), 2), rows=-(-len(clouds) // 2)) as (figure, panels):
        for panel, cloud in zip(panels.flat, clouds, strict=False):
            of = [point for point in points if point.cloud == cloud]
            if any(math.isfinite(point.psnrs.get("D1", math.inf)) for point in of):
                _draw_curves(panel, of, "D1", palette)
                panel.set(xlabel="bits per input point", ylabel="D1 PSNR, dB", title=cloud)
                panel.legend(fontsize=7, loc="lower right")
            else:
                bars = sorted(of, key=lambda point: -point.bpp)
                panel.barh(
                    [_label(point) for point in bars],
                    [point.bpp for point in bars],
                    color=[palette.colours[point.codec] for point in bars],
                )
                panel.set(xlabel="bits per input point, lossless", title=cloud)
        for panel in list(panels.flat)[len(clouds) :]:
            panel.remove()
        figure.savefig(path, dpi=140, metadata={"Software": None})
    return True


def _draw_curves(axes: Any, points: Sequence[Point], metric: str, palette: Palette) -> None:
    finite = [point for point in points if math.isfinite(point.psnrs.get(metric, math.inf))]
    for codec, origin in dict.fromkeys((point.codec, point.origin) for point in points):
        colour, measured = palette.colours[codec], origin == MEASURED
        line = sorted((p.bpp, p.psnrs[metric]) for p in finite if (p.codec, p.origin) == (codec, origin))
        if line:
            axes.plot(
                *zip(*line, strict=True),
                marker="o",
                linestyle="-" if measured else "--",
                color=colour,
                markersize=4,
                markerfacecolor=colour if measured else "white",
                label=codec if measured else f"{codec} ({origin})",
            )
    top = max(point.psnrs[metric] for point in finite) + 2
    for point in points:
        if point.psnrs.get(metric) == math.inf:
            colour = palette.colours[point.codec]
            filled = colour if point.origin == MEASURED else "white"
            axes.plot([point.bpp], [top], marker="^", color=colour, markerfacecolor=filled, markersize=6)
    _logarithmic(axes.set_xscale, axes.xaxis)


def _logarithmic(set_scale: Any, axis: Any) -> None:
    """A logarithmic axis whose labels are plain numbers, few enough to stand side by side."""
    from matplotlib import ticker

    set_scale("log")
    low, high = sorted(axis.get_view_interval())
    decades = math.log10(high / low) if low > 0 else 0.0
    fine = decades < 0.7  # of 1, 2 and 5 times a power of ten hardly two would be in view
    steps = (1, 2, 5) if decades < 2 else (1,)
    axis.set_major_locator(ticker.MaxNLocator(4, steps=[1, 2, 5, 10]) if fine else ticker.LogLocator(subs=steps))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def _legend_below(figure: Any, axes: Any) -> None:
    """The codecs below all panels, where no curve runs; the figure grows by their lines."""
    handles, labels = axes.get_legend_handles_labels()
    rows = -(-len(labels) // _LEGEND_COLUMNS)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.18 * rows)
    figure.legend(handles, labels, fontsize=7, ncols=_LEGEND_COLUMNS, loc="outside lower center", frameon=False)


def _label(point: Point) -> str:
    rate = "" if point.rate == "lossless" else f" {point.rate}"
    return f"{point.codec}{rate}" + ("" if point.origin == MEASURED else f" ({point.origin})")


class _figure:
    """A figure with one panel, or an array of them, in the report's style; closed at the end."""

    def __init__(self, *, height: float = _SIZE[1], columns: int = 0, rows: int = 1) -> None:
        self.height, self.columns, self.rows = height, columns, rows

    def __enter__(self) -> tuple[Any, Any]:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        self.style = pyplot.rc_context(_STYLE)
        self.style.__enter__()
        size = (_SIZE[0] * max(self.columns, 1), self.height * self.rows)
        self.figure, panels = pyplot.subplots(
            self.rows, max(self.columns, 1), figsize=size, layout="constrained", squeeze=False
        )
        return self.figure, panels if self.columns else panels[0, 0]

    def __exit__(self, *error: object) -> None:
        from matplotlib import pyplot

        pyplot.close(self.figure)
        self.style.__exit__(None, None, None)


def _svg(figure: Any) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return text[text.index("<svg") :]
