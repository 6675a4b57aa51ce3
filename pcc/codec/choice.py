"""Which model codes a cloud when none is named, and on which scale it sees the levels.

Two small rules, apart so that they can be changed by measurement; the stream carries their outcome, not the rules.
"""

from __future__ import annotations

import math

import numpy as np

from pcc.geometry.voxels import Grid

MIN_DENSE_CHILDREN = 1.8
MAX_LEVEL_OFFSET = 10
_PART = 1 << 16


def choose_model(codes: np.ndarray) -> str:
    """``dense`` or ``lidar``, by the mean number of voxels in an occupied 2x2x2 block.

    Scanned surfaces have 2.5 to 4, a LiDAR sweep about 1 (1 mm to 1 cm voxels).

    Args:
        codes: (V,) uint64 Morton codes, ascending and distinct, V >= 1.
    """
    num_blocks = 1
    for start in range(0, len(codes) - 1, _PART):  # in parts: the temporaries stay in the cache
        blocks = codes[start : start + _PART + 1] >> np.uint64(3)
        num_blocks += int(np.count_nonzero(blocks[1:] != blocks[:-1]))
    return "dense" if len(codes) >= MIN_DENSE_CHILDREN * num_blocks else "lidar"


def level_offset(grid: Grid, finest_voxel_m: float | None) -> int:
    """How many levels coarser these voxels are than the finest that the model knows: 0..10.

    Clouds of integers (also when a file holds them as floats) have no absolute size, nor have models of surfaces
    (``finest_voxel_m`` None): 0.
    """
    if finest_voxel_m is None or grid.dtype.kind in "biu" or grid.step == 1:
        return 0
    return min(max(round(math.log2(grid.step / finest_voxel_m)), 0), MAX_LEVEL_OFFSET)
