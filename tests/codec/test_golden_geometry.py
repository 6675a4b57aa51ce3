"""Frozen streams with geometry: decoded by every later version, and still written byte for byte."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

import pcc
from tests.golden import CLOUDS, FOLDER, encode, program

DIGESTS = json.loads((FOLDER / "digests.json").read_text())


@pytest.mark.parametrize("name", CLOUDS)
def test_decodes_to_the_frozen_values(name, isa, threads):
    """sha256(decode(golden).xyz) = the frozen digest, for every instruction set and number of threads."""
    decoded = pcc.decode((FOLDER / f"{name}.pcc").read_bytes(), model=program())
    assert hashlib.sha256(decoded.xyz.tobytes()).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", CLOUDS)
def test_the_encoder_still_writes_these_bytes(name, isa, threads):
    """encode(cloud) = golden."""
    assert encode(name) == (FOLDER / f"{name}.pcc").read_bytes()


@pytest.mark.parametrize("name", ["surface", "sweep", "two_corners", "scattered_adaptive"])
def test_lossless_streams_hold_the_cloud(name):
    """decode(golden) and the cloud are the same multiset of points with their fields."""
    cloud = CLOUDS[name][0]()
    decoded = pcc.decode((FOLDER / f"{name}.pcc").read_bytes(), model=program())
    assert np.array_equal(_sorted_rows(decoded), _sorted_rows(cloud))


def _sorted_rows(cloud: pcc.PointCloud) -> np.ndarray:
    columns = [*cloud.xyz.T, *(cloud.fields[name] for name in sorted(cloud.fields))]
    rows = np.stack([column.astype(np.float64) for column in columns], 1)
    return rows[np.lexsort(rows.T[::-1])]
