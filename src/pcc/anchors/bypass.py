"""The bypass: a cloud's arrays as they lie in memory, plain or through a general compressor.

It is the lower end of every comparison and the row for the undamaged cloud: always lossless, order and duplicates
included, whatever the setting's voxel size. It knows nothing of points.

    uint32 length | JSON: [name, dtype, shape] of each array | compressed bytes of the arrays, one after the other
"""

from __future__ import annotations

import importlib
import json
import lzma
import math
import struct
import zlib
from collections.abc import Callable
from types import ModuleType

import numpy as np

from pcc.anchors.base import Anchor, Setting
from pcc.errors import AnchorError
from pcc.extras import install
from pcc.pointcloud import PointCloud

_LENGTH = struct.Struct("<I")
_METHODS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "raw": (bytes, bytes),
    "zlib": (lambda data: zlib.compress(data, 9), zlib.decompress),
    "xz": (lzma.compress, lzma.decompress),
    "zstd": (lambda data: _zstandard().compress(data, 19), lambda data: _unzstd(data)),
}


class Bypass(Anchor):
    """Raw arrays through ``method``: "raw" (as they are), "zlib" (level 9), "xz" (its default) or "zstd" (level 19).

    Raises:
        ValueError: the method is none of these.
    """

    def __init__(self, method: str = "xz") -> None:
        if method not in _METHODS:
            raise ValueError(f"method: expected one of {', '.join(_METHODS)}, got {method!r}")
        self.method = method

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.method

    def missing(self, setting: Setting) -> str | None:
        return None if setting.scale == 1 else "lossless only"

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        arrays = {"xyz": cloud.xyz, **(cloud.fields if setting.fields == "all" else {})}
        header = json.dumps([[name, a.dtype.str, a.shape] for name, a in arrays.items()]).encode()
        body = b"".join(a.tobytes() for a in arrays.values())
        return _LENGTH.pack(len(header)) + header + _METHODS[self.method][0](body)

    def decompress(self, data: bytes) -> PointCloud:
        try:
            end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
            layout = json.loads(data[_LENGTH.size : end])
            return _cloud(layout, _METHODS[self.method][1](data[end:]))
        except (struct.error, ValueError, TypeError, KeyError, zlib.error, lzma.LZMAError, EOFError) as error:
            raise AnchorError(f"{self.method}: not a stream of this anchor ({error})") from error


def _cloud(layout: list, body: bytes) -> PointCloud:
    """The arrays that ``layout`` names, cut from ``body``."""
    arrays, start = {}, 0
    for name, dtype, shape in layout:
        count = math.prod(shape)
        arrays[name] = np.frombuffer(body, dtype, count, start).reshape(shape)
        start += arrays[name].nbytes
    return PointCloud(arrays.pop("xyz"), arrays)


def _unzstd(data: bytes) -> bytes:
    zstandard = _zstandard()
    try:
        return zstandard.decompress(data)
    except zstandard.ZstdError as error:
        raise ValueError(error) from error


def _zstandard() -> ModuleType:
    try:
        return importlib.import_module("zstandard")
    except ImportError as error:
        raise AnchorError(f"zstd: zstandard is not installed: {install('eval')}") from error
