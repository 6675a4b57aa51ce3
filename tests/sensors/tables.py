"""Small sensors for tests."""

from __future__ import annotations

import numpy as np

from pcc.sensors.table import SensorTable, table_of_floats


def small_table(
    lasers: int = 16, steps: int = 900, range_step: int = 8, seed: int = 0, radial: bool = False
) -> SensorTable:
    """A sensor with the small errors of a real one; range_step in 1/4 mm, voxels of 1 mm."""
    rng = np.random.default_rng(seed)
    elevation = np.deg2rad(np.linspace(-15, 15, lasers)) + rng.normal(0, 1e-3, lasers)
    heading = rng.uniform(-np.pi, np.pi, lasers) / steps
    length = range_step / 4 * (1 + rng.normal(0, 1e-4, lasers))
    flat = length * np.cos(elevation)
    slope = np.stack([flat * np.cos(heading), flat * np.sin(heading), length * np.sin(elevation)], 1)
    offset = rng.normal(0, 1, (lasers, 3)) * [1, 26, 100]
    return table_of_floats("small", steps, range_step, slope, offset, rng.integers(-40, 40, lasers), radial)
