"""configs/ composed as train.py does: with the defaults of the package's records among its groups."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"


def composed(*overrides: str, name: str | None = None):
    """A configuration; ``name`` None begins with nothing."""
    hydra = pytest.importorskip("hydra", reason="extra 'train' is not installed")
    from train import store_defaults

    store_defaults()
    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return hydra.compose(name, overrides=list(overrides))
