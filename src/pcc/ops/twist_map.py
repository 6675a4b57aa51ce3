"""Motion correction in integers: raw voxels of a spinning LiDAR, moved to the sensor's pose at mid-sweep.

    s = atan2(y, x) / 2 pi + wrap                                                      turns
    p' = R(s w) p + s v                                                                2^-24 voxel

The sensor turns once while it moves by v and by the rotation vector w; KITTI corrected its odometry frames like this.
``wrap`` is for points beside the seam behind the car, which were measured before the sweep that their azimuth tells, or
after it. Every step is defined to the bit (docs/arithmetic.md, section 14), so that a decoder's points are the
encoder's. What finds v and w is `pcc.sensors.twist`; `pcc.datasets.motion` makes training frames in floating point, and
has the opposite sign for both (its velocity is the car's, v is minus that where the scanner turns clockwise).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check
from pcc.ops.requantise import round_shift_reference

VELOCITY_BITS, ANGULAR_BITS = 26, 40  # of the fractions of a twist
FIXED_BITS = 24  # of the fraction of a corrected coordinate
MAX_COMPONENT = (1 << 39) - 1
REACH = 1 << 20  # voxels: raw coordinates are below it in magnitude
_ARC_STEPS, _ARC_BITS, _TURN_BITS = 256, 36, 31
_PER_TURN = 683565276  # round(2^32 / 2 pi)
_NONE = np.empty((0, 3), np.int32)
_SINE = (357913941, 17895697, 426088, 5918, 54)  # round(2^31 / k!), k = 3, 5, 7, 9, 11
_COSINE = (89478485, 2982616, 53261, 592, 4)  # k = 4, 6, 8, 10, 12


@dataclass(frozen=True)
class Twist:
    """The motion in one sweep, as integers below 2^39 in magnitude: less than 2^13 voxels and half a radian an axis.

    Attributes:
        velocity: x, y, z in 2^-26 voxel a sweep.
        angular: rotation vector in 2^-40 radian a sweep.
    """

    velocity: tuple[int, int, int]
    angular: tuple[int, int, int]

    def __post_init__(self) -> None:
        if any(abs(component) > MAX_COMPONENT for component in (*self.velocity, *self.angular)):
            raise ValueError(f"twist: expected components below 2^39 in magnitude, got {self}")

    @property
    def is_zero(self) -> bool:
        return not any(self.velocity) and not any(self.angular)

    def array(self) -> np.ndarray:
        """(6,) int64."""
        return np.array([*self.velocity, *self.angular], np.int64)

    def floats(self) -> np.ndarray:
        """(6,) float64: voxels and radians a sweep."""
        return np.ldexp(self.array().astype(np.float64), [-VELOCITY_BITS] * 3 + [-ANGULAR_BITS] * 3)


def twist_of_floats(values: np.ndarray) -> Twist:
    """The twist nearest to (6,) voxels and radians a sweep."""
    velocity = np.rint(np.ldexp(values[:3], VELOCITY_BITS)).astype(np.int64).tolist()
    angular = np.rint(np.ldexp(values[3:], ANGULAR_BITS)).astype(np.int64).tolist()
    return Twist(tuple(velocity), tuple(angular))


ZERO = Twist((0, 0, 0), (0, 0, 0))


@lru_cache(maxsize=1)
def arc_table() -> np.ndarray:
    """(257,) int64: atan(k / 256) in 2^-36 turn, rounded; none is near a half, so any library's atan gives them."""
    table = np.rint(np.ldexp(np.arctan(np.arange(_ARC_STEPS + 1) / _ARC_STEPS) / (2 * np.pi), _ARC_BITS))
    table = table.astype(np.int64)
    table.flags.writeable = False
    return table


