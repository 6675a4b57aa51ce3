"""Frozen streams with geometry: decoded by every later version, and still written byte for byte."""

from __future__ import annotations

import hashlib
import json

import pytest

import pcc
from pcc.geometry.coding_order import CodingOrder
from pcc.inference.program import Program
from tests.golden import CLOUDS, FOLDER, encode, program

LOSSLESS = ["surface", "sweep", "two_corners", "scattered_adaptive", "two_corners_2", "turn", "turn_moved"]
LOSSLESS += ["turn_nudged", "free_float32", "free_float64", "map_coordinates", "far_apart"]
FITTED = {"turn_moved"}  # whose motion is fitted in floats
DIGESTS = json.loads((FOLDER / "digests.json").read_text())


@pytest.mark.parametrize("name", CLOUDS)
def test_decodes_to_the_frozen_values(name, isa, threads):
    """sha256(decode(golden).xyz) = the frozen digest, for every instruction set and number of threads."""
    decoded = pcc.decode((FOLDER / f"{name}.pcc").read_bytes(), model=program(name))
    assert hashlib.sha256(decoded.xyz.tobytes()).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", [name for name in CLOUDS if name not in FITTED])
def test_the_encoder_still_writes_these_bytes(name, isa, threads):
    """encode(cloud) = golden."""
    assert encode(name) == (FOLDER / f"{name}.pcc").read_bytes()


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_streams_hold_the_cloud(name):
    """decode(golden) and the cloud are the same multiset of points with their fields, bit for bit."""
    cloud = CLOUDS[name][0]()
    decoded = pcc.decode((FOLDER / f"{name}.pcc").read_bytes(), model=program(name))
    assert _sorted_rows(decoded) == _sorted_rows(cloud)


def test_two_formats_of_programs_are_frozen():
    """What the streams need: one program that is converted when it is read, and one that is not."""
    assert {program(name).order for name in CLOUDS if isinstance(program(name), Program)} == {
        CodingOrder(2, 8),
        CodingOrder(8, 2, by_colour=True),
        CodingOrder(8, 4),
    }
    formats = [(FOLDER / f"{model}.safetensors").read_bytes()[:4096] for model in ("model", "model_2")]
    assert [b"pcc-occupancy-1" in head for head in formats] == [True, False]
    assert [b"pcc-occupancy-2" in head for head in formats] == [False, True]


def _sorted_rows(cloud: pcc.PointCloud) -> list[bytes]:
    """The bits of each point."""
    columns = [*cloud.xyz.T, *(cloud.fields[name] for name in sorted(cloud.fields))]
    return sorted(b"".join(value.tobytes() for value in row) for row in zip(*columns, strict=True))
