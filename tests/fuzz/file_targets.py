"""Targets for files: the readers of clouds, tables of sensors, cards and models."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import pcc
from pcc.inference.files import read_card
from pcc.inference.lattice_program import LatticeProgram
from pcc.inference.program import Program
from pcc.inference.registry import load_program
from pcc.sensors.table import SensorTable, from_json
from tests.clouds import assert_equal
from tests.fuzz import seeds
from tests.fuzz.structures import ARCHIVE, MODEL, PCD, PLY, WHOLE
from tests.fuzz.target import Target

MOST_POINTS = 2000  # of a cloud that is coded too


def read_cloud(suffix: str, data: bytes) -> None:
    """A file is a cloud or an error; a cloud goes through .npz unchanged, and is coded or refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"input{suffix}"
        path.write_bytes(data)
        cloud = pcc.read_points(path)
        if len(cloud) > MOST_POINTS:
            return
        copy = Path(folder) / "copy.npz"
        pcc.write_points(copy, cloud)
        assert_equal(pcc.read_points(copy), cloud)
    decoded = pcc.decode(pcc.encode(cloud, model="adaptive", sensor="none"))
    assert _sorted_rows(decoded.xyz) == _sorted_rows(cloud.xyz), "lossless is not lossless"


def _sorted_rows(xyz: np.ndarray) -> list[bytes]:
    """The bits of each position; zeros have no sign."""
    return sorted(np.where(row == 0, np.zeros_like(row), row).tobytes() for row in xyz)


def read_sensor(data: bytes) -> None:
    """A file is a sound table or an error; what every user of a table computes can be computed."""
    table = _read(from_json, "sensor.json", data)
    assert isinstance(table, SensorTable)
    _ = table.lattice, table.max_index, table.elevation, table.digest


def read_model_card(data: bytes) -> None:
    """A card is an object or an error."""
    assert isinstance(_read(lambda path: read_card(path.with_suffix(".safetensors")), "model.json", data), dict)


def read_program(data: bytes) -> None:
    """A model's file is a program that codes losslessly, or an error."""
    program = _read(load_program, "model.safetensors", data)
    assert isinstance(program, Program | LatticeProgram)
    if isinstance(program, Program):
        cloud = pcc.PointCloud(np.array([[0, 0, 0], [1, 5, 2], [3, 3, 3], [3, 2, 3]], np.int16))
        decoded = pcc.decode(pcc.encode(cloud, model=program, fallback=False), model=program)
        assert _sorted_rows(decoded.xyz) == _sorted_rows(cloud.xyz), "lossless is not lossless"


def _read(read: Callable[[Path], object], name: str, data: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path)


READERS = {".ply": PLY, ".npz": ARCHIVE, ".bin": WHOLE} | ({".pcd": PCD} if find_spec("pypcd4") else {})

FILE_TARGETS = {
    suffix[1:]: Target(partial(read_cloud, suffix), partial(seeds.files, suffix), structure)
    for suffix, structure in READERS.items()
} | {
    "sensor": Target(read_sensor, seeds.sensors, WHOLE),
    "card": Target(read_model_card, seeds.cards, WHOLE),
    "model": Target(read_program, seeds.models, MODEL),
}
