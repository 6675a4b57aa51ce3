"""How near the voxels of one cloud are to those of another. Clouds are sorted Morton codes."""

from __future__ import annotations

import numpy as np

from pcc.ops.nearest import nearest


def d1(codes: np.ndarray, others: np.ndarray) -> float:
    """The larger of the mean squared distances in voxels from one to the other, of ascending codes, both not empty."""
    return float(max(nearest(codes, others)[1].mean(), nearest(others, codes)[1].mean()))
