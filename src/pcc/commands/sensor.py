"""``pcc sensor``: tables of spinning LiDARs fitted to frames, listed and shown; frames as they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pcc.commands.clouds import check_columns, read_cloud
from pcc.commands.shared import OK, Job, find_inputs, plan, prepare, run_all, show
from pcc.commands.stdio import refuse
from pcc.io import FORMATS, atomic_file, write_points
from pcc.progress import progress
from pcc.sensors.fit import fit_sensor
from pcc.sensors.known import find_table, known_tables, load_table, sensor_folders
from pcc.sensors.report import FitReport, check_table
from pcc.sensors.table import OFFSET_BITS, SensorTable, to_json
from pcc.sensors.untwist import untwist


def fit(
    inputs: Sequence[Path],
    output: Path,
    *,
    name: str | None,
    about: str | None,
    check: Sequence[Path],
    threads: int,
    as_json: bool,
    columns: Sequence[str] | None = None,
) -> int:
    """Fits one table to all inputs and writes it; gives the exit code."""
    prepare(threads)
    refuse(*inputs, output, *check)
    paths, others_paths = ([path for path, _ in find_inputs(files, FORMATS)] for files in (inputs, check))
    check_columns(columns, [*paths, *others_paths])
    frames, others = ([read_cloud(path, columns) for path in files] for files in (paths, others_paths))
    with progress(1.0, "sensor") as advance:
        table, report = fit_sensor(frames, name or output.stem, advance)
    output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(output) as file:
        file.write(to_json(table, **_about(about, report)).encode())
    record = {"output": str(output), **describe(table), **_record(report)}
    lines = [f"{output}: {_line(table)}", f"  fitted to   {_report_line(report)}"]
    if others:
        checked = check_table(table, others)
        record["check"] = _record(checked)
        lines.append(f"  checked on  {_report_line(checked)}")
    if report.sparse_lasers:
        few = ", ".join(map(str, report.sparse_lasers))
        lines.append(f"  fewer than 100 points: lasers {few}; fit to more frames")
    show(record, lines, as_json)
    return OK


def show_tables(*, as_json: bool) -> int:
    """Lists the known tables; gives the exit code."""
    tables = known_tables()
    folders = ", ".join(map(str, sensor_folders()))
    lines = [f"{table.name:<20} {table.digest.hex()}  {_shape(table)}" for table in tables]
    record = {"sensors": [describe(table) for table in tables]}
    show(record, lines or [f"no sensor's table in {folders} (PCC_SENSOR_PATH adds folders)"], as_json)
    return OK


def show_table(sensor: str, *, as_json: bool) -> int:
    """Shows one table by name or file; gives the exit code."""
    table = _table(sensor)
    show(describe(table) | {"lasers": _lasers(table)}, [_line(table), *_laser_lines(table)], as_json)
    return OK


def untwist_all(
    inputs: Sequence[Path], output: Path, *, sensor: str, threads: int, as_json: bool,
    columns: Sequence[str] | None = None,
) -> int:  # fmt: skip
    """Writes every frame as the sensor measured it; gives the exit code."""
    prepare(threads)
    refuse(*inputs, output)
    jobs = plan(inputs, output, FORMATS, ".ply")
    check_columns(columns, [job.source for job in jobs])
    tables = known_tables() if sensor == "auto" else [_table(sensor)]

    def work(job: Job) -> None:
        found = untwist(read_cloud(job.source, columns), tables)
        job.target.parent.mkdir(parents=True, exist_ok=True)
        write_points(job.target, found.cloud)
        motion = None if found.twist is None else found.twist.floats()
        record = {
            "input": str(job.source),
            "output": str(job.target),
            "sensor": found.table.name,
            "on_lattice": found.share,
            "metres_a_turn": None if motion is None else (motion[:3] / 1000).tolist(),
            "degrees_a_turn": None if motion is None else np.rad2deg(motion[3:]).tolist(),
        }
        how = "was not corrected for motion" if motion is None else _motion_line(motion)
        show(
            record,
            [f"{job.source} -> {job.target}: {found.table.name}, {found.share:.2%} on the lattice, {how}"],
            as_json,
        )

    return run_all(jobs, work, lambda job: job.source)


def _motion_line(motion: np.ndarray) -> str:
    x, y, z = motion[:3] / 1000
    return f"{x:.3f} {y:.3f} {z:.3f} m and {np.rad2deg(np.linalg.norm(motion[3:])):.2f} degrees a turn undone"


def _table(sensor: str) -> SensorTable:
    return load_table(Path(sensor)) if Path(sensor).is_file() else find_table(sensor)


def describe(table: SensorTable) -> dict[str, Any]:
    """What a table is, without its lasers' numbers."""
    return {
        "name": table.name,
        "digest": table.digest.hex(),
        "num_lasers": table.num_lasers,
        "steps": table.steps,
        "range_step_mm": table.range_step / 4,
        "elevation_deg": np.rad2deg(table.elevation[[0, -1]]).round(3).tolist(),
    }


