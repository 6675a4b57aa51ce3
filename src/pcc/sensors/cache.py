"""Tables fitted while encoding, kept for other frames: only where the user names a folder, PCC_SENSOR_CACHE.

Without it nothing that was encoded before has a say in what is encoded now. With it, a sensor is fitted once:

    fitted-DIGEST.json   a table; of those that suit a frame the one that makes it smallest is taken
    misses.txt           what frames looked like that no lattice was found for: it is not looked for again

The tables used last stay, `MAX_TABLES` of them. A stream carries the table that it needs, so the folder may be emptied
at any time; one that cannot be written is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pcc.io.atomic import atomic_file
from pcc.sensors.table import SensorTable, to_json

MAX_TABLES, MAX_MISSES = 32, 256
_MISSES = "misses.txt"
_QUANTILES = [0.01, 0.25, 0.5, 0.75, 0.99]
_DEGREES = 3.0


def cache_folder() -> Path | None:
    """The folder that PCC_SENSOR_CACHE names; None where it is not set, or empty."""
    named = os.environ.get("PCC_SENSOR_CACHE")
    return Path(named) if named else None


def keep_table(table: SensorTable, exact: float) -> None:
    """Put a table into the cache, if there is one, in place of those that were used least lately."""
    folder = cache_folder()
    if folder is None:
        return
    with _unwritable_is_none():
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(folder / f"{table.name}.json") as file:
            file.write(to_json(table, exact=round(exact, 4)).encode())
        tables = sorted(folder.glob("fitted-*.json"), key=lambda path: path.stat().st_mtime_ns)
        for path in tables[:-MAX_TABLES]:
            path.unlink(missing_ok=True)


def touch(table: SensorTable) -> None:
    """A cached table was of use."""
    folder = cache_folder()
    if folder is not None:
        with _unwritable_is_none():
            os.utime(folder / f"{table.name}.json")


def is_miss(xyz: np.ndarray) -> bool:
    """Whether no lattice was found for a frame that looked like this one, (N, 3), N >= 1."""
    folder = cache_folder()
    return folder is not None and look_of(xyz) in _misses(folder)


def keep_miss(xyz: np.ndarray) -> None:
    """No lattice was found for a frame (N, 3)."""
    folder = cache_folder()
    if folder is None:
        return
    with _unwritable_is_none():
        folder.mkdir(parents=True, exist_ok=True)
        looks = [*dict.fromkeys([*_misses(folder), look_of(xyz)])][-MAX_MISSES:]
        with atomic_file(folder / _MISSES) as file:
            file.write("".join(f"{look}\n" for look in looks).encode())


def look_of(xyz: np.ndarray) -> str:
    """What frames of one sensor have in common, roughly: number of points, and how their elevations are spread."""
    x, y, z = xyz.T.astype(np.float64)
    degrees = np.degrees(np.arctan2(z, np.hypot(x, y)))
    spread = np.rint(np.quantile(degrees, _QUANTILES) / _DEGREES).astype(int)
    return f"{xyz.dtype.name} {round(2 * np.log2(len(xyz)))} {' '.join(map(str, spread))}"


def _misses(folder: Path) -> list[str]:
    try:
        return (folder / _MISSES).read_text(encoding="utf-8").splitlines()[-MAX_MISSES:]
    except (OSError, ValueError):
        return []


@contextmanager
def _unwritable_is_none() -> Iterator[None]:
    try:
        yield
    except OSError:
        return
