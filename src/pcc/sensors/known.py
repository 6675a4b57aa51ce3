"""The tables that ship, and those that were fitted on this machine: by name and by digest."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path

from pcc.errors import InvalidSensor, PccWarning
from pcc.sensors.cache import cache_folder
from pcc.sensors.table import SensorTable, from_json

SUFFIX = ".json"
_SHIPPED = Path(__file__).resolve().parent / "tables"


def sensor_folders() -> list[Path]:
    """Folders that are searched, first match wins: PCC_SENSOR_PATH's, what ships, what was fitted while encoding."""
    extra = [Path(p) for p in os.environ.get("PCC_SENSOR_PATH", "").split(os.pathsep) if p]
    cache = cache_folder()
    return [*extra, _SHIPPED, *([cache] if cache else [])]


def known_tables() -> list[SensorTable]:
    """All tables, in the order of the folders and by name; files that are none are named in a warning, and skipped."""
    tables = []
    for folder in sensor_folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
            try:
                tables.append(load_table(path))
            except InvalidSensor as error:
                warnings.warn(f"skipped: {error}", PccWarning, stacklevel=2)
    return tables


def find_table(name: str | Path) -> SensorTable:
    """The table of that name, or of the file.

    Raises:
        InvalidSensor: there is none; the message lists those that there are.
    """
    if str(name).endswith(SUFFIX):
        return load_table(Path(name).resolve())
    tables = known_tables()
    found = next((table for table in tables if table.name == str(name)), None)
    if found is None:
        known = ", ".join(table.name for table in tables) or "none"
        raise InvalidSensor(f"no sensor named {name!r}; known: {known} (PCC_SENSOR_PATH adds folders)")
    return found


def find_table_by_digest(digest: bytes) -> SensorTable | None:
    """The known table that a stream names."""
    return next((table for table in known_tables() if table.digest == digest), None)


def is_shipped(table: SensorTable) -> bool:
    """Whether every installation knows the table, so that a stream need not carry it."""
    return any(load_table(path).digest == table.digest for path in sorted(_SHIPPED.glob(f"*{SUFFIX}")))


def load_table(path: Path) -> SensorTable:
    """A table, read anew only when its file changed."""
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InvalidSensor(f"{path}: cannot read the sensor ({error.strerror})") from error


@lru_cache(maxsize=64)
def _load(path: Path, stamp: int) -> SensorTable:
    return from_json(path)
