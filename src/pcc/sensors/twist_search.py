"""The parts of the search for a twist: each takes a sample of points and a motion, and gives a nearer motion.

A *motion* is (6,) float64: v in voxels and w in radians a sweep. A part says what is wrong with the points that a
motion undoes (heights over cones, phases of azimuths, distances to places); `step` turns it into the next motion, by
Gauss-Newton with the weights 1 / (1 + (error / scale)^2)^2, which pass over what is far off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pcc.ops import lattice_map, twist_fit
from pcc.ops.lattice_map import Found
from pcc.sensors.table import OFFSET_BITS, SensorTable

MAX_SPEED, MAX_CLIMB = 2700.0, 300.0  # voxels a sweep in the plane and along the axis: what `sharpest_motions` looks at
MAX_SPIN = 0.15  # radians a sweep about the axis: what `spin` looks at
MAX_TILT = 0.04  # radians a sweep about the other axes: what `sharpest_tilts` looks at
_SPEED_STEP, _CLIMB_STEP, _TILT_STEP, _BLUR = 300.0, 75.0, 0.004, 10.0
_DISTANT = 20000.0  # voxels
_NO_SPIN = slice(0, 5)
_BINS, _PADDING = 8192, 4


class Sample(NamedTuple):
    """A table and some corrected points (M, 3) float64, voxels."""

    table: SensorTable
    xyz: np.ndarray

    def undo(self, motion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Raw positions (M, 3) and shares of the sweep (M,)."""
        return twist_fit.undo(motion, self.xyz, np.zeros(len(self.xyz), np.int8))

    def first(self, count: int) -> Sample:
        return Sample(self.table, self.xyz[:count])


def sharpest_motions(sample: Sample, count: int, tilt: np.ndarray | None = None) -> np.ndarray:
    """(count, 6): motions at a grid of velocities whose points come nearest to cones, the best first.

    Args:
        tilt: (6,), a motion that all of them have in common.
    """
    ahead, up = (
        np.arange(-most, most + 1, width) for most, width in ((MAX_SPEED, _SPEED_STEP), (MAX_CLIMB, _CLIMB_STEP))
    )
    velocity = np.stack(np.meshgrid(ahead, ahead, up), -1).reshape(-1, 3)
    velocity = velocity[np.hypot(velocity[:, 0], velocity[:, 1]) <= MAX_SPEED]
    motions = np.concatenate([velocity, np.zeros_like(velocity)], 1)
    return _sharpest(sample, motions if tilt is None else motions + tilt, count)


def sharpest_tilts(sample: Sample, count: int) -> np.ndarray:
    """(count, 6): motions at a grid of w_x and w_y, by distant points, for which velocities matter little."""
    distant = np.hypot(sample.xyz[:, 0], sample.xyz[:, 1]) > _DISTANT
    around = np.arange(-MAX_TILT, MAX_TILT + _TILT_STEP / 2, _TILT_STEP)
    tilt = np.stack(np.meshgrid(around, around), -1).reshape(-1, 2)
    motions = np.concatenate([np.zeros((len(tilt), 3)), tilt, np.zeros((len(tilt), 1))], 1)
    return _sharpest(Sample(sample.table, sample.xyz[distant]), motions, count)


def _sharpest(sample: Sample, motions: np.ndarray, count: int) -> np.ndarray:
    if not len(sample.xyz):
        return motions[:0]
    share = np.arctan2(sample.xyz[:, 1], sample.xyz[:, 0]) / (2 * np.pi)
    sharp = twist_fit.sharpness(sample.table.lattice, sample.xyz, share, motions, _BLUR)
    return motions[np.argsort(-sharp, kind="stable")[:count]]


