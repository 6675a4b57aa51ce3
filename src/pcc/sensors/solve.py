"""The geometry of each laser by least squares: points to places of the lattice and back, in turn.

Where (step, index) of the points are known, the model is linear: turned back by its step, a point is ``index * slope
+ offset``. Where positions were rounded to 1 mm it can be told more: no coordinate may be off by more than half a
voxel, so the last rounds move each laser by its violators alone (a hinge).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pcc.sensors.points import Points
from pcc.sensors.turn import TURN_BITS, turn_table

HALF_VOXEL = 0.495  # mm, and a little less
_ROUNDS, _HINGE_ROUNDS = 10, 14
_CLIP = 0.01  # mm: what is farther over the bound pulls no harder, as some points are at wrong places
_FAR = 0.75  # mm: not by rounding
_RIDGE = 1e-3  # of the hinge's steps


@dataclass(frozen=True, eq=False)
class Rays:
    """slope (L, 3) mm a range step and offset (L, 3) mm, float64; radial or straight, see `pcc.sensors.table`."""

    slope: np.ndarray
    offset: np.ndarray
    radial: bool = False

    @classmethod
    def of_angles(
        cls,
        rise: np.ndarray,
        height: np.ndarray,
        heading: np.ndarray,
        aside: np.ndarray,
        step: np.ndarray,
        start: np.ndarray,
    ) -> Rays:
        """Of (L,) cones, headings [rad], distances from the axis, range steps and first ranges [mm]."""
        flat = 1 / np.hypot(1, rise)
        ahead = np.stack([np.cos(heading) * flat, np.sin(heading) * flat, rise * flat], 1)
        side = np.stack([-np.sin(heading), np.cos(heading), np.zeros_like(heading)], 1)
        offset = start[:, None] * ahead + aside[:, None] * side
        offset[:, 2] += height
        return cls(ahead * step[:, None], offset)

    def turned(self, step: np.ndarray, steps: int) -> Rays:
        """Each laser turned ahead by (L,) ``step`` of ``steps`` a turn."""
        c, s = np.cos(2 * np.pi * step / steps), np.sin(2 * np.pi * step / steps)
        slope, offset = (np.stack([x * c - y * s, y * c + x * s, z], 1) for x, y, z in (self.slope.T, self.offset.T))
        return Rays(slope, offset, self.radial)


@dataclass(frozen=True, eq=False)
class Places:
    """Each point's place in the lattice.

    Attributes:
        step, index: (N,) int64.
        turn: (N, 2) float64 cosine and sine of the step.
        back: (N, 3) mm, the point turned back by its step; ahead by its radius where rays are radial.
        error: (N, 3) mm, point minus place, in x, y, z.
    """

    step: np.ndarray
    index: np.ndarray
    turn: np.ndarray
    back: np.ndarray
    error: np.ndarray

    def within(self, bound: float) -> np.ndarray:
        """(N,) bool: all three errors are at most ``bound`` mm."""
        return np.abs(self.error).max(1) <= bound


def fit_rays(points: Points, rays: Rays, steps: int, step: np.ndarray | None = None) -> Rays:
    """``rays`` brought to the points by least squares, and where those are rounded to 1 mm by the hinge.

    Args:
        step: (N,) int64 of the points where it is known; the nearest of ``steps`` a turn otherwise.
    """
    rays = settle(points, rays, steps, step)
    for _ in range(_HINGE_ROUNDS if points.rounded else 0):
        rays = hinge_step(points, place(points, rays, steps, step), rays)
    return rays


def settle(points: Points, rays: Rays, steps: int, step: np.ndarray | None = None) -> Rays:
    """``rays`` and places in turn, by least squares, until the places stay."""
    before = np.empty((2, 0))
    for _ in range(_ROUNDS):
        places = place(points, rays, steps, step)
        now = np.stack([places.index, places.step])
        if np.array_equal(now, before):
            break
        rays, before = least_squares(points, places, rays), now
    return rays


def fit_rays_either_way(points: Points, rays: Rays, steps: int) -> Rays:
    """`fit_rays`, straight or radial, whichever leaves less beyond the rounding."""
    straight, radial = (fit_rays(points, replace(rays, radial=way), steps) for way in (False, True))
    bound = HALF_VOXEL if points.rounded else 0.0
    over = [np.clip(np.abs(place(points, r, steps).error) - bound, 0, 1).sum() for r in (straight, radial)]
    return radial if over[1] < over[0] else straight


def place(points: Points, rays: Rays, steps: int, step: np.ndarray | None = None) -> Places:
    """The lattice's place of each point, as `pcc.ops.lattice_map.find` has it, but the laser is known."""
    slope, offset = rays.slope[points.laser], rays.offset[points.laser]
    if step is None:
        step = np.rint(step_places(points, rays, steps)).astype(np.int64) % steps
    turn = np.ldexp(turn_table(steps).astype(np.float64), -TURN_BITS)[step]
    (c, s), (x, y, z) = turn.T, points.xyz.T
    back = np.stack([x * c + y * s, y * c - x * s, z], 1)
    if rays.radial:
        back[:, 0] += back[:, 1] ** 2 / (2 * np.maximum(back[:, 0], 1))
    along = ((back - offset) * slope).sum(1) / (slope**2).sum(1)
    index = np.maximum(np.rint(along), 1).astype(np.int64)
    ex, ey, ez = (back - index[:, None] * slope - offset).T
    return Places(step, index, turn, back, np.stack([ex * c - ey * s, ey * c + ex * s, ez], 1))


