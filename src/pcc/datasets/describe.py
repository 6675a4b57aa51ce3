"""What batches are drawn from, for the record of a run and the card of a model: each kind of batches says it itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

NOT_STATED = "not stated"
SYNTHETIC = "none: made on the spot by generators of this package"


def data_record(source: str, licence: str, pools: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A description: the kind of batches, the licence of their data, and the pools that hold any; shares sum to 1."""
    held = [pool for pool in pools if pool["clouds"]]
    total = sum(pool["share"] for pool in held)
    return {"source": source, "licence": licence, "pools": [p | {"share": p["share"] / total} for p in held]}


def pool_record(name: str, clouds: Sequence[np.ndarray], share: float) -> dict[str, Any]:
    """A pool of clouds that are (N, 3) each: how many, their points, and a SHA-256 over all coordinates in order."""
    record = {"name": name, "clouds": len(clouds), "points": sum(map(len, clouds)), "share": share}
    return record | {"sha256": sha256_of(clouds)}


def sha256_of(arrays: Iterable[np.ndarray]) -> str:
    """Over the bytes of all arrays, one behind the other."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
