"""What a bound would make of a cloud whose floats were coded bit for bit: for a hint, from a sample, in a moment.

Most bits of such positions tell nothing of the scene. Which bound suits is the user's to say; the hint names one that
is far below what the cloud resolves, about a hundred-thousandth of its extent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcc.codec.choice import choose, estimate_bytes
from pcc.codec.info import FrameInfo
from pcc.errors import LimitExceeded, ModelMismatch
from pcc.geometry.lossless import strays
from pcc.geometry.voxels import voxelize
from pcc.ops.morton import MAX_BITS

_FINEST = 2e-5  # of the extent
_MILLIMETRE = 0.001  # what a lattice is rounded to


@dataclass(frozen=True)
class Outlook:
    """With this ``max_error`` (unit of the cloud) the frame would take about so many bytes."""

    max_error: float
    num_bytes: int


def outlook(xyz: np.ndarray, frame: FrameInfo) -> Outlook | None:
    """For a frame that was coded without loss from positions (N, 3); None where its grid says all, or nothing is known.

    Args:
        frame: what its stream says of itself.
    """
    if not frame.floats or frame.header.quantized:
        return None
    if frame.lattice is not None:
        return Outlook(_MILLIMETRE, frame.num_bytes - frame.float_bytes)
    points = xyz[np.isfinite(xyz).all(axis=1)]
    points = points[~strays(points)] if len(points) else points
    extent = float(np.ptp(points.astype(np.float64), axis=0).max(initial=0)) if len(points) else 0.0
    if not 0 < extent < math.inf:
        return None
    bound = float(f"1e{math.floor(math.log10(extent * _FINEST))}")
    try:
        voxels = voxelize(points, max_error=bound)
        positions = estimate_bytes(voxels, choose(voxels)[0])
    except (LimitExceeded, ModelMismatch):
        return None
    assert voxels.depth <= MAX_BITS
    found = Outlook(bound, round(frame.num_bytes - frame.geometry_bytes + positions))
    return found if found.num_bytes < frame.num_bytes else None
