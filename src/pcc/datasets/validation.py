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
    return {
        name: whole_cloud(**checked(name, settings, "path", ("voxel_size", "level_offset")))
        for name, settings in clouds.items()
    }


def checked(name: str, settings: Mapping[str, Any], needed: str, others: tuple[str, ...]) -> Mapping[str, Any]:
    """The settings of a validation cloud, if it has the one that is needed, and none but these.

    Raises:
        ValueError: it has not, as those of another kind of models.
    """
    if needed not in settings or set(settings) - {needed, *others}:
        expected, got = ", ".join((needed, *others)), ", ".join(settings)
        raise ValueError(f"validation.clouds.{name}: expected {needed} among {expected} alone, got {got}")
    return settings


def whole_cloud(path: str, voxel_size: float | None = None, level_offset: int = 0) -> Batch:
    """A file as a batch of one."""
    voxels = voxelize(read_points(path).xyz, voxel_size=voxel_size)
    return Batch(voxels.codes, voxels.depth, level_offset, 1)
