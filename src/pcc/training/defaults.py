"""The defaults of a configuration's groups: those of the records that they fill, written down there and nowhere else.

    optim/default      pcc.training.config.TrainConfig
    surface/default    pcc.datasets.surfaces.SurfaceRecipe
    recipe/dense ...   what a batch holds

`train.py` gives them to Hydra, so that every setting can be changed by its name and files of configs/ hold only what
differs.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from pcc.datasets.dense_batches import DenseRecipe
from pcc.datasets.lidar_batches import LidarRecipe
from pcc.datasets.lossy_batches import LossyRecipe
from pcc.datasets.surfaces import SurfaceRecipe
from pcc.datasets.turns import TurnRecipe
from pcc.training.config import TrainConfig

GROUPS: dict[tuple[str, str], type] = {
    ("optim", "default"): TrainConfig,
    ("surface", "default"): SurfaceRecipe,
    ("recipe", "dense"): DenseRecipe,
    ("recipe", "lidar"): LidarRecipe,
    ("recipe", "lossy"): LossyRecipe,
    ("recipe", "turns"): TurnRecipe,
}


def defaults(record: type) -> dict[str, Any]:
    """The defaults of a dataclass, with its name as ``_target_``; every field has one."""
    assert all(field.default is not MISSING for field in fields(record))
    values = {field.name: field.default for field in fields(record)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {"_target_": f"{record.__module__}.{record.__qualname__}", **plain}
