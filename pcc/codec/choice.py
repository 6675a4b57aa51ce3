"""Which model codes a cloud when none is named, and on which scale it sees the levels.

Small rules, apart so that they can be changed by measurement; the stream carries their outcome, not the rules.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pcc.geometry.voxels import Grid, Voxels
from pcc.ops import octree

if TYPE_CHECKING:
    from pcc.inference.program import Program

ADAPTIVE = "adaptive"  # the name that stands for no model
MODELS = ("dense", "lidar")
MIN_DENSE_CHILDREN = 1.8
CLEARLY_DENSE_CHILDREN = 2.3
FULL_DENSE_CHILDREN = 3.0
MAX_LEVEL_OFFSET = 10
MAX_TRIAL_VOXELS = 1024
SAMPLE_VOXELS = 1 << 13
_PART = 1 << 16


def choose_program(voxels: Voxels) -> Program:
    """The installed model of `MODELS` that codes these voxels best, as far as can be told in little time.

    Surfaces of integers are the dense model's, which their finest level shows. Otherwise all models code the coarse
    levels, and the smallest stream decides; of equal ones the rule does (`choose_model`; in metres it is ``lidar``).

    Raises:
        ModelMismatch: none of them is installed.
    """
    from pcc.inference.registry import find_model, model_paths

    scale_free = _scale_free(voxels.grid)
    likely = choose_model(voxels.codes) if scale_free else "lidar"
    installed = {path.stem for path in model_paths()}
    names = [name for name in sorted(MODELS, key=lambda name: name != likely) if name in installed]
    clear = scale_free and len(voxels.codes) >= CLEARLY_DENSE_CHILDREN * _num_blocks(voxels.codes)
    if len(names) < 2 or (clear and likely in names):
        return find_model(names[0] if names else likely)
    return min(map(find_model, names), key=lambda program: _trial_bytes(voxels, program))


def _trial_bytes(voxels: Voxels, program: Program) -> int:
    """What the coarse levels take with this model, of at most `MAX_TRIAL_VOXELS` nodes."""
    from pcc.codec.octree import encode_cheapest

    codes, depth = voxels.codes, voxels.depth
    offset = level_offset(voxels, program)
    while len(codes) > MAX_TRIAL_VOXELS:
        codes, depth, offset = octree.parents(codes)[0], depth - 1, offset + 1
    return len(encode_cheapest(codes, depth, program, offset)[0])


def choose_model(codes: np.ndarray) -> str:
    """``dense`` or ``lidar``, by the mean number of voxels in an occupied 2x2x2 block.

    Scanned surfaces have 2.5 to 4, a LiDAR sweep about 1 (1 mm to 1 cm voxels).

    Args:
        codes: (V,) uint64 Morton codes, ascending and distinct, V >= 1.
    """
    return "dense" if len(codes) >= MIN_DENSE_CHILDREN * _num_blocks(codes) else "lidar"


def _num_blocks(codes: np.ndarray) -> int:
    num_blocks = 1
    for start in range(0, len(codes) - 1, _PART):  # in parts: the temporaries stay in the cache
        blocks = codes[start : start + _PART + 1] >> np.uint64(3)
        num_blocks += int(np.count_nonzero(blocks[1:] != blocks[:-1]))
    return num_blocks


def _scale_free(grid: Grid) -> bool:
    """Whether the voxels have no size in metres: integers, also when a file holds them as floats."""
    return grid.dtype.kind in "biu" or grid.step == 1


def level_offset(voxels: Voxels, program: Program) -> int:
    """What is added to the levels to go, so that the program sees the levels on the scale that suits the cloud.

    Models of clouds in metres know absolute sizes (`metric_offset`); models of surfaces may have weights of their own
    for sparse and noisy clouds (``sparse_offset``). The shorter code for a part of the cloud decides, unless its blocks
    are as full as those of a clean surface.
    """
    if program.finest_voxel_m is not None:
        return metric_offset(voxels.grid, program.finest_voxel_m)
    codes = voxels.codes
    if program.sparse_offset is None or len(codes) >= FULL_DENSE_CHILDREN * _num_blocks(codes):
        return 0
    from pcc.codec.octree import encode_cheapest

    start = max(len(codes) - SAMPLE_VOXELS, 0) // 2
    part = codes[start : start + SAMPLE_VOXELS]
    offsets = (0, program.sparse_offset)
    return min(offsets, key=lambda offset: len(encode_cheapest(part, voxels.depth, program, offset)[0]))


def metric_offset(grid: Grid, finest_voxel_m: float) -> int:
    """How many levels coarser these voxels are than ``finest_voxel_m``: 0..10; 0 for clouds of integers."""
    if _scale_free(grid):
        return 0
    return min(max(round(math.log2(grid.step / finest_voxel_m)), 0), MAX_LEVEL_OFFSET)
