"""Clouds in files: ``read_points`` and ``write_points`` choose the format by the suffix, one module a format.

| suffix | holds | module |
|---|---|---|
| ``.ply`` | any scalar vertex property | ``ply`` |
| ``.bin`` | KITTI: float32 x, y, z, intensity | ``kitti`` |
| ``.npz`` | anything that a PointCloud holds | ``npz`` |
| ``.pcd`` | any scalar or vector field (library pypcd4, extra ``io``) | ``pcd`` |

Values and dtypes come through as they are; what a format cannot hold raises, it is never converted silently.
Compressed streams (``.pcc``) are not read here: see ``pcc.codec``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from pcc.io.atomic import atomic_file
from pcc.pointcloud import PointCloud

FORMATS = {".ply": "ply", ".bin": "kitti", ".npz": "npz", ".pcd": "pcd"}

__all__ = ["FORMATS", "atomic_file", "read_points", "write_points"]


def read_points(path: str | Path) -> PointCloud:
    """The cloud in the file ``path``, in the file's order, with every field under its own name and dtype.

    Raises:
        ValueError: the suffix is not one of ``FORMATS``.
        OSError: the file cannot be opened.
        InvalidCloud: the content is not of that format, is damaged, or has no x, y, z.
        UnsupportedField: a property is not a number a point (a PLY list, a text).
    """
    path = Path(path)
    reader: Callable[[Path], PointCloud] = _module(path).read
    return reader(path)


def write_points(path: str | Path, cloud: PointCloud, *, ascii: bool = False, drop_unsupported: bool = False) -> None:
    """Writes ``cloud``; the file appears complete or not at all.

    Args:
        path: Its suffix chooses the format.
        cloud: Positions and fields; dtypes are kept.
        ascii: Text instead of binary (PLY only).
        drop_unsupported: Leave out the fields that the format cannot hold, instead of raising.

    Raises:
        ValueError: the suffix is not one of ``FORMATS``, or the format has no text form.
        UnsupportedField: the format cannot hold a field, or the dtype of ``xyz``.
    """
    path = Path(path)
    module = _module(path)
    if ascii and path.suffix.lower() != ".ply":
        raise ValueError(f"ascii: only .ply has a text form here, got {path.name!r}")
    writer: Callable[..., None] = module.write
    options = {"ascii": ascii} if path.suffix.lower() == ".ply" else {}
    with atomic_file(path) as file:
        writer(file, cloud, drop_unsupported=drop_unsupported, **options)


def _module(path: Path) -> ModuleType:
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise ValueError(f"{str(path)!r}: expected a suffix among {', '.join(FORMATS)}, got {path.suffix!r}")
    return importlib.import_module(f"pcc.io.{name}")
