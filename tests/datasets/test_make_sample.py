"""The clouds of data/sample are what their generator makes, byte for byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from pcc.datasets.heldout import geometry_digest, heldout_digests
from pcc.datasets.make_sample import SAMPLE, main
from pcc.geometry.voxels import own_step
from pcc.io import read_points

ROOT = Path(__file__).resolve().parents[2]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_samples_are_reproduced(tmp_path):
    """make_sample() = the files in the repository, but for the real frame and its licence."""
    main(tmp_path)
    made = digests(tmp_path)
    assert sorted(made) == ["clouds.json", "figure.ply", "street.bin"]
    assert made.items() <= digests(ROOT / SAMPLE).items()


def test_the_real_frame_is_as_its_driver_gave_it():
    """16 lasers, float32 metres on no grid; its licence lies beside it."""
    cloud = read_points(ROOT / SAMPLE / "vlp16.ply")
    assert (len(cloud), cloud.xyz.dtype, own_step(cloud.xyz)) == (15_455, np.float32, None)
    assert {name: values.dtype.name for name, values in cloud.fields.items()} == {
        "intensity": "float32",
        "ring": "uint8",
        "time": "float32",
    }
    assert cloud.fields["ring"].max() == 15
    assert "Copyright 2020 Einride AB" in (ROOT / SAMPLE / "LICENSE.vlp16").read_text()


def test_samples_are_small_and_in_range():
    folder = ROOT / SAMPLE
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000
    figure, street = read_points(folder / "figure.ply"), read_points(folder / "street.bin")
    assert figure.xyz.dtype == np.int16
    assert sorted(figure.fields) == ["blue", "green", "red"]
    assert 90_000 < len(figure) < 110_000
    assert 25_000 < len(street) < 35_000
    assert np.array_equal(np.float32(np.rint(street.xyz.astype(float) * 1000) / 1000), street.xyz)
    assert geometry_digest(figure.xyz) not in heldout_digests()


def test_index_names_every_cloud():
    """clouds.json: name, path, peak."""
    entries = json.loads((ROOT / SAMPLE / "clouds.json").read_text())
    assert [entry["path"] for entry in entries] == ["figure.ply", "vlp16.ply", "vlp16.ply"]
    assert all(entry["peak"] > 0 and entry["name"] for entry in entries)
