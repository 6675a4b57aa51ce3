"""``pcc compare``: the distortion of a cloud against a reference, both directions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pcc.commands.clouds import load
from pcc.commands.shared import OK, show
from pcc.metrics.distortion import Distortion, distortion


def run(a: Path, b: Path, *, peak: float, as_json: bool) -> int:
    """Compares ``b`` with the reference ``a``, files or streams; gives the exit code."""
    result = distortion(load(a), load(b), peak)
    show({"a": str(a), "b": str(b), **asdict(result)}, _table(result, a, b), as_json)
    return OK


def _table(d: Distortion, a: Path, b: Path) -> str:
    return "\n".join(
        [
            f"A  {a}: {d.num_points_a:,} points, {d.num_unique_a:,} distinct",
            f"B  {b}: {d.num_points_b:,} points, {d.num_unique_b:,} distinct",
            f"{'':16}{'A -> B':>14}{'B -> A':>14}{'symmetric':>14}{'PSNR (dB)':>12}",
            f"{'D1 MSE':16}{d.d1_mse_ab:>14.6g}{d.d1_mse_ba:>14.6g}{d.d1_mse:>14.6g}{d.d1_psnr:>12.4f}",
            f"{'D2 MSE':16}{d.d2_mse_ab:>14.6g}{d.d2_mse_ba:>14.6g}{d.d2_mse:>14.6g}{d.d2_psnr:>12.4f}",
            f"largest error   {d.max_error:.6g} (peak {d.peak:g})",
            f"sets of positions are {'equal' if d.identical else 'not equal'}",
        ]
    )
