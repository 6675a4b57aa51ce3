"""HTML in small pieces: tables, grids, pictures, and the style of the page."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

CSS = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; background: #fff; margin: 0 auto; padding: 1rem;
       max-width: 75rem; }
h1 { font-size: 1.6rem; margin: .5rem 0; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; } h3 { font-size: 1.05rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
a { color: #1b7f5c; }
p.note, figcaption { color: #57606a; font-size: .85rem; max-width: 60rem; }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e7eb; }
th { border-bottom: 2px solid #9aa5b1; } td:first-child, th:first-child, td.text, th.text { text-align: left; }
tr.ours { background: #eef7f2; } td.best { font-weight: bold; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
.grid > * { min-width: 0; } figure { margin: 0; } svg, img { width: 100%; height: auto; }
"""


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], texts: int = 1) -> str:
    """A table that scrolls by itself; the first ``texts`` columns are text, rows of our codecs stand out."""

    def line(tag: str, cells: Sequence[object]) -> str:
        kinds = [' class="text"' if i < texts else "" for i in range(len(cells))]
        parts = [f"<{tag}{kind}>{escape(str(cell))}</{tag}>" for kind, cell in zip(kinds, cells, strict=True)]
        ours = ' class="ours"' if tag == "td" and any(str(cell).startswith("pcc") for cell in cells[:texts]) else ""
        return f"<tr{ours}>{''.join(parts)}</tr>"

    body = "\n".join(line("td", row) for row in rows)
    return f'<div class="scroll"><table>\n{line("th", heads)}\n{body}\n</table></div>'


def grid(items: Iterable[str]) -> str:
    """As many columns as fit; empty for no items."""
    text = "\n".join(f"<div>{item}</div>" for item in items)
    return f'<div class="grid">\n{text}\n</div>' if text else ""


def picture(path: Path) -> str:
    """A PNG as the address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def number(value: float | None, form: str) -> str:
    """``value`` in a format; a dash for what is unknown, "lossless" for an infinite PSNR."""
    if value is None or math.isnan(value):
        return "-"
    return "lossless" if math.isinf(value) else format(value, form)


def slug(heading: str) -> str:
    """A heading as the name of its place in the page."""
    return heading.lower().replace(" ", "-")
