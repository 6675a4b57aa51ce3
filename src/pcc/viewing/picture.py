"""Clouds side by side in one picture, each below its title and, where colours stand for numbers, above their scale.

+--------- width / panels ---------+
| title                            |
| 857,966 points                   |
|             (splats)             |
|       label of the scale         |
|       ====================       |
|       low      middle   high     |
+----------------------------------+
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcc.viewing.camera import Camera
from pcc.viewing.colour_map import Scale, paint
from pcc.viewing.lettering import HEIGHT, WIDTH, lettering
from pcc.viewing.splats import render

INK = 40  # grey of letters
SMALLEST = 120  # pixels of a panel's sides
_LINE = HEIGHT + 3  # rows a line of text takes, in letters of scale 1
_BAR = 10  # rows of the colour bar, likewise


@dataclass(frozen=True)
class Panel:
    """One cloud of a picture.

    Attributes:
        title: ASCII; cut where it does not fit.
        xyz: (N, 3), N >= 1, finite, in the camera's unit.
        colours: (N, 3) uint8.
        scale: what the colours stand for; None if they are the cloud's own.
    """

    title: str
    xyz: np.ndarray
    colours: np.ndarray
    scale: Scale | None = None


def draw(panels: Sequence[Panel], camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8: ``panels`` from left to right, seen by one camera, in ``size`` (width, height) pixels.

    Raises:
        ValueError: a panel would be too small, or its points or colours do not fit ``render``.
    """
    width, height = size
    edges = [i * width // len(panels) for i in range(len(panels) + 1)]
    if min(edges[1], height) < SMALLEST:
        raise ValueError(f"size: expected at least {SMALLEST} pixels a side of every panel, got {width}x{height}")
    letter = max(1, round(min(edges[1], height) / 380))
    foot = any(panel.scale for panel in panels)  # of equal height in all, so that the clouds are
    picture = np.full((height, width, 3), 255, np.uint8)
    for panel, left, right in zip(panels, edges, edges[1:], strict=False):
        _draw_panel(picture[:, left:right], panel, camera, letter, foot)
    return picture


def _draw_panel(area: np.ndarray, panel: Panel, camera: Camera, letter: int, foot: bool) -> None:
    """Draws into ``area``, (H, w, 3) uint8."""
    top = 2 * _LINE * letter + 2 * letter
    bottom = len(area) - ((2 * _LINE + _BAR + 4) * letter if foot else 0)
    size = (area.shape[1], bottom - top)
    area[top:bottom] = render(panel.xyz, panel.colours, camera, size)
    outside = camera.num_outside(panel.xyz, size)
    note = f"{len(panel.xyz):,} points" + (f", {outside:,} beyond the frame" if outside else "")
    middle = area.shape[1] // 2
    _write(area, panel.title, middle, 2 * letter, letter)
    _write(area, note, middle, (2 + _LINE) * letter, letter)
    if panel.scale is not None:
        _draw_scale(area[bottom:], panel.scale, letter)


def _draw_scale(area: np.ndarray, scale: Scale, letter: int) -> None:
    """The label, the bar and its numbers."""
    width = area.shape[1]
    left, right = width // 6, width - width // 6
    top = (_LINE + 1) * letter
    _write(area, scale.label, width // 2, 0, letter)
    places = np.linspace(scale.low, scale.high, right - left)
    area[top : top + _BAR * letter, left:right] = paint(places, scale)
    for text, column in zip(scale.ticks(), (left, width // 2, right), strict=True):
        _write(area, text, column, top + (_BAR + 2) * letter, letter)


def _write(area: np.ndarray, text: str, middle: int, top: int, letter: int) -> None:
    """Letters of grey INK, centred on column ``middle`` and kept inside the area."""
    most = area.shape[1] // ((WIDTH + 1) * letter)
    if len(text) > most:
        text = text[: most - 3] + "..."
    ink = lettering(text, letter)
    left = min(max(0, middle - ink.shape[1] // 2), area.shape[1] - ink.shape[1])
    area[top : top + len(ink), left : left + ink.shape[1]][ink] = INK
