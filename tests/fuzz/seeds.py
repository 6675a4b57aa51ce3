"""What the targets start from: small sound inputs of every kind, made by the package itself, so none is committed.

Streams are those of tests/golden, and tiny ones whose decoding takes a millisecond. Their models lie in tests/golden.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

import pcc
from pcc.codec import fallback
from pcc.codec.lattice import fields as lattice_fields
from pcc.errors import InvalidCloud, LimitExceeded
from pcc.sensors.table import to_json
from tests import golden

MOST_BYTES = 7000  # of a golden stream that is a seed


@cache
def streams() -> Mapping[str, bytes]:
    """One of each feature of the format, and the golden streams that are small."""
    frozen = {path.stem: path.read_bytes() for path in sorted(golden.FOLDER.glob("*.pcc"))}
    return {name: data for name, data in frozen.items() if len(data) <= MOST_BYTES} | _tiny_streams() | _ended_octrees()


def _tiny_streams() -> dict[str, bytes]:
    sheet, twice = _sheet(60), _sheet(9, np.float64)
    model = golden.program("surface_2")
    made = {
        "empty": pcc.encode(pcc.PointCloud(np.zeros((0, 3), np.int32))),
        "one_point": pcc.encode(pcc.PointCloud(np.array([[1.5, -2, 3]], np.float32)), timestamp_ns=7),
        "network": pcc.encode(sheet, model=model),
        "adaptive": pcc.encode(sheet, model="adaptive", order="keep"),
        "merged": pcc.encode(_sheet(200, np.float32), model=model, voxel_size=2.0, duplicates="merge"),
        "fields": pcc.encode(_fields(12), model="adaptive"),
        "reflectance": _reflectance(),
        "twice": pcc.encode(twice.take(np.repeat(np.arange(9), 3)), model="adaptive"),
    }
    made["frames"] = pcc.append(pcc.append(made["one_point"], _fields(3)), twice, model="adaptive")
    made["concatenated"] = made["frames"] + made["one_point"][15:]
    for name, cloud in _odd_clouds().items():
        with contextlib.suppress(InvalidCloud, LimitExceeded):  # where this version refuses them, there is no seed
            made[name] = pcc.encode(cloud, model="adaptive", sensor="none")
    return made


def _sheet(num_points: int, dtype: type = np.int16) -> pcc.PointCloud:
    i = np.arange(num_points)
    return pcc.PointCloud(np.stack([i % 8, i // 8, (i * i) % 5], 1).astype(dtype))


def _odd_clouds() -> dict[str, pcc.PointCloud]:
    """Positions on no grid, in float32 and float64; a grid of odd steps; some nowhere; one far off."""
    free = np.sin(np.arange(90.0)).reshape(-1, 3)
    nowhere, stray = free.astype(np.float32), _sheet(30, np.float32).xyz.copy()
    nowhere[::7], stray[5] = [np.nan, np.inf, 0], 1e7
    positions = {"exact": free, "exact_float32": free.astype(np.float32), "nowhere": nowhere, "stray": stray}
    positions["scaled"] = _sheet(30, np.float64).xyz * 0.01 + [500000.25, 4000000.5, 12]
    return {name: pcc.PointCloud(xyz) for name, xyz in positions.items()}


def _ended_octrees() -> dict[str, bytes]:
    """Lower bits stored beside an octree that ends above them: of points alone and twice, of integers and floats."""
    i = np.arange(240, dtype=np.uint64)
    scattered = (i * i * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(44)).astype(np.int64).reshape(-1, 3)
    positions = {"ended": scattered, "ended_twice": np.repeat(scattered, 1 + i[:80].astype(int) % 2, axis=0)}
    positions["ended_exact"] = np.sqrt(1.0 + scattered)
    positions["ended_axes"] = scattered * np.array([0.01, 0.01, 0.001]) + [431_000.0, 5_480_000.0, 112.5]
    with patch.object(fallback, "ENDING_NODES", 16):  # ours end where there are thousands of nodes
        return {
            name: pcc.encode(pcc.PointCloud(xyz), model="adaptive", sensor="none") for name, xyz in positions.items()
        }


def _reflectance() -> bytes:
    """A turn in its lattice with an intensity that the network codes, and a point that is nowhere."""
    cloud = golden.turn().take(np.arange(0, 2000, 4))
    xyz = np.where(np.arange(len(cloud))[:, None] == 70, np.float32(np.nan), cloud.xyz)
    made = pcc.PointCloud(xyz, {name: cloud.fields[name] for name in ("intensity", "ring")})
    with patch.object(lattice_fields, "entropy_bits", lambda levels: np.inf):  # whatever a column would take
        return pcc.encode(made, model=golden.program("turn"), sensor=golden.sensor())


def _fields(num_points: int) -> pcc.PointCloud:
    i = np.arange(num_points)
    names = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32")
    fields = {name: (i % 7).astype(name) for name in names}
    return _sheet(num_points).with_fields(fields | {"rgb": np.stack([i, 2 * i, 3 * i], 1).astype(np.uint8)})


@cache
def files(suffix: str) -> Mapping[str, bytes]:
    """Small clouds in files of a format."""
    plain, coloured = _sheet(7, np.float32), _sheet(5, np.float32).with_fields({"red": np.arange(5, dtype=np.uint8)})
    clouds = {"plain": plain, "coloured": coloured}
    if suffix == ".npz":
        clouds["wide"] = _fields(3)
    if suffix == ".bin":
        clouds = {"kitti": plain.with_fields({"intensity": np.zeros(7, np.float32)})}
    made = {name: _written(cloud, suffix) for name, cloud in clouds.items()}
    if suffix == ".ply":
        made["text"] = _written(coloured, suffix, ascii=True)
        made["big_endian"] = _big_endian_mesh()
    if suffix == ".pcd":
        made["text"] = _text_pcd()
    return made


def _written(cloud: pcc.PointCloud, suffix: str, **options: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cloud{suffix}"
        pcc.write_points(path, cloud, **options)
        return path.read_bytes()


def _big_endian_mesh() -> bytes:
    head = "ply\nformat binary_big_endian 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    head += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    return head.encode() + np.arange(9, dtype=">f4").tobytes() + b"\3" + np.arange(3, dtype=">i4").tobytes()


def _text_pcd() -> bytes:
    head = "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z normal\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 2\n"
    return (
        head + "WIDTH 2\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\nDATA ascii\n1 2 3 0 1\n4 5 6 1 nan\n"
    ).encode()


@cache
def sensors() -> Mapping[str, bytes]:
    """Tables of spinning LiDARs."""
    return {"golden": to_json(golden.sensor(), fitted="to nothing").encode()}


@cache
def cards() -> Mapping[str, bytes]:
    """Cards of models."""
    return {"card": json.dumps({"name": "m", "data": {"pools": [{"share": 0.5}]}, "metrics": {"bpp": 1.5}}).encode()}


@cache
def models() -> Mapping[str, bytes]:
    """The models of the golden streams: programs of every kind."""
    return {path.stem: path.read_bytes() for path in sorted(golden.FOLDER.glob("model*.safetensors"))}
