"""The main job on a folder of clouds: encode, decode, verify, and one table beside Draco and LASzip.

    python -m pcc.evaluation.demo data/sample [--model auto]

The folder's ``clouds.json`` names the clouds, their peaks and what is asked for. The exit status is 0 only if every
cloud came back through our codec as the same multiset of points (or within the bound asked for), and nothing failed.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

from rich.console import Console

from pcc.anchors import Anchor
from pcc.anchors.draco import Draco
from pcc.anchors.las import LasZip
from pcc.errors import PccError
from pcc.evaluation.cell import Cell
from pcc.evaluation.ours import PccCodec
from pcc.evaluation.runner import Evaluation, evaluate
from pcc.evaluation.sources import Source, indexed_sources
from pcc.evaluation.tables import BRIEF, failures_table, screen, table


def demo(folder: Path, codecs: list[Anchor], console: Console) -> bool:
    """Prints the table of the clouds in ``folder``; whether ``codecs[0]`` kept its promise on all of them."""
    clouds = indexed_sources(folder)
    with tempfile.TemporaryDirectory(prefix="pcc-demo-") as scratch:
        result = evaluate(clouds, codecs, Path(scratch))
    console.print(table(result, "Geometry of the sample clouds", BRIEF))
    for failures, title in ((result.not_run, "Not run"), (result.failures, "Failed")):
        if failures:
            console.print(failures_table(failures, title))
    kept = promises_kept(result, codecs[0].name, clouds)
    console.print(f"{codecs[0].name}: " + ("every promise verified" if kept else "NOT every promise was kept"))
    return kept and not result.failures


def promises_kept(result: Evaluation, codec: str, clouds: list[Source]) -> bool:
    """Whether ``codec`` has a cell for each cloud, and each decoded cloud is what was asked for."""
    cells = {cell.cloud: cell for cell in result.cells if cell.codec == codec}
    return all(source.name in cells and promise_kept(cells[source.name]) for source in clouds)


def promise_kept(cell: Cell) -> bool:
    """Without a bound: the same points (as often, unless duplicates are merged). With one: no point moved further."""
    setting, bound = cell.setting, error_bound(cell)
    if bound is not None:
        return cell.distortion.max_error <= bound
    return cell.lossless == "multiset" or (setting.duplicates == "merge" and cell.lossless == "set")


def error_bound(cell: Cell) -> float | None:
    """Largest distance that the setting allows: half the diagonal of a voxel; a millionth more for float32 files."""
    setting = cell.setting
    if setting.max_error is not None:
        return setting.max_error * (1 + 1e-6)
    if setting.voxel_size is not None:
        return setting.voxel_size * math.sqrt(3) / 2 * (1 + 1e-6) + 1e-6 * cell.distortion.peak
    return None


def main() -> int:
    """The command; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m pcc.evaluation.demo", description="Code sample clouds and verify.")
    parser.add_argument("folder", type=Path, help="a folder with clouds.json")
    parser.add_argument("--model", default="auto", help="auto, dense, lidar, or the path of an exported model")
    options = parser.parse_args()
    try:
        return 0 if demo(options.folder, [PccCodec(options.model), Draco(), LasZip()], screen()) else 1
    except (PccError, ValueError, OSError, ImportError) as error:
        parser.exit(2, f"demo: {error}\n")


if __name__ == "__main__":
    raise SystemExit(main())
