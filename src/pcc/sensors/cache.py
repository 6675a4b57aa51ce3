"""Where tables of sensors that were fitted while encoding are kept."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path | None:
    """PCC_SENSOR_CACHE, by default ``pcc/sensors`` in the user's cache; None where the variable is empty: nowhere."""
    named = os.environ.get("PCC_SENSOR_CACHE")
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "pcc" / "sensors"
    except RuntimeError:  # no home
        return None
