"""Frames as the fit of a sensor takes them: millimetres, radii and azimuths of all points in one array each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcc.errors import InvalidSensor
from pcc.pointcloud import PointCloud

RING_FIELDS = ("ring", "laser", "channel")
MIN_POINTS = 500
MAX_POINTS = 1_500_000  # that a fit looks at: some ten frames
ROUNDING = 12**-0.5  # mm, standard deviation of a coordinate on the 1 mm grid
FLOAT_NOISE = 0.01  # mm, of one that was computed in float32
_MIN_RADIUS = 1000.0  # mm: the car, or no return


@dataclass(frozen=True, eq=False)
class Points:
    """N points of all frames.

    Attributes:
        xyz: (N, 3) float64 mm.
        radius, azimuth: (N,) float64 mm and radians in the x-y plane.
        frame: (N,) int64, number of the frame.
        laser: (N,) int64; before lasers are known, the rings that a field says, or -1.
        rounded: all coordinates are whole millimetres.
    """

    xyz: np.ndarray
    radius: np.ndarray
    azimuth: np.ndarray
    frame: np.ndarray
    laser: np.ndarray
    rounded: bool

    @property
    def noise(self) -> float:
        """Standard deviation of a coordinate, mm."""
        return ROUNDING if self.rounded else FLOAT_NOISE

    def of_lasers(self, laser: np.ndarray) -> Points:
        """The points whose ``laser`` (N,) is known, not -1."""
        kept = laser >= 0
        return Points(
            self.xyz[kept], self.radius[kept], self.azimuth[kept], self.frame[kept], laser[kept], self.rounded
        )


def gather(frames: Sequence[PointCloud]) -> Points:
    """The points of all frames; a random share of them where they are more than `MAX_POINTS`.

    Raises:
        InvalidSensor: they are too few.
    """
    total = sum(len(frame) for frame in frames)
    share = min(MAX_POINTS / max(total, 1), 1.0)
    parts = [_sampled(frame.finite(), share, seed) for seed, frame in enumerate(frames)]
    xyz = np.concatenate([millimetres(part.xyz) for part in parts] or [np.empty((0, 3))])
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    ring = np.concatenate([_ring(part) for part in parts] or [np.empty(0, np.int64)])
    radius = np.hypot(xyz[:, 0], xyz[:, 1])
    kept = radius > _MIN_RADIUS
    if kept.sum() < MIN_POINTS:
        raise InvalidSensor(
            f"no spinning LiDAR: {kept.sum()} points farther than {_MIN_RADIUS / 1000:g} m from the axis, "
            f"at least {MIN_POINTS} are needed"
        )
    xyz = xyz[kept]
    azimuth = np.arctan2(xyz[:, 1], xyz[:, 0])
    return Points(xyz, radius[kept], azimuth, number[kept], ring[kept], on_grid(xyz))


def millimetres(xyz: np.ndarray) -> np.ndarray:
    """(N, 3) float64: integers are millimetres, floats metres; those on the 1 mm grid become whole numbers."""
    if xyz.dtype.kind != "f":
        return xyz.astype(np.float64)
    exact = xyz.astype(np.float64) * 1000
    near = np.rint(exact)
    return near if np.abs(exact - near).max(initial=0) < 0.02 else exact


def on_grid(xyz: np.ndarray) -> bool:
    """Whether millimetres (N, 3) are whole."""
    return bool((xyz == np.rint(xyz)).all())


def _sampled(frame: PointCloud, share: float, seed: int) -> PointCloud:
    return frame if share == 1 else frame.take(np.random.default_rng(seed).random(len(frame)) < share)


def _ring(frame: PointCloud) -> np.ndarray:
    """(N,) int64; -1 where no field tells."""
    found = (frame.fields[name] for name in RING_FIELDS if name in frame.fields)
    values = next((v for v in found if v.ndim == 1 and v.dtype.kind in "ui"), None)
    return np.full(len(frame), -1) if values is None else values.astype(np.int64)
