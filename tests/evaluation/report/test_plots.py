"""Plots can be read: labels of an axis stand apart, and the names of the codecs cover no curve."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("matplotlib", reason="the extra eval is not installed")

from pcc.evaluation.report import plots
from pcc.evaluation.report.plots import Palette
from pcc.evaluation.report.summary import MEASURED, Point


def point(codec: str, bpp: float, encode_s: float, decode_s: float) -> Point:
    psnrs = {"D1": 60 + math.log2(bpp)}
    return Point(
        "c", "", codec, "r", 1, 9, 9, bpp, None, psnrs, "no", encode_s, decode_s, 1, 1, None, None, MEASURED, ""
    )


def spread(low: float, high: float, codecs: int = 3) -> list[Point]:
    """Three points for each codec, from ``low`` to ``high`` in rate and time."""
    values = [low, math.sqrt(low * high), high]
    return [point(f"codec-with-a-long-name-{i}", v * (1 + i / 9), v, v / 2) for i in range(codecs) for v in values]


CASES = {
    "a point": [point("pcc-auto", 0.66, 0.2, 0.21)],
    "narrow": spread(0.2, 0.23),
    "less than a decade": spread(0.19, 0.9),
    "two decades": spread(0.02, 1.9),
    "five decades": spread(1e-4, 11),
    "many codecs": spread(0.3, 20, codecs=14),
}


@pytest.fixture
def drawn(monkeypatch):
    """Calls a plot; gives its figure, laid out, with the boxes of all texts known."""

    def draw(plot: Any, *arguments: Any) -> Any:
        kept: list[Any] = []
        monkeypatch.setattr(plots, "_svg", lambda figure: (figure.canvas.draw(), kept.append(figure)))
        plot(*arguments)
        return kept[0]

    return draw


def labels_apart(axis: Any, sideways: bool) -> bool:
    boxes = [label.get_window_extent() for label in axis.get_ticklabels() if label.get_text()]
    spans = sorted((box.x0, box.x1) if sideways else (box.y0, box.y1) for box in boxes)
    return all(before[1] < after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["times", "rate_distortion"])
def test_labels_and_legend_stand_apart(case, kind, drawn):
    found = CASES[case]
    palette = Palette.of(found)
    arguments = (found, "c", palette) if kind == "times" else (found, "c", "D1", palette)
    figure = drawn(getattr(plots, kind), *arguments)
    (legend,) = figure.legends
    below = legend.get_window_extent()
    for panel in figure.axes:
        assert labels_apart(panel.xaxis, sideways=True)
        assert labels_apart(panel.yaxis, sideways=False)
        assert len([label for label in panel.get_xticklabels() if label.get_text()]) >= 2
        assert below.y1 <= panel.get_window_extent().y0
    assert below.y0 >= 0
    assert len(legend.get_texts()) == len(palette.colours)