def step_places(points: Points, rays: Rays, steps: int) -> np.ndarray:
    """(N,) float64: where each point lies between the steps; of any turn."""
    heading, aside = _heading_and_aside(rays)
    across = np.arcsin(np.clip(aside[points.laser] / np.maximum(points.radius, 1), -1, 1))
    return (points.azimuth - heading[points.laser] - across) * (steps / (2 * np.pi))


def _heading_and_aside(rays: Rays) -> tuple[np.ndarray, np.ndarray]:
    """(L,) radians, and (L,) mm from the axis to the laser's line."""
    heading = np.arctan2(rays.slope[:, 1], rays.slope[:, 0])
    return heading, rays.offset[:, 1] * np.cos(heading) - rays.offset[:, 0] * np.sin(heading)


def least_squares(points: Points, places: Places, rays: Rays, bound: float = 1.0) -> Rays:
    """A line through the places that are within ``bound`` mm, one a laser; lasers with too few stay as they are."""
    lasers = len(rays.slope)
    kept = places.within(bound)
    laser, index, back = points.laser[kept], places.index[kept].astype(float), places.back[kept]

    def total(weight: np.ndarray | None) -> np.ndarray:
        return np.bincount(laser, weight, lasers)

    count = np.maximum(total(None), 1)
    mean_index = total(index) / count
    mean_back = np.stack([total(axis) / count for axis in back.T], 1)
    index = index - mean_index[laser]
    spread = total(index**2)
    slope = np.stack([total(index * axis) for axis in back.T], 1) / np.maximum(spread, 1)[:, None]
    good = (count >= 8) & (spread > 1)
    slope = np.where(good[:, None], slope, rays.slope)
    offset = np.where(good[:, None], mean_back - mean_index[:, None] * slope, rays.offset)
    return Rays(slope, offset, rays.radial)


def hinge_step(points: Points, places: Places, rays: Rays, bound: float = HALF_VOXEL) -> Rays:
    """A damped Newton step of sum(max(|error| - bound, 0)^2), linear from `_CLIP` on, for each laser's six numbers."""
    lasers = len(rays.slope)
    size = np.abs(places.error)
    rows = np.flatnonzero((size > bound).any(1) & places.within(_FAR))
    laser, over = points.laser[rows], np.maximum(size[rows] - bound, 0)
    weight = np.minimum(over, _CLIP) / np.maximum(over, 1e-9)
    over = np.copysign(over * weight, places.error[rows])
    n, (c, s), o = places.index[rows] * 1e-4, places.turn[rows].T, np.zeros(len(rows))
    jacobians = (
        np.stack([n * c, -n * s, o, c, -s, o], 1),
        np.stack([n * s, n * c, o, s, c, o], 1),
        np.stack([o, o, n, o, o, o + 1], 1),
    )
    hessian, gradient = np.zeros((lasers, 6, 6)), np.zeros((lasers, 6))
    for axis, jacobian in enumerate(jacobians):
        for a in range(6):
            gradient[:, a] += np.bincount(laser, jacobian[:, a] * over[:, axis], lasers)
            for b in range(a + 1):
                hessian[:, a, b] += np.bincount(laser, jacobian[:, a] * jacobian[:, b] * weight[:, axis], lasers)
    hessian = hessian + np.tril(hessian, -1).transpose(0, 2, 1)
    diagonal = np.einsum("laa->la", hessian)
    diagonal += _RIDGE * diagonal + 1e-9
    step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
    return Rays(rays.slope + step[:, :3] * 1e-4, rays.offset + step[:, 3:], rays.radial)
