"""``pcc compare``: what `pcc.metrics.distortion` measures between a cloud and a reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pcc.commands.clouds import check_columns, load
from pcc.commands.shared import OK, show
from pcc.metrics.distortion import Distortion, distortion


def run(
    a: Path,
    b: Path,
    *,
    peak: float,
    bound: float | None,
    reflectance_peak: float | None,
    drop_invalid: bool,
    as_json: bool,
    columns: Sequence[str] | None = None,
) -> int:
    """Compares ``b`` with the reference ``a``, files or streams; gives the exit code."""
    check_columns(columns, [a, b])
    clouds = [load(path, columns) for path in (a, b)]
    if drop_invalid:
        clouds = [cloud.finite() for cloud in clouds]
    result = distortion(clouds[0], clouds[1], peak, bound=bound, peak_of_reflectance=reflectance_peak)
    show({"a": str(a), "b": str(b), **asdict(result)}, _table(result, a, b), as_json)
    return OK


def _table(d: Distortion, a: Path, b: Path) -> list[str]:
    lines = [
        f"A  {a}: {d.num_points_a:,} points, {d.num_unique_a:,} distinct",
        f"B  {b}: {d.num_points_b:,} points, {d.num_unique_b:,} distinct",
        f"{'':16}{'A -> B':>14}{'B -> A':>14}{'symmetric':>14}{'PSNR (dB)':>12}",
        f"{'D1 MSE':16}{d.d1_mse_ab:>14.6g}{d.d1_mse_ba:>14.6g}{d.d1_mse:>14.6g}{d.d1_psnr:>12.4f}",
        f"{'D2 MSE':16}{d.d2_mse_ab:>14.6g}{d.d2_mse_ba:>14.6g}{d.d2_mse:>14.6g}{d.d2_psnr:>12.4f}",
        f"largest error   {d.max_error:.6g} (to a plane: {math.sqrt(d.d2_hausdorff):.6g}), in the clouds' unit",
        f"Hausdorff       {d.hausdorff:.6g} (D1), {d.d2_hausdorff:.6g} (D2): those squared, as pc_error prints them",
        f"peak            {d.peak:g}",
    ]
    if d.within is not None:
        lines.append(f"within {d.bound:g}     {d.within:.4%} of the points, the worse direction")
    if d.y_psnr is not None:
        lines.append(f"Y, U, V PSNR    {d.y_psnr:.4f}, {d.u_psnr:.4f}, {d.v_psnr:.4f} dB")
    if d.reflectance_psnr is not None:
        lines.append(f"reflectance     {d.reflectance_psnr:.4f} dB (peak {d.reflectance_peak:g})")
    return [*lines, f"sets of positions are {'equal' if d.identical else 'not equal'}"]
