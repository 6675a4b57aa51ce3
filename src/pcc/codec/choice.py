"""Which model codes a cloud when none is named, and on which scale it sees the levels.

Small rules, apart so that they can be changed by measurement; the stream carries their outcome, not the rules.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pcc.errors import ModelMismatch
from pcc.geometry.voxels import Grid, Voxels

if TYPE_CHECKING:
    from pcc.inference.program import Program

AUTO = "auto"  # the name of what is found by itself
ADAPTIVE = "adaptive"  # the name that stands for no model
MODELS = ("dense", "lidar")
MIN_DENSE_CHILDREN = 1.8
CLEARLY_DENSE_CHILDREN = 2.3
FULL_DENSE_CHILDREN = 3.0
MAX_LEVEL_OFFSET = 10
SAMPLE_VOXELS = 1 << 11
_PART = 1 << 16


def choose(voxels: Voxels) -> tuple[Program, int]:
    """The installed model of `MODELS` that codes these voxels best, and its offset, as far as a sample can tell.

    Surfaces of integers are the dense model's, which their finest level shows. Otherwise the shortest code of a part of
    the cloud decides; of equal ones the rule does (`choose_model`; in metres it is ``lidar``).

    Raises:
        ModelMismatch: none of them is installed.
    """
    from pcc.inference.registry import model_paths

    scale_free = _scale_free(voxels.grid)
    likely = choose_model(voxels.codes) if scale_free else "lidar"
    installed = {path.stem for path in model_paths()}
    names = [name for name in sorted(MODELS, key=lambda name: name != likely) if name in installed]
    clear = scale_free and len(voxels.codes) >= CLEARLY_DENSE_CHILDREN * _num_blocks(voxels.codes)
    if not names or (clear and likely in names):
        names = [likely]
    return _shortest(
        voxels, [(program, offset) for program in map(_program, names) for offset in _offsets(voxels, program)]
    )


def _program(name: str) -> Program:
    """The installed octree model of that name.

    Raises:
        ModelMismatch: there is none.
    """
    from pcc.inference.program import Program
    from pcc.inference.registry import find_model

    program = find_model(name)
    if not isinstance(program, Program):
        raise ModelMismatch(f"{program.path}: a model of octrees is expected, this one is of another kind")
    return program


def choose_offset(voxels: Voxels, program: Program) -> int:
    """What is added to the levels to go, so that ``program`` sees the levels on the scale that suits the cloud."""
    return _shortest(voxels, [(program, offset) for offset in _offsets(voxels, program)])[1]


def _offsets(voxels: Voxels, program: Program) -> list[int]:
    """Those that may suit.

    Models of clouds in metres know absolute sizes (`metric_offset`); models of surfaces may have weights of their own
    for sparse and noisy clouds (``sparse_offset``); a cloud whose blocks are as full as a clean surface's needs none.
    """
    if program.finest_voxel_m is not None:
        return [metric_offset(voxels.grid, program.finest_voxel_m)]
    if program.sparse_offset is None or len(voxels.codes) >= FULL_DENSE_CHILDREN * _num_blocks(voxels.codes):
        return [0]
    return [0, program.sparse_offset]


def _shortest(voxels: Voxels, ways: list[tuple[Program, int]]) -> tuple[Program, int]:
    """The first of those that code `SAMPLE_VOXELS` voxels from the middle of the cloud in the fewest bytes."""
    if len(ways) == 1:
        return ways[0]
    from pcc.codec.octree import encode_cheapest

    part = _middle(voxels)
    return min(ways, key=lambda way: len(encode_cheapest(part, voxels.depth, *way).data))


def estimate_bytes(voxels: Voxels, program: Program) -> float:
    """About what the octree of voxels takes without loss, by the same sample; one voxel takes nothing."""
    if len(voxels) == 1:
        return 0.0
    from pcc.codec.octree import encode_cheapest

    part = _middle(voxels)
    return len(encode_cheapest(part, voxels.depth, program, 0).data) / len(part) * len(voxels)


def _middle(voxels: Voxels) -> np.ndarray:
    """(S,) uint64 codes from the middle of the cloud."""
    start = max(len(voxels.codes) - SAMPLE_VOXELS, 0) // 2
    return voxels.codes[start : start + SAMPLE_VOXELS]


def choose_model(codes: np.ndarray) -> str:
    """``dense`` or ``lidar``, by the mean number of voxels in an occupied 2x2x2 block.

    Scanned surfaces have 2.5 to 4, a LiDAR sweep about 1 (1 mm to 1 cm voxels).

    Args:
        codes: (V,) uint64 Morton codes, ascending and distinct, V >= 1.
    """
    return "dense" if is_dense(codes) else "lidar"


def is_dense(codes: np.ndarray) -> bool:
    """Whether occupied 2x2x2 blocks hold as many voxels as those of a scanned surface."""
    return len(codes) >= MIN_DENSE_CHILDREN * _num_blocks(codes)


def _num_blocks(codes: np.ndarray) -> int:
    num_blocks = 1
    for start in range(0, len(codes) - 1, _PART):  # in parts: the temporaries stay in the cache
        blocks = codes[start : start + _PART + 1] >> np.uint64(3)
        num_blocks += int(np.count_nonzero(blocks[1:] != blocks[:-1]))
    return num_blocks


def _scale_free(grid: Grid) -> bool:
    """Whether the voxels have no size in metres: integers, also when a file holds them as floats."""
    return grid.dtype.kind in "biu" or grid.step == 1


def metric_offset(grid: Grid, finest_voxel_m: float) -> int:
    """How many levels coarser these voxels are than ``finest_voxel_m``: 0..10; 0 for clouds of integers."""
    if _scale_free(grid):
        return 0
    return min(max(round(math.log2(grid.step) - math.log2(finest_voxel_m)), 0), MAX_LEVEL_OFFSET)
