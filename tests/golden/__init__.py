"""Frozen streams with geometry: their clouds by formula, the model they need, and how they were written.

    python -m tests.golden           writes streams that are missing; it never changes one that is there

A stream that no longer decodes, or an encoder that writes other bytes, is a break of the format: it needs a new
version (docs/bitstream.md), not a new golden file. Both models are the `smoke` experiment's, trained for seconds:
`model` as it was in the first format of programs, `model_2` in the second, with one weight set, eight colours and two
groups, colour by colour. `model_lattice` is the `smoke_lattice` experiment's; `model_lossy` has the random weights of
`tests.networks.TINY_LOSSY`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

import pcc
from pcc.inference.registry import Model, load_program
from pcc.ops.float_residuals import float_error
from pcc.ops.lattice_map import positions
from pcc.ops.twist_map import Twist, correct
from pcc.pointcloud import PointCloud
from pcc.sensors.table import SensorTable
from tests.streams import with_inferred, with_mask

FOLDER = Path(__file__).parent


@cache
def program(name: str) -> Model:
    """The model that a stream was coded with."""
    return load_program(FOLDER / f"{CLOUDS[name][2]}.safetensors")


def surface() -> PointCloud:
    """A wavy sheet of integer voxels with colours, 6400 points."""
    x, y = (a.ravel() for a in np.meshgrid(np.arange(80), np.arange(80), indexing="ij"))
    z = 40 + (x * x + 3 * y * y) // 200 % 23
    red = ((x * 7 + y * 3) % 256).astype(np.uint8)
    return PointCloud(np.stack([x, y, z], 1).astype(np.int16), {"red": red, "label": (x // 20).astype(np.int32)})


def sweep() -> PointCloud:
    """Rings of float32 points on a 1 mm grid, as a LiDAR has them, 1500 points, every tenth one twice."""
    i = np.arange(1500)
    millimetres = np.stack([(i * i * 37) % 40000 - 20000, (i * 977) % 30000 - 15000, -1700 + i % 16 * 120], 1)
    millimetres = np.concatenate([millimetres, millimetres[::10]])
    return PointCloud((millimetres / 1000).astype(np.float32), {"intensity": (np.arange(1650) % 97 / 96).astype("f4")})


def two_corners() -> PointCloud:
    """Two points 2^21 - 1 voxels apart: the deepest octree."""
    return PointCloud(np.array([[0, 0, 0], [2**21 - 1, 2**21 - 1, 2**21 - 1]], np.int64))


def scattered() -> PointCloud:
    """1000 points at random in a cube of 2^21 voxels."""
    i = np.arange(3000, dtype=np.uint64)
    return PointCloud((i * i * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(43)).astype(np.int32).reshape(-1, 3))


def sensor() -> SensorTable:
    """Twelve lasers, radial; integers by formula."""
    laser = np.arange(12)
    slope = np.stack([33_000_000 - 40_000 * laser, 9_000 * laser - 50_000, 1_100_000 * laser - 9_000_000], 1)
    offset = np.stack([500 - 70 * laser, 100_000 * (laser % 2) - 50_000, 400_000 + 1000 * laser], 1)
    return SensorTable("golden", 1500, 8, slope, offset, (laser * 37 % 50 - 20).astype(np.int32), True)


def turn() -> PointCloud:
    """A room seen by that sensor, 1 mm grid, with some points a millimetre off, some far off and some twice."""
    table = sensor()
    laser, column = (a.ravel() for a in np.meshgrid(np.arange(12)[::-1], np.arange(0, 200, 1), indexing="ij"))
    kept = (laser * 31 + column * 17) % 11 > 0
    laser, column = laser[kept], column[kept]
    step = (column * 7 + column // 6 + table.shift[laser]) % table.steps
    index = (4000 + (step - 700) ** 2 // 200 + 40 * laser + (laser * 7 + column * 13) % 9).astype(np.int32)
    voxels, _ = positions(table.lattice, laser.astype(np.uint8), step.astype(np.int32), 2 * index)
    voxels[::50, 2] += 1
    voxels[5::400] += 333
    rows = np.concatenate([np.arange(len(voxels)), np.arange(0, len(voxels), 300)])
    shade = (laser * 5 + column // 9) % 60
    fields = {"intensity": (shade / 100).astype(np.float32), "ring": laser.astype(np.uint8), "n": column.astype("u2")}
    return PointCloud((voxels / 1000).astype(np.float32)[rows], {name: f[rows] for name, f in fields.items()})


def moved_turn() -> PointCloud:
    """The same, corrected for a motion: float32 metres on no grid."""
    cloud = turn()
    raw = np.rint(cloud.xyz.astype(np.float64) * 1000).astype(np.int32)
    twist = Twist((-60_000_000_000, 1_000_000_000, -700_000_000), (2_000_000_000, -1_000_000_000, 30_000_000_000))
    fixed = correct(twist, raw, np.zeros(len(raw), np.int8), float_error(raw))
    return PointCloud((fixed / (1000 * 2.0**24)).astype(np.float32), cloud.fields)


def free(dtype: str) -> PointCloud:
    """400 positions on no grid; in float32 some are nowhere, and some zeros are negative."""
    i = np.arange(400)
    xyz = (np.sqrt(np.stack([i * 37 % 211, i * i % 307, i // 3], 1)) - [3, 11, 0]).astype(dtype)
    if xyz.dtype == np.float32:
        xyz[::29], xyz[3::50, 1] = [np.nan, np.inf, -0.0], -0.0
    return PointCloud(xyz)


def map_coordinates() -> PointCloud:
    """Float64 metres as readers of LAS give them: whole numbers x scale + offset, other ones for each axis."""
    i = np.arange(600)
    whole = np.stack([(i * 733) % 40_000, (i * i * 7) % 30_000, (i * 17) % 5000], 1)
    return PointCloud(whole * np.array([0.01, 0.01, 0.001]) + np.array([431_000.0, 5_480_000.0, 112.5]))


def far_apart() -> PointCloud:
    """Integers that take 40 bits, more than an octree has."""
    i = np.arange(300, dtype=np.int64)
    return PointCloud(np.stack([i * 2_654_435_761 % 2**40, i * i * 40_503 % 2**31 - 2**30, i % 9], 1))


def nudged_turn() -> PointCloud:
    """The turn with float32 metres a little off its grid."""
    cloud = turn()
    nudge = (np.arange(3 * len(cloud)).reshape(-1, 3) * 7 % 5 - 2) / np.float32(2**14)
    return PointCloud(cloud.xyz + nudge.astype(np.float32))


def encode(name: str) -> bytes:
    """The stream of that name, as it is written today."""
    make, options, _ = CLOUDS[name]
    if "mask" in options:
        return with_mask(make(), program(name), **options)
    if "inferred" in options:
        return with_inferred(make(), program(name), **options)
    return pcc.encode(make(), **{"model": program(name), "fallback": False, **options})


LATTICE: dict = {"sensor": sensor(), "order": "keep"}
LOSSY = {"voxel_size": 0.016, "duplicates": "merge", "fields": "none"}
CLOUDS: dict[str, tuple[Callable[[], PointCloud], dict, str]] = {
    "surface": (surface, {}, "model"),
    "sweep": (sweep, {}, "model"),
    "sweep_16mm": (sweep, LOSSY, "model"),
    "two_corners": (two_corners, {}, "model"),
    "surface_2": (surface, {"fields": "none"}, "model_2"),
    "sweep_16mm_2": (sweep, LOSSY, "model_2"),
    "two_corners_2": (two_corners, {}, "model_2"),
    "scattered_adaptive": (scattered, {"model": "adaptive"}, "model"),
    "surface_mixed": (surface, {"mask": 0b1001011, "fields": "none"}, "model"),
    "surface_mixed_2": (surface, {"mask": 0b1001011, "fields": "none"}, "model_2"),
    "surface_calibrated_2": (
        surface,
        {"mask": 0b1001, "calibrations": bytes([0x88, 0x08, 0xF0, 0x88, 0x7F, 0xA6, 0x78]), "fields": "none"},
        "model_2",
    ),
    "surface_inferred": (surface, {"inferred": ((63, -8), (0, -2))}, "model_lossy"),
    "surface_mostly_coded": (surface, {"inferred": ((230, -7),)}, "model_lossy"),
    "turn": (turn, LATTICE, "model_lattice"),
    "turn_within_20mm": (turn, {**LATTICE, "max_error": 0.02}, "model_lattice"),
    "turn_moved": (moved_turn, {**LATTICE}, "model_lattice"),
    "turn_nudged": (nudged_turn, {**LATTICE}, "model_lattice"),
    "free_float32": (partial(free, "float32"), {"model": "adaptive", "order": "keep"}, "model"),
    "free_float64": (partial(free, "float64"), {"model": "adaptive"}, "model"),
    "map_coordinates": (map_coordinates, {"model": "adaptive"}, "model"),
    "far_apart": (far_apart, {"model": "adaptive"}, "model"),
}
