"""The cards of the shipped models say what they are: the digest of their file, and the data that they saw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pcc

WEIGHTS = Path(pcc.__file__).parent / "weights"
CARDS = sorted(path.stem for path in WEIGHTS.glob("*.json"))


def card(name: str) -> dict[str, Any]:
    return json.loads((WEIGHTS / f"{name}.json").read_text())


def data_of(record: Any) -> Iterator[dict[str, Any]]:
    """The data of a run and of all runs before it."""
    if isinstance(record, dict):
        if isinstance(record.get("data"), dict) and "source" in record["data"]:
            yield record["data"]
        for value in record.values():
            yield from data_of(value)
    elif isinstance(record, list):
        for value in record:
            yield from data_of(value)


def test_every_model_has_a_card():
    assert sorted(path.stem for path in WEIGHTS.glob("*.safetensors")) == CARDS
    assert len(CARDS) == 7


@pytest.mark.parametrize("name", CARDS)
def test_digest(name):
    """sha256(file) = the card's; a stream names its first half."""
    sha256 = hashlib.sha256((WEIGHTS / f"{name}.safetensors").read_bytes()).hexdigest()
    assert (card(name)["sha256"], card(name)["digest"]) == (sha256, sha256[:32])


@pytest.mark.parametrize("name", CARDS)
def test_data(name):
    """Clouds of more than 100 points each, named, with licence and digest; shares sum to 1."""
    found = list(data_of(card(name)["training"]))
    assert found
    for data in found:
        assert data["pools"]
        assert data["licence"] != "not stated"
        assert sum(pool["share"] for pool in data["pools"]) == pytest.approx(1)
        for pool in data["pools"]:
            assert pool["clouds"] >= 1
            assert pool["points"] > 100 * pool["clouds"]
            assert len(pool["sha256"]) == 64
            assert pool["name"]


def test_literal_counts():
    """What docs/models.md says of them."""
    counts = {
        name: [(p["name"], p["clouds"]) for p in next(data_of(card(name)["training"]))["pools"]] for name in CARDS
    }
    assert counts["dense"] == counts["dense-fast"] == counts["dense-lossy"] == [("meshes", 218), ("scans", 1)]
    assert counts["dense-free"] == [("meshes", 243)]
    assert counts["lattice"] == counts["lattice-fast"] == [("turns and their mirror images", 122)]
    assert counts["lidar"] == [("raw frames", 123), ("motion-corrected frames", 122)]
