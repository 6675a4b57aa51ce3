"""LASzip: LAS files compressed by laspy with the lazrs backend, as surveyors keep and send point clouds.

LAS holds int32 coordinates with a scale and an offset, an intensity of 16 bits, colours of 16 bits and named extra
dimensions. Here coordinates are the cloud's own grid (or that of ``voxel_size``), so nothing is lost on it; the order
of the points stays, duplicates too. Fields go where LAS has a place for them, else into extra dimensions.
"""

from __future__ import annotations

import importlib
import io
import json
from types import ModuleType

import numpy as np

from pcc.anchors.base import Anchor, Setting
from pcc.anchors.reflectance import COLOURS, from_whole, to_whole, whole_scale
from pcc.errors import AnchorError, Unsuitable
from pcc.geometry.grid import Grid
from pcc.geometry.voxels import own_step
from pcc.pointcloud import PointCloud

_USER, _RECORD = "pcc", 1  # of the variable-length record with the data types
_MAX = 1 << 31


class LasZip(Anchor):
    """LAZ 1.4, point format 6, or 7 with colours; lossless on the grid."""

    name = "laszip"
    package = "lazrs"

    def missing(self, setting: Setting) -> str | None:
        if setting.max_error is not None:
            return "no bound on the error"
        return "fields are coded without loss only" if setting.quantiser and setting.fields != "none" else None

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        laspy = _laspy()
        if len(cloud) == 0:
            raise Unsuitable("laszip: an empty cloud is not coded")
        if setting.max_error is not None:
            raise Unsuitable("laszip: expected voxel_size or a scale, got max_error")
        step = setting.step(cloud)
        own = (step, 1.0) if step else own_step(cloud.xyz)
        if own is None:
            raise Unsuitable("laszip: the cloud lies on no grid; give voxel_size")
        steps = np.floor(cloud.xyz.astype(np.float64) * own[1] / own[0] + 0.5)
        if np.abs(steps).max() >= _MAX:
            raise Unsuitable("laszip: a position needs more than 32 bits")
        return _write(laspy, steps.astype(np.int32), cloud if setting.fields != "none" else PointCloud(cloud.xyz), own)

    def decompress(self, data: bytes) -> PointCloud:
        laspy = _laspy()
        try:
            with laspy.open(io.BytesIO(data)) as reader:
                las = reader.read()
            record = next(vlr for vlr in las.header.vlrs if vlr.user_id == _USER)
            side = json.loads(record.record_data)
        except (laspy.errors.LaspyException, ValueError, StopIteration, RuntimeError) as error:
            raise AnchorError(f"laszip: not a stream of this anchor ({error})") from error
        num, den, dtype = side["grid"]
        steps = np.stack([las.X, las.Y, las.Z], axis=1)
        grid = Grid(num, den, (0, 0, 0), np.dtype(dtype))
        xyz = steps.astype(dtype) if grid.is_integer else (steps * num / den).astype(dtype)
        fields = {
            name: _field(np.array(las[place]), scale, kind) for name, (place, scale, kind) in side["fields"].items()
        }
        return PointCloud(xyz, fields)


def _write(laspy: ModuleType, steps: np.ndarray, cloud: PointCloud, step: tuple[float, float]) -> bytes:
    columns, side = _columns(cloud)
    header = laspy.LasHeader(version="1.4", point_format=7 if "red" in columns else 6)
    header.scales, header.offsets = np.full(3, step[0] / step[1]), np.zeros(3)
    for name in columns.keys() - {*COLOURS, "intensity"}:
        header.add_extra_dim(laspy.ExtraBytesParams(name=name, type=columns[name].dtype))
    record = {"grid": [step[0], step[1], cloud.xyz.dtype.str], "fields": side}
    header.vlrs.append(laspy.VLR(_USER, _RECORD, "data types", json.dumps(record, separators=(",", ":")).encode()))
    las = laspy.LasData(header)
    las.X, las.Y, las.Z = steps.T
    for name, values in columns.items():
        las[name] = values
    file = io.BytesIO()
    las.write(file, do_compress=True, laz_backend=laspy.LazBackend.Lazrs)
    return file.getvalue()


def _columns(cloud: PointCloud) -> tuple[dict[str, np.ndarray], dict[str, list]]:
    """The fields by their names in LAS, and of each the name there, the scale and the data type."""
    columns: dict[str, np.ndarray] = {}
    side: dict[str, list] = {}
    has_colours = all(name in cloud.fields and cloud.fields[name].dtype.kind == "u" for name in COLOURS)
    for i, (name, values) in enumerate(cloud.fields.items()):
        if values.ndim != 1:
            raise Unsuitable(f"laszip: field {name!r} has more than one column")
        place, scale = f"field{i}", 0
        if name in COLOURS and has_colours and values.dtype.itemsize <= 2:
            place = name
        elif name == "intensity":
            place, scale = name, whole_scale(name, values)
        columns[place] = to_whole(values, scale) if scale else values
        side[name] = [place, scale, values.dtype.str]
    return columns, side


def _field(values: np.ndarray, scale: int, dtype: str) -> np.ndarray:
    return from_whole(values, scale, dtype) if scale else values.astype(dtype)


def _laspy() -> ModuleType:
    try:
        importlib.import_module("lazrs")
        return importlib.import_module("laspy")
    except ImportError as error:
        raise AnchorError("laszip: laspy and lazrs are not installed: pip install 'pcc-codec[eval]'") from error
