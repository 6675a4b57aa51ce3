"""Small turns of small sensors, as clouds."""

from __future__ import annotations

import numpy as np

from pcc.ops.lattice_map import positions
from pcc.ops.twist_map import correct, twist_of_floats
from pcc.pointcloud import PointCloud
from pcc.sensors.table import SensorTable

TWIST = np.array([-900.0, 30, -10, 0.002, -0.001, 0.03])  # voxels and radians a sweep


def small_turn(
    table: SensorTable, columns: int = 90, *, seed: int = 0, dropout: float = 0.1, off_lattice: int = 0
) -> PointCloud:
    """A room of wavy walls seen by a sensor: float32 metres on a grid of 1 mm, intensity in hundredths, ring, time.

    Points stand laser by laser from the uppermost down; some of them, far from the lattice, are scattered among them.
    """
    rng = np.random.default_rng(seed)
    firing = np.sort(rng.choice(table.steps, columns, replace=False))
    laser = np.repeat(np.arange(table.num_lasers)[::-1], columns)
    column = np.tile(np.arange(columns), table.num_lasers)
    kept = rng.random(len(laser)) >= dropout
    laser, column = laser[kept], column[kept]
    step = (firing[column] + table.shift[laser]) % table.steps
    metres = 12 + 4 * np.sin(2 * np.pi * step / table.steps * 3) + 0.1 * laser + rng.normal(0, 0.01, len(laser))
    index = np.rint(metres * 4000 / table.range_step).astype(np.int32)
    voxels, _ = positions(table.lattice, laser.astype(np.uint8), step.astype(np.int32), 2 * index)
    rows = rng.choice(len(voxels), off_lattice, replace=False)
    voxels[rows] += rng.integers(100, 1000, (off_lattice, 3)).astype(np.int32)
    shade = np.clip(np.rint(30 + 20 * np.sin(metres) + rng.normal(0, 5, len(metres))), 0, 99)
    return PointCloud(
        (voxels / 1000).astype(np.float32),
        {
            "intensity": ((shade + 0.0) / 100).astype(np.float32),
            "ring": laser.astype(np.uint8),
            "time": (column * 0.1 / columns).astype(np.float32),
        },
    )


def moved(cloud: PointCloud, twist: np.ndarray = TWIST) -> PointCloud:
    """A cloud corrected for motion, as KITTI's odometry has it: float32 metres on no grid."""
    raw = np.rint(cloud.xyz.astype(np.float64) * 1000).astype(np.int32)
    fixed = correct(twist_of_floats(twist), raw, np.zeros(len(raw), np.int8))
    return PointCloud((np.ldexp(fixed, -24) / 1000).astype(np.float32), cloud.fields)
