"""All files of a report into one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pcc.evaluation.report.files import write_csv, write_json
from pcc.evaluation.report.page import write_page
from pcc.evaluation.report.plots import Palette, write_main_plot
from pcc.evaluation.report.summary import points
from pcc.evaluation.runner import Evaluation

PAGE, PICTURE, JSON, CSV = "report.html", "report.png", "results.json", "results.csv"


def write_report(
    evaluation: Evaluation,
    folder: Path,
    *,
    title: str,
    anchor: str | None = None,
    configuration: Any = None,
    pictures: Mapping[str, Path] | None = None,
) -> Path:
    """Writes report.html, report.png, results.json and results.csv; gives the page.

    Args:
        anchor: the codec that BD-rates are against; None takes the first that is not ours and has a curve.
        configuration: what was asked for; goes into the JSON.
        pictures: PNG files by their captions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = points(evaluation)
    write_json(evaluation, found, folder / JSON, configuration)
    write_csv(evaluation, folder / CSV)
    write_main_plot(found, folder / PICTURE, Palette.of(found))
    write_page(evaluation, found, folder / PAGE, title=title, anchor=anchor, pictures=pictures)
    return folder / PAGE