def climb_cones(sample: Sample, motion: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """A step towards points on cones, w_z untouched; and the heights (M,) over the nearest cones before it."""
    raw, share = sample.undo(motion)
    laser, height = twist_fit.cones(sample.table.lattice, raw)
    rise = np.tan(sample.table.elevation)[laser] / np.hypot(raw[:, 0], raw[:, 1])
    normal = np.stack([-rise * raw[:, 0], -rise * raw[:, 1], np.ones(len(raw))], 1)
    slope = np.stack([-share * normal[:, 0], -share * normal[:, 1], -share, *(share * _across(normal, raw)[:2])], 1)
    return bounded(motion + step(slope, height, (height / scale) ** 2)), height


def spin(sample: Sample, motion: np.ndarray) -> np.ndarray:
    """w_z moved to where the azimuths lie best on whole steps.

    If w_z is off by e, the azimuth of a point at the share s is off by s e: a wave over s of U e / 2 pi turns a sweep,
    which a Fourier transform finds whatever it is.
    """
    table = sample.table
    raw, share = sample.undo(motion)
    laser, height = twist_fit.cones(table.lattice, raw)
    sharp = np.abs(height) < 2 * np.median(np.abs(height)) + 1
    phase = np.exp(1j * table.steps * _angles(table, laser[sharp], raw[sharp]))
    bins = np.clip((share[sharp] + 0.5) * _BINS, 0, _BINS - 1).astype(np.int64)
    wave = np.bincount(bins, phase.real, _BINS) + 1j * np.bincount(bins, phase.imag, _BINS)
    error = np.fft.fftfreq(_BINS * _PADDING, 1 / _BINS) * (2 * np.pi / table.steps)
    strength = np.where(np.abs(error) <= MAX_SPIN, np.abs(np.fft.fft(wave, _BINS * _PADDING)), 0)
    return bounded(motion + np.array([0, 0, 0, 0, 0, error[strength.argmax()]]))


def climb_points(
    sample: Sample, motion: np.ndarray, scale: float, target: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A step towards ``target(raw)`` (M, 3), and the largest difference (M,) of each point before it."""
    raw, share = sample.undo(motion)
    error = raw - target(raw)
    far = largest(error)
    return bounded(motion + step(slopes(raw, share), error.reshape(-1), np.repeat((far / scale) ** 2, 3))), far


def largest(error: np.ndarray) -> np.ndarray:
    """(N,): the largest of three magnitudes; many times faster than a reduction of short rows."""
    x, y, z = np.abs(error).T
    return np.maximum(np.maximum(x, y), z)


def places(table: SensorTable, raw: np.ndarray) -> np.ndarray:
    """(M, 3) float64: the whole voxels of the lattice's places nearest to raw points."""
    found = lattice_map.find(table.lattice, raw, table.max_index)
    return voxels_of(table, found).astype(np.float64)


def voxels_of(table: SensorTable, found: Found) -> np.ndarray:
    """(M, 3) int32."""
    return lattice_map.positions(table.lattice, found.laser, found.step, (2 * found.index).astype(np.int32))[0]


def slopes(raw: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(3 M, 6): how raw coordinates follow the motion, but for what it does to the share: -s dv + s p x dw."""
    slope = np.zeros((len(raw), 3, 6))
    slope[:, [0, 1, 2], [0, 1, 2]] = -share[:, None]
    moved = share[:, None] * raw
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        slope[:, i, 3 + j] = -moved[:, k]
        slope[:, i, 3 + k] = moved[:, j]
    return slope.reshape(-1, 6)


def step(slope: np.ndarray, error: np.ndarray, badness: np.ndarray) -> np.ndarray:
    """(6,): the change of the motion that lessens the errors (M,) most.

    Args:
        slope: (M, 5 or 6), how errors follow the motion; badness: (M,), errors in scales, squared.
    """
    weight = 1 / (1 + badness) ** 2
    weighted = slope * weight[:, None]
    square = weighted.T @ slope
    change = np.zeros(6)
    square += 1e-9 * np.diag(np.diag(square)) + 1e-30 * np.eye(len(square))
    change[: len(square)] = -np.linalg.solve(square, weighted.T @ error)
    return change


def bounded(motion: np.ndarray) -> np.ndarray:
    """The motion within what a twist can say; a search among points of no sensor may leave it."""
    return np.clip(np.nan_to_num(motion), *(sign * np.array([8000.0] * 3 + [0.49] * 3) for sign in (-1, 1)))


def _across(normal: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """(3, M): normal x raw, which times the share is how heights follow w."""
    return np.cross(normal, raw).T


def _angles(table: SensorTable, laser: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """(M,) float64 radians: the turn of each point's laser, as it would be without azimuth steps."""
    slope, offset = table.slope.astype(np.float64), np.ldexp(table.offset.astype(np.float64), -OFFSET_BITS)
    heading = np.arctan2(slope[:, 1], slope[:, 0])
    aside = offset[:, 1] * np.cos(heading) - offset[:, 0] * np.sin(heading)
    across = np.arcsin(np.clip(aside[laser] / np.hypot(raw[:, 0], raw[:, 1]), -1, 1))
    return np.arctan2(raw[:, 1], raw[:, 0]) - heading[laser] - across
