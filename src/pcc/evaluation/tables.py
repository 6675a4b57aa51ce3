"""An evaluation as tables on the screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pcc.evaluation.cell import Cell
from pcc.evaluation.runner import Evaluation, Failure, by_reason

COLUMNS: dict[str, Callable[[Cell], str]] = {
    "cloud": lambda cell: cell.cloud,
    "codec": lambda cell: cell.codec if cell.origin == "measured" else f"{cell.codec} ({cell.origin})",
    "rate": lambda cell: cell.setting.rate,
    "points": lambda cell: f"{cell.num_points}",
    "bytes": lambda cell: f"{cell.num_bytes}",
    "bpp": lambda cell: f"{cell.bpp:.4f}",
    "lossless": lambda cell: cell.lossless,
    "D1 dB": lambda cell: f"{cell.distortion.d1_psnr:.2f}",
    "D2 dB": lambda cell: f"{cell.distortion.d2_psnr:.2f}",
    "peak": lambda cell: f"{cell.distortion.peak:g}",
    "enc s": lambda cell: _seconds(cell.complexity.encode_s),
    "enc I/O": lambda cell: _seconds(cell.complexity.encode_total_s),
    "dec s": lambda cell: _seconds(cell.complexity.decode_s),
    "dec I/O": lambda cell: _seconds(cell.complexity.decode_total_s),
    "enc MiB": lambda cell: f"{cell.complexity.encode_peak_bytes / 2**20:.0f}",
    "dec MiB": lambda cell: f"{cell.complexity.decode_peak_bytes / 2**20:.0f}",
    "params k": lambda cell: "-" if cell.complexity.parameters is None else f"{cell.complexity.parameters / 1000:.1f}",
    "kMAC/pt": lambda cell: "-" if cell.complexity.kmac_per_point is None else f"{cell.complexity.kmac_per_point:.1f}",
}
RATE = ("cloud", "codec", "rate", "points", "bytes", "bpp", "lossless", "D1 dB", "D2 dB", "peak")
COST = ("cloud", "codec", "rate", "enc s", "enc I/O", "dec s", "dec I/O", "enc MiB", "dec MiB", "params k", "kMAC/pt")
BRIEF = ("cloud", "codec", "points", "bytes", "bpp", "lossless", "D1 dB", "D2 dB", "enc s", "dec s")
FILE_WIDTH = 160


def screen() -> Console:
    """Where tables are printed: as wide as the terminal (or COLUMNS), and wide enough where there is none."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=FILE_WIDTH)


def table(evaluation: Evaluation, title: str = "", columns: Iterable[str] = tuple(COLUMNS)) -> Table:
    """One line a cell with the named ``columns``; the footnote states the conditions."""
    machine, columns = evaluation.machine, tuple(columns)
    cells = [cell for cell in evaluation.cells if cell.machine is not None or columns != COST]
    peaks = ", ".join(f"{peak:g}" for peak in dict.fromkeys(cell.distortion.peak for cell in evaluation.cells))
    where = f"{machine.cpu}, {machine.cores} cores, {machine.isa}"
    note = f"bpp of input points; peaks {peaks}; wall seconds, I/O: with files; {where}"
    result = _empty_table(title, note)
    for column in columns:
        widest = max((len(COLUMNS[column](cell)) for cell in cells), default=0)
        result.add_column(column, justify="left" if column in ("cloud", "codec") else "right", min_width=widest)
    previous = None
    for cell in cells:
        if previous not in (None, cell.cloud):
            result.add_section()
        result.add_row(*(COLUMNS[column](cell) for column in columns))
        previous = cell.cloud
    return result


def _empty_table(title: str, caption: str = "") -> Table:
    """Narrow: gaps of two characters, no frame; where it is still too wide, headings break at their spaces first."""
    return Table(
        title=title or None, caption=caption or None, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def failures_table(failures: Iterable[Failure], title: str) -> Table:
    """One line a codec and reason, with the cells that have no result for it."""
    result = _empty_table(title)
    for column in ("codec", "why", "cells"):
        result.add_column(column)
    for row in by_reason(failures):
        result.add_row(*map(escape, row))
    return result