def correct(twist: Twist, voxels: np.ndarray, wrap: np.ndarray, rounding: np.ndarray | None = None) -> np.ndarray:
    """Corrected positions (N, 3) int64 in 2^-24 voxel.

    Args:
        voxels: (N, 3) int32, raw, below 2^20 in magnitude.
        wrap: (N,) int8 in -1..1, turns added to the azimuth.
        rounding: (N, 3) int32 in 2^-24 voxel, below 2^20 in magnitude: what raw positions have beyond whole voxels
            (`pcc.ops.float_residuals.float_error`). It is moved along, and does not count for the azimuth.

    Raises:
        ValueError: any of them is out of range.
    """
    voxels = check(voxels, "voxels", "int32", (None, 3))
    beyond = _NONE if rounding is None else check(rounding, "rounding", "int32", voxels.shape)
    wrap = check(wrap, "wrap", "int8", (len(voxels),))
    fixed = np.empty(voxels.shape, np.int64)
    _ext.twist_map(twist.array(), arc_table(), voxels, beyond, wrap, fixed)
    return fixed


def whole_voxels(fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, 3) int64 in 2^-24 voxel as voxels (N, 3) int32 and places in them (N, 3) uint8, 1/256 voxel."""
    fixed = check(fixed, "fixed", "int64", (None, 3))
    voxels, place = np.empty(fixed.shape, np.int32), np.empty(fixed.shape, np.uint8)
    _ext.whole_voxels(fixed, voxels, place)
    return voxels, place


def azimuth_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """atan2(y, x) of (N,) int64 in 2^-31 turn, -2^30..2^30, off by less than 0.6; 0 where both are 0."""
    across, along = np.abs(x), np.abs(y)
    major, minor = np.maximum(np.maximum(across, along), 1), np.minimum(across, along)
    k = (minor << 8) // major
    tangent = ((minor << 8) - k * major << 36) // ((major << 8) + k * minor)
    angle = tangent - ((tangent * tangent >> 36) * tangent >> 36) // 3
    turn = arc_table()[k] + (angle * _PER_TURN >> 32)
    turn = np.where(along > across, (1 << 34) - turn, turn)
    turn = np.where(x < 0, (1 << 35) - turn, turn)
    return round_shift_reference(np.where(y < 0, -turn, turn), _ARC_BITS - _TURN_BITS)


def _series(t: np.ndarray, coefficients: tuple[int, ...]) -> np.ndarray:
    total = np.full_like(t, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = coefficient - (t * total >> 31)
    return t * total >> 31


def _part(s: np.ndarray, components: tuple[int, int, int]) -> np.ndarray:
    """(N, 3): s times each, by 2^8, rounded down; the product itself may have 71 bits."""
    high, low = np.divmod(np.array(components, np.int64), 256)
    return s[:, None] * high + (s[:, None] * low >> 8)


def correct_reference(
    twist: Twist, voxels: np.ndarray, wrap: np.ndarray, rounding: np.ndarray | None = None
) -> np.ndarray:
    """`correct` in numpy: (N, 3) int64."""
    p = voxels.astype(np.int64)
    s = azimuth_reference(p[:, 0], p[:, 1]) + (wrap.astype(np.int64) << _TURN_BITS)
    a = round_shift_reference(_part(s, twist.angular), 23)  # 2^-40 radian
    b = round_shift_reference(a, 9)
    t = (b * b).sum(1) >> 31
    m = a - (_series(t, _SINE)[:, None] * b >> 22)
    outer = b[:, :, None] * b[:, None, :]
    n = (outer >> 23) - (_series(t, _COSINE)[:, None, None] * (outer >> 31) >> 22)
    n -= np.trace(n, axis1=1, axis2=2)[:, None, None] * np.eye(3, dtype=np.int64)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        n[:, i, j] -= m[:, k]
        n[:, j, i] += m[:, k]
    shift = round_shift_reference(_part(s, twist.velocity), 9)
    e = np.zeros_like(p) if rounding is None else rounding.astype(np.int64)
    moved = (n * p[:, None, :]).sum(2) + shift + ((n * e[:, None, :]).sum(2) >> FIXED_BITS)
    return (p << FIXED_BITS) + e + round_shift_reference(moved, 40 - FIXED_BITS)


def whole_voxels_reference(fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`whole_voxels` in numpy."""
    moved = fixed + (1 << FIXED_BITS - 1)
    return (moved >> FIXED_BITS).astype(np.int32), (moved >> FIXED_BITS - 8 & 255).astype(np.uint8)
