"""Clouds in files: ``read_points`` and ``write_points`` choose the format by the suffix, one module per format.

| suffix | holds | module |
|---|---|---|
| ``.ply`` | any scalar vertex property | ``ply`` |
| ``.bin`` | float32 columns: KITTI's x, y, z, intensity; nuScenes' with ring; any that are named | ``kitti`` |
| ``.npz`` | anything that a PointCloud holds | ``npz`` |
| ``.pcd`` | any scalar or vector field (library pypcd4, extra ``io``) | ``pcd`` |

Values and dtypes come through as they are; what a format cannot hold raises, it is never converted silently. Where a
file is read in a way that one might not expect, a ``PccWarning`` says so. Compressed streams (``.pcc``) are not read
here: see ``pcc.codec``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from pcc.io.atomic import atomic_file
from pcc.io.limits import DEFAULT_READER_LIMITS, ReaderLimits
from pcc.io.source import open_source
from pcc.pointcloud import PointCloud

FORMATS = {".ply": "ply", ".bin": "kitti", ".npz": "npz", ".pcd": "pcd"}
RAW_SUFFIX = ".bin"

__all__ = ["FORMATS", "RAW_SUFFIX", "ReaderLimits", "atomic_file", "format_suffix", "read_points", "write_points"]


def read_points(
    path: str | Path | BinaryIO,
    *,
    format: str | None = None,
    columns: Sequence[str] | None = None,
    limits: ReaderLimits = DEFAULT_READER_LIMITS,
) -> PointCloud:
    """The cloud in a file, in the file's order, with every field under its own name and dtype.

    Args:
        path: The file, or a binary file that is open, such as ``sys.stdin.buffer``.
        format: ``ply``, ``bin``, ``npz`` or ``pcd``; None goes by the suffix.
        columns: Of a raw ``.bin``: the names of its float32 columns in their order, ``_`` for one that is not read;
            None recognises KITTI's and nuScenes' and warns of others.
        limits: What the reader may take.

    Raises:
        ValueError: the suffix is not one of ``FORMATS``; or ``columns`` are given for another format, or name no cloud.
        OSError: the file cannot be opened.
        InvalidCloud: the content is not of that format, is damaged, or has no x, y, z.
        UnsupportedField: a property is not a number per point (a PLY list, a text).
        LimitExceeded: the cloud exceeds ``limits``.
    """
    suffix = format_suffix(path, format)
    options = _options(suffix, columns)
    reader: Callable[..., PointCloud] = _module(suffix).read
    with open_source(path, limits) as source:
        return reader(source, limits, **options)


def write_points(
    path: str | Path | BinaryIO,
    cloud: PointCloud,
    *,
    format: str | None = None,
    columns: Sequence[str] | None = None,
    ascii: bool = False,
    drop_unsupported: bool = False,
) -> None:
    """Writes ``cloud``; a file appears complete or not at all.

    Args:
        path: The file, or a binary file that is open, such as ``sys.stdout.buffer``.
        cloud: Positions and fields; dtypes are kept.
        format: ``ply``, ``bin``, ``npz`` or ``pcd``; None goes by the suffix.
        columns: Of a raw ``.bin``: the names of its columns in their order; None takes KITTI's, or those of the known
            layout that the cloud's fields or the name (``.pcd.bin``) are those of.
        ascii: Text instead of binary (PLY only).
        drop_unsupported: Leave out the fields that the format cannot hold, instead of raising.

    Raises:
        ValueError: the suffix is not one of ``FORMATS``, or the format has no text form, or no ``columns``.
        UnsupportedField: the format cannot hold a field, or the dtype of ``xyz``.
    """
    suffix = format_suffix(path, format)
    options = _options(suffix, columns) | {"drop_unsupported": drop_unsupported}
    if ascii and suffix != ".ply":
        raise ValueError(f"ascii: only .ply has a text form here, got {suffix!r}")
    if suffix == ".ply":
        options["ascii"] = ascii
    if suffix == RAW_SUFFIX:
        options["name"] = str(path) if isinstance(path, str | Path) else ""
    writer: Callable[..., None] = _module(suffix).write
    if not isinstance(path, str | Path):
        writer(path, cloud, **options)
        return
    with atomic_file(path) as file:
        writer(file, cloud, **options)


def format_suffix(path: str | Path | BinaryIO, format: str | None) -> str:
    """The key in ``FORMATS`` of a format that is named, or else of a file's suffix.

    Raises:
        ValueError: it is none.
    """
    if format is not None:
        suffix = f".{format.lower().lstrip('.')}"
        if suffix not in FORMATS:
            raise ValueError(f"format: expected one of {', '.join(s[1:] for s in FORMATS)}, got {format!r}")
        return suffix
    if not isinstance(path, str | Path):
        raise ValueError(f"format: expected one of {', '.join(s[1:] for s in FORMATS)} for an open file, got none")
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{str(path)!r}: expected a suffix among {', '.join(FORMATS)}, got {Path(path).suffix!r}")
    return suffix


def _options(suffix: str, columns: Sequence[str] | None) -> dict[str, Any]:
    if columns is None:
        return {}
    if suffix != RAW_SUFFIX:
        raise ValueError(f"columns: only a raw {RAW_SUFFIX} has none of its own, this is a {suffix}")
    return {"columns": columns}


def _module(suffix: str) -> ModuleType:
    return importlib.import_module(f"pcc.io.{FORMATS[suffix]}")
