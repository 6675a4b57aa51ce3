"""A cloud from a file, standard input or a stream: what all commands that take clouds read them with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pcc.codec.decoder import decode
from pcc.commands.shared import STREAM_SUFFIX
from pcc.commands.stdio import STDIO, opened, refuse
from pcc.io import RAW_SUFFIX, format_suffix, read_points
from pcc.pointcloud import PointCloud


def load(path: Path, columns: Sequence[str] | None = None) -> PointCloud:
    """The cloud in ``path``: of the one frame of a ``.pcc`` stream, or of a file by its suffix."""
    refuse(path)
    return decode(path.read_bytes()) if path.suffix.lower() == STREAM_SUFFIX else read_cloud(path, columns)


def read_cloud(path: Path, columns: Sequence[str] | None = None, format: str | None = None) -> PointCloud:
    """The cloud in a file or in standard input; ``columns`` are for raw files alone."""
    if path == STDIO and format is None:
        raise ValueError("-: expected --format: ply, bin, npz or pcd, as standard input has no suffix")
    raw = columns is not None and format_suffix(path, format) == RAW_SUFFIX
    return read_points(opened(path), format=format, columns=columns if raw else None)


def check_columns(columns: Sequence[str] | None, paths: Sequence[Path], format: str | None = None) -> None:
    """Raises ValueError where columns are given, and none of the files is raw or the names are no columns."""
    if columns is None:
        return
    from pcc.io.raw_columns import checked_columns

    checked_columns(columns)
    suffixes = {path.suffix.lower() for path in paths} if format is None else {format_suffix(STDIO, format)}
    if RAW_SUFFIX not in suffixes:
        raise ValueError(f"columns: only raw {RAW_SUFFIX} files have none of their own; there is none here")


def suffixes_of(format: str | None, known: Sequence[str]) -> list[str]:
    """Which files of a folder are read: those of the format that is named, or of all ``known`` suffixes."""
    return list(known) if format is None else [format_suffix(STDIO, format)]
