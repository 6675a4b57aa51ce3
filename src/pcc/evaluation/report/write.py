"""All files of a report into one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pcc.evaluation.pictures import draw_original
from pcc.evaluation.report.files import write_csv, write_json
from pcc.evaluation.report.page import write_page
from pcc.evaluation.report.perception import perception
from pcc.evaluation.report.plots import Palette, write_main_plot
from pcc.evaluation.report.summary import points
from pcc.evaluation.runner import Evaluation
from pcc.io import read_points

PAGE, PICTURE, JSON, CSV = "report.html", "report.png", "results.json", "results.csv"


def write_report(
    evaluation: Evaluation,
    folder: Path,
    *,
    title: str,
    anchor: str | None = None,
    configuration: Any = None,
    originals: Mapping[str, Path] | None = None,
    tasks: Sequence[Path] = (),
) -> Path:
    """Writes report.html, report.png, results.json and results.csv; gives the page.

    Args:
        anchor: the codec that BD-rates are against; None takes the first that is not ours and has a curve.
        configuration: what was asked for; goes into the JSON.
        tasks: records of `pcc.evaluation.perception` to show.
        originals: files of the clouds by name, for a picture beside those of decoded ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = points(evaluation)
    write_json(evaluation, found, folder / JSON, configuration)
    write_csv(evaluation, folder / CSV)
    write_main_plot(found, folder / PICTURE, Palette.of(found))
    pictures = _pictures(evaluation, originals or {}, folder / "pictures")
    write_page(evaluation, found, folder / PAGE, title=title, anchor=anchor, pictures=pictures, tasks=perception(tasks))
    return folder / PAGE


def _pictures(evaluation: Evaluation, originals: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Captions and files: each cloud that has pictures of decoded ones, and behind it those."""
    found: dict[str, Path] = {}
    drawn = [cell for cell in evaluation.cells if cell.picture and Path(cell.picture).is_file()]
    for cloud in dict.fromkeys(cell.cloud for cell in drawn):
        if cloud in originals:
            path = folder / f"{cloud.replace('/', '_')}.png"
            draw_original(read_points(originals[cloud]), cloud, path)
            found[f"{cloud}, original"] = path
        for cell in drawn:
            if cell.cloud == cloud:
                found[f"{cloud}, {cell.codec} {cell.setting.rate}: {cell.bpp:.3f} bpp"] = Path(cell.picture)
    return found