def _lasers(table: SensorTable) -> list[dict[str, float]]:
    """Of each laser: elevation and heading in degrees, what is added to its ranges, height and aside in mm, shift."""
    slope, (x, y, z) = table.slope.astype(float), np.ldexp(table.offset.T.astype(float), -OFFSET_BITS)
    heading = np.arctan2(slope[:, 1], slope[:, 0])
    ahead, aside = x * np.cos(heading) + y * np.sin(heading), y * np.cos(heading) - x * np.sin(heading)
    columns = {
        "elevation_deg": np.rad2deg(table.elevation),
        "heading_deg": np.rad2deg(heading),
        "height_mm": z - ahead * np.tan(table.elevation),
        "aside_mm": aside,
        "start_mm": ahead / np.cos(table.elevation),
        "shift": table.shift,
    }
    return [dict(zip(columns, map(float, row), strict=True)) for row in zip(*columns.values(), strict=True)]


def _laser_lines(table: SensorTable) -> list[str]:
    head = f"{'laser':>7}{'elevation':>11}{'heading':>10}{'height':>10}{'aside':>9}{'start':>8}{'shift':>7}"
    rows = [
        f"{i:>7}{laser['elevation_deg']:>11.4f}{laser['heading_deg']:>10.4f}{laser['height_mm']:>10.2f}"
        f"{laser['aside_mm']:>9.2f}{laser['start_mm']:>8.2f}{laser['shift']:>7.0f}"
        for i, laser in enumerate(_lasers(table))
    ]
    return [head, *rows, f"{'':>7}{'degrees':>11}{'degrees':>10}{'mm':>10}{'mm':>9}{'mm':>8}{'steps':>7}"]


def _line(table: SensorTable) -> str:
    return f"{table.name}, {_shape(table)}, digest {table.digest.hex()}"


def _shape(table: SensorTable) -> str:
    low, high = np.rad2deg(table.elevation[[0, -1]])
    return (
        f"{table.num_lasers} lasers from {low:.2f} to {high:.2f} degrees, {table.steps:,} azimuth steps a turn, "
        f"range step {table.range_step / 4:g} mm"
    )


def _record(report: FitReport) -> dict[str, Any]:
    return {
        "num_frames": len(report.columns),
        "num_points": report.num_points,
        "exact": report.exact,
        "on_lattice": report.on_lattice,
        "columns": list(report.columns),
        "laser_points": report.laser_points.tolist(),
        "laser_exact": report.laser_exact.round(5).tolist(),
    }


def _report_line(report: FitReport) -> str:
    worst, frames = report.worst_laser, len(report.columns)
    return (
        f"{frames} frame{'' if frames == 1 else 's'}, {report.num_points:,} points: {report.exact:.2%} exact at 1 mm, "
        f"{report.on_lattice:.2%} on the lattice; the worst laser, {worst}, {report.laser_exact[worst]:.2%} exact; "
        f"{np.mean(report.columns):,.0f} columns a frame"
    )


def _about(about: str | None, report: FitReport) -> dict[str, Any]:
    """What the file says of its table beside the numbers."""
    fitted = {"frames": len(report.columns), "points": report.num_points, "exact": round(report.exact, 5)}
    unit = "1 mm; slope in 2^-24, offset in 2^-12, range_step in 1/4 mm"
    return ({"about": about} if about else {}) | {"unit": unit, "fitted_to": fitted}
