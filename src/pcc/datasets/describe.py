"""What a training set was made of, for the record of a run."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from pcc.datasets.turns import TurnBatches


def describe(batches: Any) -> dict[str, Any]:
    """Clouds, points and a SHA-256 over all coordinates, per pool; empty for sources without pools."""
    if isinstance(batches, TurnBatches):
        return {"source": "TurnBatches", "pools": [_describe_pool([turn.scan.index for turn in batches.turns], 1.0)]}
    mixture = getattr(batches, "_mixture", None)
    pools = getattr(mixture, "pools", ())
    return {"source": type(batches).__name__, "pools": [_describe_pool(pool.clouds, pool.share) for pool in pools]}


def _describe_pool(clouds: Any, share: float) -> dict[str, Any]:
    digest = hashlib.sha256()
    for cloud in clouds:
        digest.update(np.ascontiguousarray(cloud).tobytes())
    return {"clouds": len(clouds), "points": sum(map(len, clouds)), "share": share, "sha256": digest.hexdigest()}
