"""The clouds of data/sample are what their generator makes, byte for byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from pcc.datasets.heldout import geometry_digest, heldout_digests
from pcc.datasets.make_sample import SAMPLE, main
from pcc.io import read_points

ROOT = Path(__file__).resolve().parents[2]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_samples_are_reproduced(tmp_path):
    """make_sample() = the files in the repository."""
    main(tmp_path)
    assert digests(tmp_path) == digests(ROOT / SAMPLE)


def test_samples_are_small_and_in_range():
    folder = ROOT / SAMPLE
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000
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
    assert [entry["path"] for entry in entries] == ["figure.ply", "street.bin"]
    assert all(entry["peak"] > 0 and entry["name"] for entry in entries)
