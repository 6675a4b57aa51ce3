"""``.npz``: the array ``xyz`` and one array a field, uncompressed, loadable with ``numpy.load``.

Everything that a PointCloud holds fits, so this is the format to fall back on. Objects (pickle) are never loaded.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io.columns import holdable, native
from pcc.pointcloud import PointCloud

# What zipfile raises on damage, and on a compression or encryption that it does not know.
ARCHIVE = (zipfile.BadZipFile, zlib.error, NotImplementedError)
DAMAGED = (*ARCHIVE, ValueError, KeyError, EOFError, OverflowError, MemoryError)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that zip holds: equal clouds give equal files


def read(path: Path) -> PointCloud:
    """See ``pcc.io.read_points``; every array but ``xyz`` becomes a field."""
    arrays = _load(path)
    if "xyz" not in arrays:
        raise InvalidCloud(f"{path}: expected an array 'xyz', found {list(arrays)}")
    for name, values in arrays.items():
        if values.dtype.kind not in "biuf":
            raise UnsupportedField(f"{path}: array {name!r} is {values.dtype}, not numbers")
    try:
        return PointCloud(native(arrays.pop("xyz")), {name: native(values) for name, values in arrays.items()})
    except ValueError as error:
        raise InvalidCloud(f"{path}: {error}") from error


def _load(path: Path) -> dict[str, np.ndarray]:
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise InvalidCloud(f"{path}: not a readable .npz file (no zip archive of arrays, or truncated)")
        file.seek(0)
        try:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                raise InvalidCloud(f"{path}: a single array, not an archive of arrays")
            return {name: loaded[name] for name in loaded.files}
        except DAMAGED as error:
            raise InvalidCloud(f"{path}: not a readable .npz file ({error})") from error


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool) -> None:
    """See ``pcc.io.write_points``."""
    fields = holdable(cloud, _problem, drop_unsupported)
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in {"xyz": cloud.xyz, **fields}.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", EPOCH), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, values, allow_pickle=False)


def _problem(name: str, values: np.ndarray) -> str | None:
    return "the name belongs to the positions" if name == "xyz" else None
