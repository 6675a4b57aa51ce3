"""Tables fitted while encoding, kept for the frames to come: a sensor is fitted once on a machine.

A stream carries the table that it needs, so the cache (`pcc.sensors.cache`) may be emptied at any time.
"""

from __future__ import annotations

import numpy as np

from pcc.errors import InvalidSensor
from pcc.io.atomic import atomic_file
from pcc.pointcloud import PointCloud
from pcc.sensors.cache import cache_folder
from pcc.sensors.fit import fit_sensor
from pcc.sensors.table import SensorTable, to_json

MIN_ON_LATTICE, MIN_EXACT = 0.95, 0.9  # shares of the points; what fits worse is no good table
MIN_POINTS = 5000
_SECTORS, _MIN_SECTORS = 36, 24


def fit_and_keep(xyz: np.ndarray) -> SensorTable | None:
    """The table of the sensor that took one frame, and put into the cache; None where it is no spinning LiDAR's.

    Args:
        xyz: (N, 3) metres as floats, or millimetres as integers.
    """
    if len(xyz) < MIN_POINTS or not surrounds(xyz):
        return None
    try:
        table, report = fit_sensor([PointCloud(xyz)])
    except InvalidSensor:
        return None
    if report.on_lattice < MIN_ON_LATTICE or report.exact < MIN_EXACT:
        return None
    table = table.named(f"fitted-{table.digest.hex()[:8]}")
    _keep(table, report.exact)
    return table


def surrounds(xyz: np.ndarray) -> bool:
    """Whether points lie on most sides of the origin, as those of a turn do."""
    sector = ((np.arctan2(xyz[:, 1], xyz[:, 0]) / (2 * np.pi) + 0.5) * _SECTORS).astype(np.int64) % _SECTORS
    counts = np.bincount(sector, minlength=_SECTORS)
    return int((counts > len(xyz) / (5 * _SECTORS)).sum()) >= _MIN_SECTORS


def _keep(table: SensorTable, exact: float) -> None:
    """A cache that cannot be written is none."""
    folder = cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(folder / f"{table.name}.json") as file:
            file.write(to_json(table, exact=round(exact, 4)).encode())
    except OSError:
        return
