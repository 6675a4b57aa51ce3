"""A small turn of a spinning LiDAR, range images, and random networks for them."""

from __future__ import annotations

import numpy as np

from pcc.datasets.turns import Turn
from pcc.geometry.range_image import MAX_DEVIATION, RangeImage
from pcc.ops.lattice_context import MOST_RANGE
from pcc.sensors.scan import Scan
from pcc.sensors.table import SensorTable
from tests.sensors.tables import small_table

ROW_FEATS = 5


def small_turn(lasers: int = 16, columns: int = 90, seed: int = 0) -> Turn:
    """A round room with boxes, on a lattice: every tenth azimuth step, 5 % of the cells empty, 2 cm of noise."""
    table = small_table(lasers, steps=10 * columns)
    return turn_in(table, np.arange(0, table.steps, 10, dtype=np.int32), seed)


def turn_in(table: SensorTable, firings: np.ndarray, seed: int = 0) -> Turn:
    """The same room as another sensor sees it."""
    rng = np.random.default_rng(seed)
    shape = table.num_lasers, len(firings)
    scan = Scan(table, firings, np.zeros(shape, np.int32), np.full(shape, -1), np.zeros(0, np.int64))
    angle = 2 * np.pi * scan.azimuths / table.steps
    metres = 12 + 4 * np.sin(3 * angle) + 6 * (np.sin(5 * angle + 1) > 0.7) + 10 * table.elevation[:, None]
    metres = metres + rng.normal(0, 0.02, shape)
    index = np.rint(metres * 4000 / table.range_step).astype(np.int32)
    index[rng.random(shape) < 0.05] = 0
    point = np.where(index > 0, np.cumsum(index > 0).reshape(shape) - 1, -1)
    levels = np.clip(40 + 20 * np.sin(7 * angle) + rng.normal(0, 3, shape), 0, 99)
    reflectance = np.where(index > 0, np.rint(levels), 0).astype(np.uint8)
    return Turn(Scan(table, firings, index, point, np.zeros(0, np.int64)), reflectance, int(reflectance.max()))


def random_image(rng: np.random.Generator, rows: int, columns: int, row_feats: int = ROW_FEATS) -> RangeImage:
    """Smooth and wild ranges, the ends of what there is, and a third of the cells unknown."""
    deviation = rng.integers(-MAX_DEVIATION, MAX_DEVIATION + 1, (rows, columns)).astype(np.int16)
    image = RangeImage(deviation, rng.integers(0, 256, (rows, row_feats)).astype(np.uint8))
    smooth = 160_000 + rng.normal(0, 3000, (rows, columns)).cumsum(1)
    wild = np.exp2(rng.uniform(0, 24, (rows, columns)))
    ranges = np.clip(np.where(rng.random((rows, columns)) < 0.7, smooth, wild), 1, MOST_RANGE)
    ranges[rng.random((rows, columns)) < 0.02] = MOST_RANGE
    ranges[rng.random((rows, columns)) < 0.33] = 0
    image.fill(ranges.astype(np.int32))
    return image
