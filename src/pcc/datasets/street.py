"""A synthetic street, and what rays from a scanner in it meet first. Which rays there are is the scanner's affair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Street:
    """Upright boxes and poles on wavy ground.

    Attributes:
        boxes: (K, 6) float64: centre x, y; half length, half width; height; yaw [rad].
        poles: (P, 4) float64: centre x, y; radius; height.
        slope: (2,) rise of the ground along x and y.
    """

    boxes: np.ndarray
    poles: np.ndarray
    slope: np.ndarray


def make_street(rng: np.random.Generator) -> Street:
    """Two rows of buildings, cars between them, poles along the kerb."""
    left, right = rng.uniform(6, 20, 2)
    boxes = []
    for side, distance in ((1, left), (-1, right)):
        x = -80.0
        while x < 80:
            length = rng.uniform(6, 25)
            depth = rng.uniform(4, 8)
            boxes.append(
                [x + length / 2, side * (distance + depth), length / 2, depth, rng.uniform(3, 15), rng.normal(0, 0.02)]
            )
            x += length + rng.choice([0.0, rng.uniform(1, 12)])
    for _ in range(rng.integers(4, 20)):
        y = rng.choice([left - 1.5, 1.5 - right, 3.5, -3.5]) + rng.normal(0, 0.2)
        boxes.append(
            [
                rng.uniform(6, 60) * rng.choice([-1, 1]),
                y,
                rng.uniform(1.8, 2.6),
                rng.uniform(0.8, 1.0),
                rng.uniform(1.4, 2.4),
                rng.normal(0, 0.05),
            ]
        )
    num_poles = int(rng.integers(4, 24))
    poles = np.stack([rng.uniform(-60, 60, num_poles), rng.choice([left - 0.5, 0.5 - right], num_poles)], 1)
    sizes = np.stack([rng.uniform(0.05, 0.35, num_poles), rng.uniform(2, 9, num_poles)], 1)
    return Street(np.array(boxes), np.concatenate([poles, sizes], 1), rng.normal(0, 0.005, 2))


def first_hit(origin: np.ndarray, direction: np.ndarray, street: Street, mount: float) -> tuple[np.ndarray, np.ndarray]:
    """What each ray meets first.

    Args:
        origin, direction: (N, 3) float64 metres, relative to a scanner ``mount`` metres over the ground; unit vectors.

    Returns:
        Distance (N,) in metres, inf for the sky, and a number for the material (N,) int64.
    """
    distance, material = _ground(origin, direction, street, mount), np.zeros(len(origin), np.int64)
    for kind, shapes, hit in ((1, street.boxes, _hit_box), (2, street.poles, _hit_pole)):
        for shape in shapes:
            rows = _rays_towards(direction, shape[:2], np.hypot(*shape[2:4]) if kind == 1 else shape[2])
            reach = hit(origin[rows], direction[rows], shape, -mount)
            nearer = reach < distance[rows]
            material[rows[nearer]] = kind + int(abs(shape[0]) * 10) % 5
            distance[rows[nearer]] = reach[nearer]
    return distance, material


def reflectance(distance: np.ndarray, material: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) uint8 hundredths at ``distance`` in metres, with noise."""
    glint = 60.0 / (1 + distance / 25) * (0.35 + material / 8) + rng.normal(0, 2, len(distance))
    return np.clip(np.rint(glint), 0, 99).astype(np.uint8)


def _ground(origin: np.ndarray, direction: np.ndarray, street: Street, mount: float) -> np.ndarray:
    """Distance to the sloped, slightly rippled plane ``mount`` metres under the scanner; inf above the horizon."""
    fall = street.slope[0] * direction[:, 0] + street.slope[1] * direction[:, 1] - direction[:, 2]
    with np.errstate(divide="ignore"):
        flat = np.where(fall > 1e-6, (mount + origin[:, 2]) / fall, np.inf)
    x, y = np.where(np.isfinite(flat), flat, 0) * direction[:, :2].T
    ripple = 0.02 * np.sin(x / 3.1 + 0.4) + 0.02 * np.cos(y / 2.3) + 0.008 * np.sin(x * 2.7 + y * 1.9)
    return flat * (1 - ripple / mount)


def _rays_towards(direction: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """Rows of the rays whose azimuth may meet a circle around ``centre`` (2,); all where the scanner is within it."""
    away = np.hypot(*centre)
    if away <= radius:
        return np.arange(len(direction))
    flat = np.hypot(direction[:, 0], direction[:, 1])
    cosine = np.sqrt(1 - (radius / away) ** 2) - 1e-9
    return np.flatnonzero(direction[:, :2] @ centre / away >= flat * cosine)


def _hit_box(origin: np.ndarray, direction: np.ndarray, box: np.ndarray, floor: float) -> np.ndarray:
    """Distance (N,) at which rays enter an upright box; inf where they miss it."""
    x, y, length, width, height, yaw = box
    turn = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    local = (origin - [x, y, floor + height / 2]) @ turn.T
    with np.errstate(divide="ignore"):
        inverse = 1 / (direction @ turn.T)
    half = np.array([length, width, height / 2])
    first, second = (-half - local) * inverse, (half - local) * inverse
    enter, leave = np.minimum(first, second).max(1), np.maximum(first, second).min(1)
    return np.where((enter > 0) & (enter < leave), enter, np.inf)


def _hit_pole(origin: np.ndarray, direction: np.ndarray, pole: np.ndarray, floor: float) -> np.ndarray:
    """Distance (N,) at which rays meet an upright cylinder's side; inf where they miss it."""
    x, y, radius, height = pole
    offset = origin[:, :2] - [x, y]
    a = (direction[:, :2] ** 2).sum(1)
    half_b = (offset * direction[:, :2]).sum(1)
    root = half_b**2 - a * ((offset**2).sum(1) - radius**2)
    distance = (-half_b - np.sqrt(np.maximum(root, 0))) / a
    z = origin[:, 2] + distance * direction[:, 2]
    return np.where((root > 0) & (distance > 0) & (z > floor) & (z < floor + height), distance, np.inf)
