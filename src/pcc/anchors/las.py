"""LASzip: LAS files compressed by laspy with the lazrs backend, as surveyors keep and send point clouds.

LAS holds int32 coordinates with a scale and an offset, an intensity of 16 bits, colours of 16 bits and named extra
dimensions. Here coordinates are on the cloud's own grid, that of ``voxel_size``, or the coarsest that keeps a bound; on
that nothing is lost, and the order of the points stays, duplicates too. Fields go where LAS has a place for them, else
into extra dimensions.

It is no place for bytes of strangers: lazrs 0.8 takes memory by what a damaged stream says, and ends the process.
"""

from __future__ import annotations

import importlib
import io
import json
import math
from types import ModuleType
from typing import Any

import numpy as np

from pcc.anchors.base import Anchor, Setting
from pcc.anchors.grid import coordinates, grid_record, read_grid_record, whole_numbers
from pcc.anchors.reflectance import COLOURS, from_whole, to_whole, whole_scale
from pcc.errors import AnchorError, Unsuitable
from pcc.extras import install
from pcc.geometry.grid import Grid
from pcc.geometry.voxels import own_step
from pcc.pointcloud import PointCloud

_USER, _RECORD = "pcc", 1  # of the variable-length record with the data types
_MAX = 1 << 31
_DAMAGED = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    StopIteration,
    RuntimeError,
    OSError,
)  # what laspy lets out


class LasZip(Anchor):
    """LAZ 1.4, point format 6, or 7 with colours; lossless on the grid."""

    name = "laszip"
    package = "lazrs"

    def missing(self, setting: Setting) -> str | None:
        return "fields are coded without loss only" if setting.quantiser and setting.fields != "none" else None

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        laspy = _laspy()
        if len(cloud) == 0:
            raise Unsuitable("laszip: an empty cloud is not coded")
        steps, grid = whole_numbers(cloud.xyz, _step(cloud, setting))
        if np.abs(steps).max() >= _MAX:
            raise Unsuitable("laszip: a position needs more than 32 bits")
        columns, side = _columns(cloud if setting.fields != "none" else PointCloud(cloud.xyz))
        return _write(laspy, steps.astype(np.int32), grid, columns, side)

    def decompress(self, data: bytes) -> PointCloud:
        laspy = _laspy()
        try:
            with laspy.open(io.BytesIO(data), laz_backend=laspy.LazBackend.Lazrs) as reader:
                las = reader.read()
            record = next(vlr for vlr in las.header.vlrs if vlr.user_id == _USER)
            return _cloud(las, json.loads(record.record_data))
        except (laspy.errors.LaspyException, *_DAMAGED) as error:
            raise AnchorError(f"laszip: not a stream of this anchor ({error})") from error


def _step(cloud: PointCloud, setting: Setting) -> float | None:
    """The step of the coordinates; None: that of the cloud's own grid."""
    if setting.max_error is None:
        return setting.step(cloud)
    own, edge = own_step(cloud.xyz), 2 * setting.max_error / math.sqrt(3) * (1 - 2.0**-20)
    return None if own is not None and own[0] / own[1] >= edge else edge


def _cloud(las: Any, side: dict) -> PointCloud:
    xyz = coordinates(np.stack([las.X, las.Y, las.Z], axis=1), read_grid_record(side["grid"]))
    if len(xyz) != las.header.point_count:
        raise ValueError(f"{len(xyz)} of {las.header.point_count} points")
    fields = {name: _field(np.array(las[place]), scale, kind) for name, (place, scale, kind) in side["fields"].items()}
    return PointCloud(xyz, fields)


def _write(
    laspy: ModuleType, steps: np.ndarray, grid: Grid, columns: dict[str, np.ndarray], side: dict[str, list]
) -> bytes:
    header = laspy.LasHeader(version="1.4", point_format=7 if "red" in columns else 6)
    header.scales, header.offsets = np.full(3, grid.step), np.zeros(3)
    for name in columns.keys() - {*COLOURS, "intensity"}:
        header.add_extra_dim(laspy.ExtraBytesParams(name=name, type=columns[name].dtype))
    record = {"grid": grid_record(grid), "fields": side}
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
        elif name == "intensity" and (found := _intensity_scale(values)):
            place, scale = name, found
        columns[place] = to_whole(values, scale) if scale else _holdable(name, values)
        side[name] = [place, scale, values.dtype.str]
    return columns, side


def _intensity_scale(values: np.ndarray) -> int:
    """0 where LAS's 16 bits lose something."""
    try:
        return whole_scale("intensity", values)
    except AnchorError:
        return 0


def _holdable(name: str, values: np.ndarray) -> np.ndarray:
    """``values`` in the next wider type that an extra dimension has."""
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.itemsize > 8:
        raise AnchorError(f"laszip: field {name!r} is {values.dtype}; expected at most 64 bits")
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _field(values: np.ndarray, scale: int, dtype: str) -> np.ndarray:
    return from_whole(values, scale, dtype) if scale else values.astype(dtype)


def _laspy() -> ModuleType:
    try:
        importlib.import_module("lazrs")
        return importlib.import_module("laspy")
    except ImportError as error:
        raise AnchorError(f"laszip: laspy and lazrs are not installed: {install('eval')}") from error
