"""Whole clouds for validation during training: batches of one crop, never sampled, never trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pcc.datasets.batches import Batch
from pcc.geometry.voxels import voxelize
from pcc.io import read_points


def validation_batches(clouds: Mapping[str, Mapping[str, Any]]) -> dict[str, Batch]:
    """One batch per cloud.

    Args:
        clouds: name -> ``path`` of a file, optional ``voxel_size`` (the cloud's unit; None: its own grid) and
            ``level_offset`` (`pcc.codec.walk`).
    """
    return {name: whole_cloud(**settings) for name, settings in clouds.items()}


def whole_cloud(path: str, voxel_size: float | None = None, level_offset: int = 0) -> Batch:
    """A file as a batch of one."""
    voxels = voxelize(read_points(path).xyz, voxel_size=voxel_size)
    return Batch(voxels.codes, voxels.depth, level_offset, 1)
