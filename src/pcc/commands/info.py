"""``pcc info``: what streams say of themselves, without decoding a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pcc.codec.header import FrameHeader
from pcc.codec.info import FrameInfo, describe
from pcc.codec.limits import Limits
from pcc.commands.shared import STREAM_SUFFIX, find_inputs, run_all, show
from pcc.commands.stdio import read_bytes
from pcc.inference.registry import name_of


def run(inputs: Sequence[Path], *, limits: Limits, as_json: bool) -> int:
    """Describes every stream; gives the exit code."""
    found = find_inputs(inputs, [STREAM_SUFFIX])
    return run_all(found, lambda item: _info_one(item[0], limits, as_json), lambda item: item[0])


def _info_one(path: Path, limits: Limits, as_json: bool) -> None:
    data = read_bytes(path)
    described = describe(data, limits)
    names = {digest: name_of(digest) for digest in {frame.model_digest for frame in described} if digest}
    frames = [_record(frame, names) for frame in described]
    record = {"file": str(path), "num_bytes": len(data), "frames": frames}
    lines = [f"{path}: {len(data):,} bytes, {len(frames)} frame{'' if len(frames) == 1 else 's'}"]
    lines += [line for i, frame in enumerate(frames) for line in _lines(i, frame)]
    show(record, lines, as_json)


def _record(frame: FrameInfo, names: Mapping[bytes, str | None]) -> dict[str, Any]:
    """What is printed of a frame; ``names`` are those of models, by digest."""
    header = frame.header
    return {
        "num_points": header.num_points,
        "num_voxels": header.num_voxels,
        "num_merged": header.num_merged,
        "lossless": not header.quantized and not header.num_merged,
        "xyz_dtype": np.dtype(header.grid.dtype).name,
        "voxel_size": header.voxel_size,
        "steps": _steps(header),
        "exact": header.exact,
        "low_bits": header.num_low_bits,
        "num_raw": header.num_raw,
        "origin": [int(axis) for axis in header.grid.origin],
        "depth": header.depth,
        "timestamp_ns": header.timestamp_ns,
        "num_bytes": frame.num_bytes,
        "geometry_bytes": frame.geometry_bytes,
        "multiplicity_bytes": frame.multiplicity_bytes,
        "geometry_bpp": frame.geometry_bpp,
        "fields": [
            {"name": s.name, "dtype": s.dtype.name, "columns": s.columns, "num_bytes": size} for s, size in frame.fields
        ],
        "model": frame.model_digest.hex() if frame.model_digest else None,
        "model_name": names[frame.model_digest] if frame.model_digest else None,
        "inferred_levels": _inferred(frame),
        "adaptive_levels": [level for level in range(header.depth) if frame.adaptive >> level & 1],
        "lattice": asdict(frame.lattice) if frame.lattice else None,
        "digest": frame.digest.hex(),
    }


def _steps(header: FrameHeader) -> list[float]:
    """The edges of a voxel along x, y and z."""
    axes = header.grid.axes
    return [axis.num / axis.den for axis in axes] if axes else [header.voxel_size] * 3


def _inferred(frame: FrameInfo) -> list[dict[str, int]]:
    """Of which levels not all is coded: number, share and lean."""
    if frame.inferred is None:
        return []
    first = frame.header.depth - len(frame.inferred.shares)
    pairs = zip(frame.inferred.shares, frame.inferred.leans, strict=True)
    return [{"level": first + i, "share": share, "lean": lean} for i, (share, lean) in enumerate(pairs)]


def _lines(index: int, frame: dict[str, Any]) -> list[str]:
    how = "lossless" if frame["lossless"] else "lossy" if frame["inferred_levels"] else "quantised or merged"
    positions = frame["geometry_bytes"] + frame["multiplicity_bytes"]
    lines = [
        f"  frame {index}: {frame['num_points']:,} points, {frame['num_bytes']:,} bytes",
        f"    voxels      {frame['num_voxels']:,}",
        f"    xyz         {frame['xyz_dtype']}, {_grid(frame)}, {how}",
        f"    positions   {positions:,} bytes, {frame['geometry_bpp']:.3f} bpp"
        + (" of decoded points" if frame["inferred_levels"] else ""),
    ]
    for field in frame["fields"]:
        width = "" if field["columns"] is None else f" x {field['columns']}"
        lines.append(f"    {field['name']:<11} {field['dtype']}{width}, {field['num_bytes']:,} bytes")
    if frame["num_raw"]:
        lines.append(f"    apart       {frame['num_raw']:,} points that are nowhere, or too far off for a voxel")
    if frame["timestamp_ns"] is not None:
        lines.append(f"    time        {frame['timestamp_ns']} ns")
    if frame["lattice"]:
        lines.append(_lattice_line(frame["lattice"]))
    lines.append(f"    model       {_model(frame)}")
    for level in frame["inferred_levels"]:
        lines.append(
            f"    level {level['level']:<5} coded in part: share {level['share']} of 255, lean {level['lean']}"
        )
    if frame["adaptive_levels"]:
        lines.append(f"    adaptive    {len(frame['adaptive_levels'])} of {frame['depth']} levels")
    return [*lines, f"    digest      {frame['digest']}"]


def _grid(frame: dict[str, Any]) -> str:
    """What the positions are multiples of."""
    x, y, z = frame["steps"]
    if frame["exact"]:
        return "bit for bit, not on a grid"
    step = f"{x:g}" if x == y == z else f"{x:g} x {y:g} x {z:g}"
    return f"step {step}, {frame['depth'] + frame['low_bits']} bits per axis"


def _model(frame: dict[str, Any]) -> str:
    if frame["model"] is None:
        return "none needed"
    return f"{frame['model_name'] or 'not installed'}, {frame['model']}"


def _lattice_line(lattice: dict[str, Any]) -> str:
    parts = [f"{lattice['sensor']}, {lattice['lasers']} lasers x {lattice['columns']:,} columns"]
    parts += [f"{lattice['num_apart']:,} points apart"] if lattice["num_apart"] else []
    parts += [f"ranges in groups of {lattice['group']}"] if lattice["group"] > 1 else []
    parts += ["corrected for motion"] if lattice["moved"] else []
    return f"    sensor      {', '.join(parts)}"
