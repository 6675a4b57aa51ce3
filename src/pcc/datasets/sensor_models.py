"""Made-up spinning LiDARs in the manner of real ones, each with errors of its own: the tables that a fit should find.

| kind | lasers | azimuth steps, columns | range step |
|---|---|---|---|
| ``hdl64e-like`` | 64 in two blocks, 26 mm beside the axis, radial | 4000, every 2 with a 1 every 6 to 8 | 2 mm |
| ``vlp16`` | 16, 2 degrees apart | 36000, about every 19.9 | 2 mm |
| ``os1-128`` | 128, headings staggered over 8 degrees, 27 mm before the axis | 1024 or 2048, every one | 4 or 1 mm |
| ``hesai-like`` | 40 unevenly spaced, headings to 6 degrees | 36000, about every 20 | 4 mm |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pcc.sensors.table import SensorTable, table_of_floats


@dataclass(frozen=True, eq=False)
class SensorModel:
    """A sensor and how it fires.

    Attributes:
        table: where its measurements lie.
        advance: azimuth steps from one column to the next, on average; columns stand at whole steps.
        wander: standard deviation of that, relative: how unevenly the motor runs.
        laser_by_laser: its driver writes one laser's turn after another; otherwise column after column.
    """

    table: SensorTable
    advance: float
    wander: float = 0.02
    laser_by_laser: bool = False

    def columns(self, rng: np.random.Generator) -> np.ndarray:
        """(C,) int64 steps of one turn; turns differ in where they start and in how evenly they run."""
        start, num = int(rng.integers(self.table.steps)), int(self.table.steps / self.advance)
        if self.advance == 1:
            return start + np.arange(num)
        advance = self.advance * (1 + rng.normal(0, 1e-3) + rng.normal(0, self.wander, num))
        columns = start + np.floor(np.cumsum(advance)).astype(np.int64)
        return columns[columns < start + self.table.steps]


def make_sensor(kind: str, seed: int = 0, every: int = 1, **options: int) -> SensorModel:
    """A sensor of that kind; each seed has errors of its own.

    Args:
        every: keep one laser of as many, for tests that must be quick.
        options: of ``os1-128``: steps (1024, 2048) and range_mm (1, 4).

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    model = KINDS[kind](np.random.default_rng(seed), **options)
    t = model.table
    kept = t.slope[::every], t.offset[::every], t.shift[::every]
    table = SensorTable(t.name, t.steps, t.range_step, *kept, t.radial)
    return replace(model, table=table)


def _hdl64e(rng: np.random.Generator) -> SensorModel:
    elevation = np.concatenate([np.linspace(-24.4, -8.9, 32), np.linspace(-8.4, 2.1, 32)]) + rng.normal(0, 0.04, 64)
    height = np.repeat([120.0, 205.0], 32) + np.tile(np.linspace(-4, 4, 32), 2) + rng.normal(0, 0.2, 64)
    aside = np.tile([26.0, -26.0], 32) + rng.normal(0, 0.1, 64)
    shift = np.tile(np.arange(-128, 128, 8), 2)[rng.permutation(64)] + rng.integers(-3, 4, 64)
    table = _table("hdl64e-like", 4000, 2.0, rng, elevation=elevation, height=height, aside=aside, shift=shift)
    table = replace(table, radial=True)
    return SensorModel(table, 2 - 1 / 7, laser_by_laser=True)


def _vlp16(rng: np.random.Generator) -> SensorModel:
    elevation = np.arange(-15.0, 16, 2) + rng.normal(0, 0.01, 16)
    height = -11.2 * elevation / 15 + rng.normal(0, 0.2, 16)
    shift = np.rint(np.tile([0.0, 8.0], 8) * 0.83 + np.arange(16) * 0.4)  # 16 flashes, 2.3 us apart
    table = _table("vlp16", 36000, 2.0, rng, elevation=elevation, height=height, shift=shift)
    return SensorModel(table, 19.9)


def _os1(rng: np.random.Generator, steps: int = 1024, range_mm: int = 4) -> SensorModel:
    """The beam begins 27 mm before the axis in the encoder's direction; the beam itself has a heading of its own."""
    elevation = np.deg2rad(np.linspace(-22.5, 22.5, 128) + rng.normal(0, 0.03, 128))
    heading = np.deg2rad(np.tile([4.23, 1.41, -1.41, -4.23], 32) + rng.normal(0, 0.03, 128))
    shift = np.rint(heading / (2 * np.pi) * steps)
    turned = 2 * np.pi * shift / steps
    direction = _directions(elevation, heading - turned)
    ahead = np.stack([np.cos(turned), -np.sin(turned), 0 * turned], 1)
    offset = 27.0 * (ahead - direction) + rng.normal(0, 0.05, (128, 3))
    table = table_of_floats("os1-128", steps, 4 * range_mm, range_mm * direction, offset, shift)
    return SensorModel(table, 1.0)


def _hesai(rng: np.random.Generator) -> SensorModel:
    elevation = np.concatenate([[-25, -19, -14, -13, -12, -11, -10, -9, -8, -7], np.arange(-6, 2.01, 1 / 3)])
    elevation = np.concatenate([elevation, [3.0, 5, 8, 11, 15]]) + rng.normal(0, 0.03, 40)
    shift = rng.choice([-521, -313, -104, 104, 313, 521], 40)
    table = _table("hesai-like", 36000, 4.0, rng, elevation=elevation, shift=shift, heading=0.0)
    return SensorModel(table, 20.02)


KINDS: dict[str, Callable[..., SensorModel]] = {
    "hdl64e-like": _hdl64e,
    "vlp16": _vlp16,
    "os1-128": _os1,
    "hesai-like": _hesai,
}


def _table(
    name: str,
    steps: int,
    range_mm: float,
    rng: np.random.Generator,
    *,
    elevation: np.ndarray,
    shift: np.ndarray,
    height: np.ndarray | float = 0.0,
    aside: np.ndarray | float = 0.0,
    heading: float = 1.0,
) -> SensorTable:
    """Lasers at elevations in degrees; headings up to ``heading`` half steps, ranges from half a step around 0."""
    num = len(elevation)
    angle = heading * rng.uniform(-np.pi, np.pi, num) / steps
    direction = _directions(np.deg2rad(elevation), angle)
    side = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], 1)
    offset = direction * rng.uniform(-range_mm / 2, range_mm / 2, (num, 1)) + side * np.reshape(aside, (-1, 1))
    offset[:, 2] += height
    length = range_mm * (1 + rng.normal(0, 1e-5, (num, 1)))
    return table_of_floats(name, steps, round(4 * range_mm), length * direction, offset, shift)


def _directions(elevation: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """(L, 3) unit vectors of (L,) radians each."""
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(heading), flat * np.sin(heading), np.sin(elevation)], 1)
