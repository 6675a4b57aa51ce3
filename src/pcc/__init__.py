"""pcc: a point cloud AI codec. Learned, bit-exact compression of dense and LiDAR point clouds.

    cloud = pcc.read_points("scan.ply")
    data = pcc.encode(cloud)
    assert len(pcc.decode(data)) == len(cloud)

The names below load on first use, so that ``import pcc`` is quick; torch is never imported here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pcc import errors
    from pcc.codec.decoder import decode, decode_frames
    from pcc.codec.encoder import append, encode
    from pcc.codec.limits import Limits
    from pcc.io import read_points, write_points
    from pcc.pointcloud import PointCloud

__version__ = "0.1.0"

__all__ = [
    "Limits",
    "PointCloud",
    "__version__",
    "append",
    "decode",
    "decode_frames",
    "encode",
    "errors",
    "read_points",
    "write_points",
]

_HOMES = {
    "Limits": "pcc.codec.limits",
    "PointCloud": "pcc.pointcloud",
    "append": "pcc.codec.encoder",
    "decode": "pcc.codec.decoder",
    "decode_frames": "pcc.codec.decoder",
    "encode": "pcc.codec.encoder",
    "read_points": "pcc.io",
    "write_points": "pcc.io",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return importlib.import_module("pcc.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'pcc' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
