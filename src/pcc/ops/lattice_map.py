"""The lattice of a spinning LiDAR: places in it as voxels, and the search for the way back.

Laser l measures the range index n at the azimuth step u at

    q = round_shift(2n slope[l] + 2 offset[l], 13)                                     2^-12 voxel, before the turn
    q_x -= q_y^2 div 2 q_x,  where the lattice is radial and q_x > |q_y|
    x = round(q_x cos(u) - q_y sin(u)),  y = round(q_x sin(u) + q_y cos(u)),  z = round(q_z)          voxels

with slope and offset in 2^-24 voxel, cosine and sine in 2^-30 (`pcc.sensors.turn`), and halves rounded up. What was cut
off is told as the ``place`` in the voxel, 0 (its lower face) to 255. ``half`` is 2n, so that the middle between two
indices has a place, too. *Radial* are sensors whose slopes go along the radius, the distance from the axis: what a
laser beside the axis sees is then a little less ahead. All others go straight ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check
from pcc.ops.requantise import round_shift_reference

SLOPE_BITS, TURN_BITS, POINT_BITS = 24, 30, 12
MAX_LASERS = 256
MAX_REACH = 1 << 20  # voxels from the axis


class Lattice(NamedTuple):
    """slope, offset (L, 3) int64 in 2^-24 voxel; turn (U, 2) int32, cosine and sine in 2^-30; radial or straight."""

    slope: np.ndarray
    offset: np.ndarray
    turn: np.ndarray
    radial: bool = False

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return (
            check(self.slope, "slope", "int64", (None, 3)),
            check(self.offset, "offset", "int64", (len(self.slope), 3)),
            check(self.turn, "turn", "int32", (None, 2)),
        )


def positions(lattice: Lattice, laser: np.ndarray, step: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (N, 3) int32 and places in them (N, 3) uint8.

    Args:
        laser: (N,) uint8; step: (N,) int32; half: (N,) int32, twice the range index. That all of it lies within
            `MAX_REACH` is the caller's to see to (`pcc.sensors.table.SensorTable.max_index`).

    Raises:
        IndexError: a laser or a step that there is not.
    """
    n = len(laser)
    laser, step = check(laser, "laser", "uint8", (n,)), check(step, "step", "int32", (n,))
    voxels, place = np.empty((n, 3), np.int32), np.empty((n, 3), np.uint8)
    _ext.lattice_positions(
        *lattice.arrays(), lattice.radial, laser, step, check(half, "half", "int32", (n,)), voxels, place
    )
    return voxels, place


@dataclass(frozen=True, eq=False)
class Found:
    """laser (N,) uint8, step (N,) int32, index (N,) int32 >= 1, error (N,) float32 voxels."""

    laser: np.ndarray
    step: np.ndarray
    index: np.ndarray
    error: np.ndarray


def find(lattice: Lattice, xyz: np.ndarray, max_index: int) -> Found:
    """The place in the lattice that is nearest to each point, by the largest difference among x, y and z.

    For encoders: in floating point, and among the lasers whose cones pass nearest.

    Args:
        xyz: (N, 3) float64 voxels.
        max_index: largest range index.
    """
    xyz = check(xyz, "xyz", "float64", (None, 3))
    n = len(xyz)
    found = Found(np.zeros(n, np.uint8), np.zeros(n, np.int32), np.ones(n, np.int32), np.empty(n, np.float32))
    _ext.lattice_find(
        *lattice.arrays(), lattice.radial, xyz, max_index, found.laser, found.step, found.index, found.error
    )
    return found


def positions_reference(
    lattice: Lattice, laser: np.ndarray, step: np.ndarray, half: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`positions` in numpy."""
    q = half.astype(np.int64)[:, None] * lattice.slope[laser] + 2 * lattice.offset[laser]
    q = round_shift_reference(q, SLOPE_BITS + 1 - POINT_BITS)
    if lattice.radial:
        bent = q[:, 0] > np.abs(q[:, 1])
        q[bent, 0] -= q[bent, 1] ** 2 // (2 * q[bent, 0])
    cosine, sine = lattice.turn[step].astype(np.int64).T
    x, y = q[:, 0] * cosine - q[:, 1] * sine, q[:, 0] * sine + q[:, 1] * cosine
    exact = np.stack([x, y, q[:, 2] << TURN_BITS], 1) + (1 << POINT_BITS + TURN_BITS - 1)
    place = exact >> POINT_BITS + TURN_BITS - 8 & 255
    return (exact >> POINT_BITS + TURN_BITS).astype(np.int32), place.astype(np.uint8)
