"""Closed bodies whose surface can be sampled evenly and whose inside can be told: what synthetic figures are made of.

Lengths are in any unit. Union is the only operation: a point of one body's surface that lies inside another is
dropped (``union_points``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Body(Protocol):
    """A closed body."""

    @property
    def area(self) -> float:
        """Its surface, in squared units (ellipsoids: within 1.1 %)."""

    @property
    def ball(self) -> tuple[np.ndarray, float]:
        """Centre (3,) and radius of a ball that holds it."""

    def sample(self, num_points: int, rng: np.random.Generator) -> np.ndarray:
        """(num_points, 3) float64 points, evenly on the surface."""

    def inside(self, points: np.ndarray) -> np.ndarray:
        """(N,) bool: which of (N, 3) points lie strictly inside."""


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """Axes are the rows of ``rotation`` (3, 3); ``radii`` (3,) along them."""

    centre: np.ndarray
    radii: np.ndarray
    rotation: np.ndarray

    @property
    def area(self) -> float:
        a, b, c = self.radii**1.6075  # Thomsen's formula
        return float(4 * np.pi * ((a * b + a * c + b * c) / 3) ** (1 / 1.6075))

    @property
    def ball(self) -> tuple[np.ndarray, float]:
        return self.centre, float(self.radii.max())

    def sample(self, num_points: int, rng: np.random.Generator) -> np.ndarray:
        stretch_limit = self.radii.prod() / self.radii.min()

        def propose(n: int) -> tuple[np.ndarray, np.ndarray]:
            unit = unit_vectors(n, rng)
            stretch = self.radii.prod() * np.linalg.norm(unit / self.radii, axis=1)  # how much area a patch gains
            return unit * self.radii, stretch / stretch_limit

        return self.centre + _accepted(propose, num_points, rng) @ self.rotation

    def inside(self, points: np.ndarray) -> np.ndarray:
        local = (points - self.centre) @ self.rotation.T / self.radii
        return (local**2).sum(1) < 1


@dataclass(frozen=True, eq=False)
class Capsule:
    """All points within ``radius`` of the segment from ``start`` (3,) to ``end`` (3,)."""

    start: np.ndarray
    end: np.ndarray
    radius: float

    @property
    def area(self) -> float:
        return float(2 * np.pi * self.radius * (2 * self.radius + np.linalg.norm(self.end - self.start)))

    @property
    def ball(self) -> tuple[np.ndarray, float]:
        return (self.start + self.end) / 2, float(np.linalg.norm(self.end - self.start)) / 2 + self.radius

    def sample(self, num_points: int, rng: np.random.Generator) -> np.ndarray:
        axis = self.end - self.start
        length = np.linalg.norm(axis)
        unit = unit_vectors(num_points, rng)
        on_cap = rng.random(num_points) * (2 * self.radius + length) < 2 * self.radius
        along = unit @ axis / length
        sides = unit - along[:, None] * axis / length
        sides /= np.linalg.norm(sides, axis=1, keepdims=True)
        foot = np.where(on_cap, along > 0, rng.random(num_points))  # a cap's points belong to the end they face
        return self.start + foot[:, None] * axis + self.radius * np.where(on_cap[:, None], unit, sides)

    def inside(self, points: np.ndarray) -> np.ndarray:
        axis = self.end - self.start
        share = np.clip((points - self.start) @ axis / (axis @ axis), 0, 1)
        gap = points - self.start - share[:, None] * axis
        return (gap**2).sum(1) < self.radius**2


@dataclass(frozen=True, eq=False)
class Torus:
    """A tube of radius ``tube`` around a circle of ``radius`` (> tube), which lies in ``rotation``'s first two rows."""

    centre: np.ndarray
    radius: float
    tube: float
    rotation: np.ndarray

    @property
    def area(self) -> float:
        return 4 * np.pi**2 * self.radius * self.tube

    @property
    def ball(self) -> tuple[np.ndarray, float]:
        return self.centre, self.radius + self.tube

    def sample(self, num_points: int, rng: np.random.Generator) -> np.ndarray:
        def propose(n: int) -> tuple[np.ndarray, np.ndarray]:
            around, across = rng.uniform(0, 2 * np.pi, (2, n))
            reach = self.radius + self.tube * np.cos(across)
            points = [reach * np.cos(around), reach * np.sin(around), self.tube * np.sin(across)]
            return np.stack(points, 1), reach / (self.radius + self.tube)

        return self.centre + _accepted(propose, num_points, rng) @ self.rotation

    def inside(self, points: np.ndarray) -> np.ndarray:
        local = (points - self.centre) @ self.rotation.T
        return (np.hypot(local[:, 0], local[:, 1]) - self.radius) ** 2 + local[:, 2] ** 2 < self.tube**2


def union_points(bodies: Sequence[Body], density: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points on the surface of a union.

    Args:
        density: points per squared unit.

    Returns:
        (N, 3) float64 points and (N,) int64, the body that each lies on.
    """
    points = [body.sample(int(body.area * density) + 1, rng) for body in bodies]
    for i, body in enumerate(bodies):
        for j, other in enumerate(bodies):
            if i != j and _balls_meet(body, other):
                points[j] = points[j][~body.inside(points[j])]
    return np.concatenate(points), np.repeat(np.arange(len(bodies)), [len(p) for p in points])


def _balls_meet(a: Body, b: Body) -> bool:
    (first, reach), (second, other_reach) = a.ball, b.ball
    return bool(np.linalg.norm(first - second) < reach + other_reach)


def unit_vectors(num: int, rng: np.random.Generator) -> np.ndarray:
    """(num, 3) float64, uniform on the sphere."""
    z = rng.uniform(-1, 1, num)
    angle = rng.uniform(0, 2 * np.pi, num)
    flat = np.sqrt(1 - z**2)
    return np.stack([flat * np.cos(angle), flat * np.sin(angle), z], 1)


def _accepted(propose, num_points: int, rng: np.random.Generator) -> np.ndarray:
    """Rejection sampling: ``propose(n)`` gives points and their chance of being kept."""
    kept: list[np.ndarray] = []
    while sum(map(len, kept)) < num_points:
        points, chance = propose(num_points)
        kept.append(points[rng.random(num_points) < chance])
    return np.concatenate(kept)[:num_points]
