"""Draws rate.svg, the README's picture: bits per input point of this codec and of others, per kind of cloud.

    python docs/figures/rate.py

Every figure stands in PANELS with its source in the README's results; nothing is measured here.
"""

from __future__ import annotations

from pathlib import Path

# This codec's figures, in bpp; None draws "to be measured".
PCC_LONGDRESS: float | None = 0.530
PCC_KITTI_16MM: float | None = 7.64
PCC_KITTI_1MM: float | None = 18.87

Bars = list[tuple[str, float | None]]
PANELS: list[tuple[str, Bars]] = [
    (
        "Dense: longdress, lossless",
        [("Draco", 3.92), ("G-PCC v23", 0.740), ("pcc", PCC_LONGDRESS)],
    ),
    (
        "LiDAR: KITTI 000001, 16 mm voxels",
        [("Draco", 10.56), ("G-PCC v23 octree", 8.74), ("RENO", 7.94), ("pcc", PCC_KITTI_16MM)],
    ),
    (
        "LiDAR: KITTI 000001, 1 mm, lossless",
        [("Draco", 22.56), ("G-PCC v23 octree", 20.51), ("G-PCC v23 angular", 11.48), ("pcc", PCC_KITTI_1MM)],
    ),
]
WIDTH, LABEL, ROW, BAR, GAP = 720, 150, 20, 13, 12
OURS, OTHERS, TEXT = "#1b7f5c", "#9aa5b1", "#57606a"  # readable on light and on dark pages


def draw() -> str:
    """The SVG: one panel below the other, each with its own scale from 0."""
    parts, y = [], 8
    for title, bars in PANELS:
        parts.append(_text(0, y + 12, title, "bold"))
        y += ROW
        longest = max(value for _, value in bars if value is not None)
        for name, value in bars:
            parts += _bar(y, name, value, (WIDTH - LABEL - 90) / longest)
            y += ROW
        y += GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
    title = "<title>Bits per input point, shorter is better</title>"
    return head + 'font-family="sans-serif" font-size="12">\n' + "\n".join([title, *parts]) + "\n</svg>\n"


def _bar(y: int, name: str, value: float | None, pixels_per_bpp: float) -> list[str]:
    width = 0.0 if value is None else value * pixels_per_bpp
    label = "to be measured" if value is None else f"{value:.3f} bpp" if value < 1 else f"{value:.2f} bpp"
    weight = "bold" if name == "pcc" else "normal"
    colour = OURS if name == "pcc" else OTHERS
    return [
        _text(12, y + 11, name, weight),
        f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>',
        _text(LABEL + width + 6, y + 11, label, weight),
    ]


def _text(x: float, y: float, text: str, weight: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" fill="{TEXT}" font-weight="{weight}">{text}</text>'


if __name__ == "__main__":
    Path(__file__).with_suffix(".svg").write_text(draw())
