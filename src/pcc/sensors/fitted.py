"""The table of a sensor that is not known, from one frame of it, while that is encoded."""

from __future__ import annotations

import numpy as np

from pcc.errors import InvalidSensor
from pcc.pointcloud import PointCloud
from pcc.sensors import cache
from pcc.sensors.fit import fit_sensor
from pcc.sensors.table import SensorTable

MIN_ON_LATTICE, MIN_EXACT = 0.95, 0.9  # shares of the points; what fits worse is no good table
MIN_POINTS = 5000
_SECTORS, _MIN_SECTORS = 36, 24


def fit_frame(xyz: np.ndarray) -> SensorTable | None:
    """The table of the sensor that took one frame; None where it is no spinning LiDAR's. A cache learns of both.

    Args:
        xyz: (N, 3) metres as floats, or millimetres as integers.
    """
    if len(xyz) < MIN_POINTS or not surrounds(xyz) or cache.is_miss(xyz):
        return None
    try:
        table, report = fit_sensor([PointCloud(xyz)])
    except InvalidSensor:
        cache.keep_miss(xyz)
        return None
    if report.on_lattice < MIN_ON_LATTICE or report.exact < MIN_EXACT:
        cache.keep_miss(xyz)
        return None
    table = table.named(f"fitted-{table.digest.hex()[:8]}")
    cache.keep_table(table, report.exact)
    return table


def surrounds(xyz: np.ndarray) -> bool:
    """Whether points lie on most sides of the origin, as those of a turn do."""
    sector = ((np.arctan2(xyz[:, 1], xyz[:, 0]) / (2 * np.pi) + 0.5) * _SECTORS).astype(np.int64) % _SECTORS
    counts = np.bincount(sector, minlength=_SECTORS)
    return int((counts > len(xyz) / (5 * _SECTORS)).sum()) >= _MIN_SECTORS
