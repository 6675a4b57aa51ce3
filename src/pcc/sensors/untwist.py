"""Frames that were corrected for the sensor's motion, as the sensor measured them: what a correction does is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcc.errors import InvalidSensor
from pcc.ops.twist_map import REACH, Twist
from pcc.pointcloud import PointCloud
from pcc.sensors.locate import locate
from pcc.sensors.table import SensorTable

_UNIT_M = 0.001


@dataclass(frozen=True, eq=False)
class Untwisted:
    """A frame as it was measured.

    Attributes:
        cloud: float32 metres on a grid of 1 mm, order and fields as they were given.
        table: of the sensor.
        twist: that was undone; None: the frame was as it was measured.
        share: of the points that lie on the sensor's lattice now.
    """

    cloud: PointCloud
    table: SensorTable
    twist: Twist | None
    share: float


def untwist(cloud: PointCloud, tables: Sequence[SensorTable]) -> Untwisted:
    """The frame before it was corrected.

    Args:
        cloud: metres as floats, or millimetres as integers, relative to the sensor.
        tables: of the sensors that may have taken it.

    Raises:
        InvalidSensor: it lies in none of their lattices, whichever motion is undone.
    """
    voxels = cloud.xyz.astype(np.float64)
    if cloud.xyz.dtype.kind == "f":
        voxels = voxels / _UNIT_M
    located = next(iter(locate(tables, voxels) if np.isfinite(voxels).all() else []), None)
    if located is None:
        names = ", ".join(table.name for table in tables) or "no sensor"
        raise InvalidSensor(f"the cloud does not lie in the lattice of {names}, corrected for motion or not")
    raw = voxels if located.measured is None else located.measured
    raw = np.rint(np.clip(raw, 1 - REACH, REACH - 1))
    measured = PointCloud((raw * _UNIT_M).astype(np.float32), cloud.fields)
    return Untwisted(measured, located.table, located.twist, float(located.fits.mean()))
