"""Google's Draco through DracoPy: the geometry of a point cloud as voxels, without loss on the grid.

Draco quantises floats to a cube of 2^b - 1 steps. Given voxel indices as float32 (exact below 2^24), a cube that
begins at 0 and a range of 2^b - 1, its step is one voxel and its loss is none. What was found about it (DracoPy 2.2):

- Points are coded by a kd-tree and come back in the tree's order. Keeping the order (DracoPy's ``preserve_order``)
  codes them one after the other, at twice the size and more; that is not done here.
- Points of equal position are merged before coding: multiplicities are lost, the set is not. So ``duplicates="keep"``
  is answered with a set, and the runner reports it as such. The search for them costs most of the encoding time, and
  that depends on the order: longdress takes 5 s in Morton order (used here), 14 s in the file's, 56 s in a random one.
- Compression levels 7 to 10 give the same bytes for positions; lower ones are larger.
- int32 points are misread: always hand over float32. An empty cloud comes back as None.
- About 160 bytes are constant, however few the points.

Grid step, origin and data type are added in front (``grid.py``), and counted.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np

from pcc.anchors.base import Anchor, Setting
from pcc.anchors.grid import GRID_BYTES, pack_grid, unpack_grid
from pcc.errors import AnchorError, InvalidCloud, Unsuitable
from pcc.extras import install
from pcc.geometry.voxels import devoxelize, voxelize
from pcc.pointcloud import PointCloud


class Draco(Anchor):
    """Draco's point-cloud coder at a compression level of 0 to 10."""

    name = "draco"
    package = "DracoPy"

    def __init__(self, compression_level: int = 10) -> None:
        self.compression_level = compression_level

    def missing(self, setting: Setting) -> str | None:
        return "positions only" if setting.fields != "none" else None

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        draco = _dracopy()
        if setting.fields != "none":
            raise Unsuitable(f"draco: positions only here, expected fields='none', got {setting.fields!r}")
        if len(cloud) == 0:
            raise Unsuitable("draco: an empty cloud has no Draco stream")
        try:
            voxels = voxelize(cloud.xyz, voxel_size=setting.step(cloud), max_error=setting.max_error)
        except InvalidCloud as error:
            raise Unsuitable("draco: positions are not finite, or on no grid; give voxel_size") from error
        bits = max(voxels.depth, 1)
        body = draco.encode(
            voxels.coords.astype(np.float32),
            quantization_bits=bits,
            quantization_range=float(2**bits - 1),
            quantization_origin=np.zeros(3),
            compression_level=self.compression_level,
        )
        return pack_grid(voxels.grid) + body

    def decompress(self, data: bytes) -> PointCloud:
        draco = _dracopy()
        grid = unpack_grid(data)
        try:
            points = draco.decode(data[GRID_BYTES:]).points
        except draco.FileTypeException as error:
            raise AnchorError(f"draco: {error}") from error
        return PointCloud(devoxelize(np.rint(points).astype(np.int32), grid))


def _dracopy() -> ModuleType:
    try:
        return importlib.import_module("DracoPy")
    except ImportError as error:
        raise AnchorError(f"draco: DracoPy is not installed: {install('eval')}") from error
