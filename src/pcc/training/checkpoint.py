"""Checkpoints: everything that a run needs to go on as if it had never stopped; written atomically."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pcc.errors import ModelMismatch
from pcc.io import atomic_file


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` so that a crash leaves either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        torch.save(state, file)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        ModelMismatch: it is missing or damaged.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except FileNotFoundError as error:
        raise ModelMismatch(f"{path}: no such checkpoint") from error
    except Exception as error:  # torch raises many types on damaged files
        raise ModelMismatch(f"{path}: not a readable checkpoint ({error})") from error
