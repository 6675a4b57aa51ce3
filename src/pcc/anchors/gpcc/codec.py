"""G-PCC as an anchor: a cloud as tmc3 wants it, the options of a setting, and the way back.

tmc3 codes whole numbers: voxel indices counted from the cloud's own origin, so that a sensor stays where it is. What
turns them back into metres, and reflectance into its own unit, travels in front of its stream and is counted; a cloud
of integers without reflectance needs nothing of that, and its stream is tmc3's, byte for byte.

    0xff, uint8 length | JSON {"grid": [num, den, dtype], "reflectance": [name, scale, dtype]} | tmc3's stream
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import numpy as np

from pcc.anchors.base import Anchor, Setting
from pcc.anchors.gpcc import options
from pcc.anchors.gpcc.lasers import Lasers, fit_lasers, known_lasers
from pcc.anchors.gpcc.tmc3 import Tmc3
from pcc.anchors.grid import coordinates, grid_record, read_grid_record, whole_numbers
from pcc.anchors.reflectance import COLOURS, from_whole, to_whole, whole_scale
from pcc.errors import AnchorError, Unsuitable
from pcc.geometry.grid import Grid
from pcc.geometry.voxels import own_step
from pcc.pointcloud import PointCloud

MODES = ("octree", "trisoup", "predictive")
LOSSLESS_QP = 4
_MARK = 0xFF  # no stream of tmc3 begins so


class Gpcc(Anchor):
    """A user's tmc3 with one mode of geometry.

    Args:
        mode: "octree", "trisoup" (surfaces, lossy) or "predictive" (LiDAR).
        lasers: None for no angular mode; a known sensor ("hdl64e") or a JSON file, both for clouds in metres; or "fit":
            from each frame itself, in any unit.
        transform: of colours or reflectance: one of ``options.TRANSFORMS``, of which "raht" and "lifting" always lose;
            None: "predicting" for lossless settings, else "raht".
        planar: the octree's planar mode for dense clouds, with duplicates merged: smaller and slower.
        sort: order of predictive geometry without angular mode: 0 as given, 2 by azimuth.
        program: tmc3; None takes PCC_TMC3, then PATH.
        timeout_s: for a run of the program.
        label: the name in tables; None builds one.
    """

    def __init__(
        self,
        mode: str = "octree",
        *,
        lasers: str | None = None,
        transform: str | None = None,
        planar: bool = False,
        sort: int = 2,
        program: str | None = None,
        timeout_s: float | None = 600.0,
        label: str | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
        if transform is not None and transform not in options.TRANSFORMS:
            raise ValueError(f"transform: expected one of {', '.join(options.TRANSFORMS)}, got {transform!r}")
        self.mode, self.lasers, self.transform = mode, lasers, transform
        self.planar, self.sort, self.program, self.timeout_s = planar, sort, program, timeout_s
        parts = ["gpcc", mode, "planar" if planar else "", "angular" if lasers else "", transform or ""]
        self.name = label or "-".join(part for part in parts if part)

    def identity(self) -> str:
        program = self._tmc3().program
        known = {**vars(self), "last_run": None, "program": hashlib.sha256(program.read_bytes()).hexdigest()}
        if self.lasers not in (None, "fit"):
            known["lasers"] = known_lasers(str(self.lasers))
        return f"gpcc {sorted(known.items())}"

    def missing(self, setting: Setting) -> str | None:
        if self.mode == "trisoup" and setting.node_size_log2 is None:
            return "trisoup has no such rate: it needs node_size_log2"
        try:
            self._tmc3()
        except AnchorError as error:
            return str(error)
        return None

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        if len(cloud) == 0:
            raise Unsuitable("tmc3: an empty cloud has no stream")
        if reason := self.missing(setting):
            raise AnchorError(reason)
        positions, grid, scale = positions_of(cloud.xyz, setting)
        if self.mode == "trisoup" and grid.num != grid.den:
            raise Unsuitable("trisoup is for surfaces of whole numbers")
        if self.lasers is not None and grid.num == grid.den:
            raise Unsuitable("angular modes are for frames in metres")
        fields, side = _fields(cloud, setting)
        if grid.num != grid.den:
            side["grid"] = grid_record(grid)
        chosen = [*self._geometry(cloud, setting, grid, scale), *self._attributes(fields, setting, scale)]
        body, self.last_run = self._tmc3().encode(PointCloud(positions, fields), chosen)
        return _prefix(side) + body

    def decompress(self, data: bytes) -> PointCloud:
        side, body = _split(data)
        decoded, self.last_run = self._tmc3().decode(body)
        fields = {name: decoded.fields[name] for name in COLOURS if name in decoded.fields}
        try:
            if "reflectance" in side:
                name, scale, dtype = side["reflectance"]
                fields[name] = from_whole(decoded.fields["refc"], scale, dtype)
            return PointCloud(_positions(decoded.xyz, side.get("grid")), fields)
        except (KeyError, TypeError, ValueError) as error:
            raise AnchorError(f"tmc3: its side information is damaged ({error})") from error

    def _tmc3(self) -> Tmc3:
        return Tmc3(self.program, self.timeout_s)

    def _geometry(self, cloud: PointCloud, setting: Setting, grid: Grid, scale: float) -> list[str]:
        merge = setting.duplicates == "merge"
        if self.mode == "trisoup":
            assert setting.node_size_log2 is not None
            return options.trisoup(setting.node_size_log2)
        if grid.num == grid.den and self.lasers is None and self.mode == "octree":
            return options.dense_octree(scale, merge=merge or self.planar, planar=self.planar)
        lasers = None if self.lasers is None else self._lasers(cloud, grid.step)
        if self.mode == "octree":
            return options.lidar_octree(scale, lasers=lasers, merge=merge)
        sort, ground = 0 if lasers is not None else self.sort, setting.max_error is None
        return options.lidar_predictive(scale, lasers=lasers, merge=merge, sort=sort, ground=ground)

    def _lasers(self, cloud: PointCloud, step: float) -> Lasers:
        """In steps of the grid."""
        assert self.lasers is not None
        found = fit_lasers(cloud) if self.lasers == "fit" else known_lasers(self.lasers)
        return replace(found, z=tuple(z / step for z in found.z))

    def _attributes(self, fields: dict[str, np.ndarray], setting: Setting, scale: float) -> list[str]:
        if not fields:
            return ["--disableAttributeCoding=1"]
        quantiser = LOSSLESS_QP if setting.quantiser is None else setting.quantiser
        if self.mode == "trisoup" and setting.quantiser is not None:
            quantiser = options.TRISOUP_QP.get(setting.node_size_log2 or 0, quantiser)
        transform = self.transform or ("predicting" if setting.quantiser is None else "raht")
        if setting.quantiser is None and transform not in options.LOSSLESS_TRANSFORMS:
            raise Unsuitable(f"tmc3: fields without loss need predicting or haar, and the transform is {transform}")
        lossless_geometry = scale == 1 and self.mode != "trisoup"
        chosen = []
        if "red" in fields:
            chosen += options.colour(transform, quantiser, lossless_geometry=lossless_geometry)
        if "refc" in fields:
            bits = 8 if fields["refc"].max(initial=0) < 256 else 16
            chosen += options.reflectance(transform, quantiser, spherical=self.lasers is not None, bits=bits)
        return chosen


def positions_of(xyz: np.ndarray, setting: Setting) -> tuple[np.ndarray, Grid, float]:
    """Whole numbers as `whole_numbers` gives them, their grid, and tmc3's positionQuantizationScale, at most 1.

    The grid is the cloud's own where it has one, since tmc3 restores positions on that; else that of the voxel size.
    Within a bound it is the coarsest one that keeps it; angular modes break bounds at a scale, so that positions in
    metres are rounded before.

    Raises:
        Unsuitable: the cloud lies on no grid, and neither voxel size nor bound is given.
    """
    own, size = own_step(xyz), setting.voxel_size
    if setting.max_error is not None:
        edge = 2 * setting.max_error / math.sqrt(3) * (1 - 2.0**-20)
        if own is not None and own[0] == own[1]:
            return *whole_numbers(xyz, None), min(1.0, 1 / edge)
        finer = own is not None and edge <= own[0] / own[1]
        return *whole_numbers(xyz, None if finer else edge), 1.0
    if own is None or (size is not None and size < own[0] / own[1]):
        return *whole_numbers(xyz, size), setting.scale
    positions, grid = whole_numbers(xyz, None)
    return positions, grid, setting.scale if size is None else setting.scale * grid.step / size


def _fields(cloud: PointCloud, setting: Setting) -> tuple[dict[str, np.ndarray], dict]:
    """The fields as tmc3 reads them, and what leads back from its reflectance."""
    if setting.fields == "none" or not cloud.fields:
        return {}, {}
    names = set(cloud.fields)
    fields = {name: cloud.fields[name] for name in COLOURS if name in names}
    if fields and (len(fields) < 3 or any(v.dtype != np.uint8 or v.ndim != 1 for v in fields.values())):
        raise Unsuitable("tmc3: expected red, green and blue of uint8, one column each")
    others = sorted(names - set(COLOURS))
    if len(others) > 1:
        raise Unsuitable(f"tmc3 carries colours and one more field, got {', '.join(others)}")
    if not others:
        return fields, {}
    values = cloud.fields[others[0]]
    scale = whole_scale(others[0], values, lossy=setting.quantiser is not None)
    fields["refc"] = to_whole(values, scale)
    return fields, {"reflectance": [others[0], scale, values.dtype.str]}


def _positions(xyz: np.ndarray, record: list | None) -> np.ndarray:
    """In the cloud's unit; integers where all of them are."""
    if record is not None:
        return coordinates(xyz, read_grid_record(record))
    whole = xyz.astype(np.int32)
    return whole if np.array_equal(whole, xyz) else xyz


def _prefix(side: dict) -> bytes:
    if not side:
        return b""
    text = json.dumps(side, separators=(",", ":")).encode()
    if len(text) > 255:
        raise AnchorError(f"tmc3: the field's name is too long: {len(text)} bytes of side information, at most 255 fit")
    return bytes([_MARK, len(text)]) + text


def _split(data: bytes) -> tuple[dict, bytes]:
    if not data or data[0] != _MARK:
        return {}, data
    try:
        end = 2 + data[1]
        side = json.loads(data[2:end])
    except (ValueError, IndexError) as error:
        raise AnchorError(f"tmc3: its side information is damaged ({error})") from error
    if not isinstance(side, dict):
        raise AnchorError(f"tmc3: its side information is damaged: expected a mapping, got {side!r}")
    return side, data[end:]
