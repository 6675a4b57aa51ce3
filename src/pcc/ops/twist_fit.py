"""What the search for a frame's twist needs of every point, again and again; for encoders, in floating point.

`undo` is the way back of `pcc.ops.twist_map.correct`: given p' it solves

    s = atan2(p_y, p_x) / 2 pi  (mod 1),   p = R(-s w) (p' - s v)

by Newton's method. `cones` tells which laser's cone is nearest to a raw point, whatever its azimuth and range.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.ops._arrays import check
from pcc.ops.lattice_map import SLOPE_BITS, Lattice


def undo(twist: np.ndarray, xyz: np.ndarray, branch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Raw positions (N, 3) float64 in voxels and shares s (N,) float64 in turns, which may leave -1/2..1/2 a little.

    Args:
        twist: (6,) float64, voxels and radians a sweep.
        xyz: (N, 3) float64 voxels, corrected.
        branch: (N,) int8, turns added to the azimuth of ``xyz`` where the search for s begins.
    """
    xyz = check(xyz, "xyz", "float64", (None, 3))
    raw, share = np.empty(xyz.shape), np.empty(len(xyz))
    twist = check(twist, "twist", "float64", (6,))
    _ext.twist_undo(twist, xyz, check(branch, "branch", "int8", (len(xyz),)), raw, share)
    return raw, share


def cones(lattice: Lattice, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest cone of each point: its laser (N,) uint8 and the point's height above it (N,) float64 voxels.

    Args:
        raw: (N, 3) float64 voxels, farther from the axis than the beams pass it.
    """
    raw = check(raw, "raw", "float64", (None, 3))
    laser, height = np.empty(len(raw), np.uint8), np.empty(len(raw))
    _ext.lattice_cones(*lattice.arrays(), raw, laser, height)
    return laser, height


def sharpness(lattice: Lattice, xyz: np.ndarray, share: np.ndarray, motion: np.ndarray, scale: float) -> np.ndarray:
    """How near to cones the points come with each motion (K, 6), voxels and radians: (K,) float64, 0 (far) to 1.

    It is the mean of 1 / (1 + (h / scale)^2), h the height of ``xyz - share (v + w x xyz)`` over the nearest cone.

    Args:
        xyz: (N, 3) float64 voxels, N > 0; share: (N,) float64, of the sweep.
    """
    xyz = check(xyz, "xyz", "float64", (None, 3))
    motion = check(motion, "motion", "float64", (None, 6))
    sharp = np.empty(len(motion))
    share = check(share, "share", "float64", (len(xyz),))
    _ext.cone_sharpness(*lattice.arrays(), xyz, share, motion, scale, sharp)
    return sharp


def cones_reference(lattice: Lattice, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`cones` in numpy, with a square root where the kernel has the first term of its series."""
    slope, offset = (np.ldexp(a.astype(np.float64), -SLOPE_BITS) for a in (lattice.slope, lattice.offset))
    flat = np.hypot(slope[:, 0], slope[:, 1])
    c, s = slope[:, 0] / flat, slope[:, 1] / flat
    aside, ahead = offset[:, 1] * c - offset[:, 0] * s, offset[:, 0] * c + offset[:, 1] * s
    distance = np.sqrt((raw[:, :2] ** 2).sum(1)[:, None] - aside**2)
    height = raw[:, 2:] - offset[:, 2] - (distance - ahead) * slope[:, 2] / flat
    laser = np.abs(height).argmin(1)
    return laser.astype(np.uint8), height[np.arange(len(raw)), laser]


def sharpness_reference(
    lattice: Lattice, xyz: np.ndarray, share: np.ndarray, motion: np.ndarray, scale: float
) -> np.ndarray:
    """`sharpness` in numpy."""
    moved = (xyz - share[:, None] * (m[:3] + np.cross(m[3:], xyz)) for m in motion)
    heights = (cones_reference(lattice, raw)[1] for raw in moved)
    return np.array([(1 / (1 + (height / scale) ** 2)).mean() for height in heights])
