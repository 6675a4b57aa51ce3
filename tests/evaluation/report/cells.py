"""Cells with figures that are known, for the tests of the report."""

from __future__ import annotations

import math
from dataclasses import fields, replace

from pcc.anchors import Setting
from pcc.evaluation.cell import Cell
from pcc.evaluation.machine import Machine
from pcc.evaluation.runner import Evaluation, Failure
from pcc.metrics.complexity import Complexity
from pcc.metrics.distortion import Distortion

MACHINE = Machine("a processor", 2, 2, "avx2", 1 << 34, "Linux", "3.11", {"numpy": "2"}, "abc")
COST = Complexity(1000, 2.0, 0.5, 0.25, 0.6, 0.3, None, None, 1 << 27, 1 << 26)


def cell(cloud: str, codec: str, rate: str, num_bytes: int, d1: float, **changes) -> Cell:
    """1000 points; PSNRs of D2 are 5 dB above D1's; infinite ones are lossless."""
    unknown = {field.name: None for field in fields(Distortion)}
    distortion = Distortion(**unknown | {"peak": 1023.0, "d1_psnr": d1, "d2_psnr": d1 + 5, "identical": math.isinf(d1)})
    made = Cell(
        cloud=cloud, category="dense", sequence="", frame_rate_hz=None, codec=codec, setting=Setting(rate=rate),
        num_points=1000, num_points_out=1000, num_bytes=num_bytes, bpp=num_bytes / 125,
        lossless="multiset" if math.isinf(d1) else "no", fields_lossless=None, distortion=distortion,
        complexity=COST, machine=MACHINE, input_sha256="", stream_sha256="",
    )  # fmt: skip
    return replace(made, **changes)


def evaluation(*cells: Cell) -> Evaluation:
    return Evaluation(
        list(cells),
        [Failure("a", "broken", "r01", "AnchorError: <no such & thing>")],
        MACHINE,
        [Failure("a", "gpcc-trisoup", "r05", "trisoup has no such rate")],
    )


def curves() -> Evaluation:
    """pcc needs half of draco's rate on cloud "a", and all of it on "b"; on "a" there is a lossless point as well."""
    cells = []
    for cloud, factor in (("a", 0.5), ("b", 1.0)):
        for i, d1 in enumerate((60.0, 65.0, 70.0)):
            cells.append(cell(cloud, "draco", f"r{i + 1:02}", 100 * 2**i, d1))
            cells.append(cell(cloud, "pcc-dense", f"r{i + 1:02}", int(factor * 100 * 2**i), d1))
    cells.append(cell("a", "pcc-dense", "lossless", 500, math.inf))
    cells.append(cell("a", "Paper", "p1", 70, 66.0, origin="published", machine=None))
    cells.append(cell("a", "Paper", "p2", 90, 69.0, origin="published", machine=None))
    return evaluation(*cells)
