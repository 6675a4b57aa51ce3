"""Frames of spinning LiDARs that follow a sensor's table to the bit, in synthetic streets.

    lasers x columns --rays--> first hit --range noise, range step, dropouts--> (laser, step, index)
                                                  --the table's lattice--> metres, rounded to 1 mm or not

Unlike `pcc.datasets.synthetic_lidar`, whose ranges are on no lattice, these are what a fit of sensors is tested with
and what networks over a sensor's grid may be trained on. There is no motion and no second return.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.datasets.sensor_models import SensorModel, make_sensor
from pcc.datasets.street import Street, first_hit, make_street, reflectance
from pcc.pointcloud import PointCloud
from pcc.sensors.table import OFFSET_BITS, SLOPE_BITS
from pcc.sensors.turn import TURN_BITS

MOUNT, NEAREST, FARTHEST = 1.73, 0.9, 100.0  # metres
SWEEP_S = 0.1


@dataclass(frozen=True, eq=False)
class Measured:
    """A frame and the truth.

    Attributes:
        cloud: xyz (N, 3) float32 metres; fields as asked for.
        laser: (N,) uint8; step: (N,) int32; index: (N,) int32 >= 1, as `pcc.ops.lattice_map.positions` takes them.
    """

    cloud: PointCloud
    laser: np.ndarray
    step: np.ndarray
    index: np.ndarray


def measure(
    model: SensorModel,
    street: Street,
    rng: np.random.Generator,
    *,
    rounded: bool = True,
    intensity: str = "float32",
    ring: str | None = None,
    time: bool = False,
    noise: float = 0.015,
    dropout: float = 0.05,
) -> Measured:
    """One turn of a sensor, in the order of its driver.

    Args:
        rounded: positions on the 1 mm grid, as KITTI's; otherwise only rounded to float32.
        intensity: float32 hundredths of 1 (KITTI), or uint8.
        ring: dtype of a field ``ring`` (uint8, uint16), counted from the lowest laser up; none without.
        time: a field ``time``, float32 seconds from the begin of the sweep.
        noise: standard deviation of the range in metres.
        dropout: share of the returns that are lost.
    """
    laser, column, step = _firings(model, rng)
    origin, direction = _rays(model, laser, step)
    distance, material = first_hit(origin, direction, street, MOUNT)
    kept = (distance > NEAREST) & (distance < FARTHEST) & (rng.random(len(distance)) >= dropout)
    laser, column, step, distance = laser[kept], column[kept], step[kept], distance[kept]
    distance = distance + rng.normal(0, noise, len(distance))
    table = model.table
    length = np.linalg.norm(np.ldexp(table.slope.astype(float), -SLOPE_BITS), axis=1)
    index = np.maximum(np.rint(distance * 1000 / length[laser]), 1).astype(np.int32)
    grey = reflectance(distance, material[kept], rng)
    fields = {"intensity": grey if intensity == "uint8" else (grey / 100).astype(np.float32)}
    if ring is not None:
        fields["ring"] = laser.astype(ring)
    if time:
        fields["time"] = (column * (SWEEP_S / (column.max(initial=0) + 1))).astype(np.float32)
    cloud = PointCloud(_metres(model, laser, step, index, rounded), fields)
    return Measured(cloud, laser.astype(np.uint8), step.astype(np.int32), index)


def sensor_frames(model: SensorModel | str, num: int, seed: int = 0, **options: object) -> list[Measured]:
    """Frames of one sensor in streets of their own; frame i is the same for any ``num``. Options are `measure`'s."""
    sensor = make_sensor(model, seed) if isinstance(model, str) else model
    rngs = [np.random.default_rng([seed, i]) for i in range(num)]
    return [measure(sensor, make_street(rng), rng, **options) for rng in rngs]  # type: ignore[arg-type]


def _firings(model: SensorModel, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Laser, column and step of every ray, (N,) int64 each, in the driver's order."""
    columns, lasers = model.columns(rng), np.arange(model.table.num_lasers)
    if model.laser_by_laser:  # KITTI's files begin with the uppermost
        laser, column = (axis.ravel() for axis in np.meshgrid(lasers[::-1], np.arange(len(columns)), indexing="ij"))
    else:
        column, laser = (axis.ravel() for axis in np.meshgrid(np.arange(len(columns)), lasers, indexing="ij"))
    return laser, column, (columns[column] + model.table.shift[laser]) % model.table.steps


def _rays(model: SensorModel, laser: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Origins in metres and unit directions, (N, 3) float64 each."""
    slope, offset = _geometry(model)
    origin, direction = offset / 1000, slope / np.linalg.norm(slope, axis=1, keepdims=True)
    return _turned(model, origin[laser], step), _turned(model, direction[laser], step)


def _metres(model: SensorModel, laser: np.ndarray, step: np.ndarray, index: np.ndarray, rounded: bool) -> np.ndarray:
    """(N, 3) float32: the lattice's formula."""
    slope, offset = _geometry(model)
    millimetres = index[:, None] * slope[laser] + offset[laser]
    if model.table.radial:
        millimetres[:, 0] -= millimetres[:, 1] ** 2 / (2 * millimetres[:, 0])
    millimetres = _turned(model, millimetres, step)
    return ((np.floor(millimetres + 0.5) if rounded else millimetres) / 1000).astype(np.float32)


def _geometry(model: SensorModel) -> tuple[np.ndarray, np.ndarray]:
    """Slope in mm a range step and offset in mm, (L, 3) float64."""
    return np.ldexp(model.table.slope.astype(float), -SLOPE_BITS), np.ldexp(
        model.table.offset.astype(float), -OFFSET_BITS
    )


def _turned(model: SensorModel, vectors: np.ndarray, step: np.ndarray) -> np.ndarray:
    """(N, 3) ``vectors`` turned by their ``step``."""
    cosine, sine = np.ldexp(model.table.lattice.turn.astype(float), -TURN_BITS)[step].T
    x, y, z = vectors.T
    return np.stack([x * cosine - y * sine, x * sine + y * cosine, z], 1)
