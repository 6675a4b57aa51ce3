"""How near clouds are to each other; clouds of voxels are sorted Morton codes."""

from __future__ import annotations

import math

import numpy as np

from pcc.ops.nearest import nearest


def d1(codes: np.ndarray, others: np.ndarray) -> float:
    """The larger of the mean squared distances in voxels from one to the other, of ascending codes, both not empty."""
    return float(max(nearest(codes, others)[1].mean(), nearest(others, codes)[1].mean()))


def psnr(mse: float, peak: float) -> float:
    """10 log10(3 peak^2 / mse) in dB; infinite for mse = 0. The 3 is MPEG's: the peak is that of one axis."""
    return 10 * math.log10(3 * peak * peak / mse) if mse > 0 else math.inf
