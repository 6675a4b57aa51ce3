"""A spinning LiDAR in a synthetic street: frames in millimetres that need no download.

    beams x columns -> nearest of ground, boxes and poles -> range noise, dropouts -> 1 mm

Every laser has its own elevation, azimuth and height, as in a real scanner, so points lie on cones around the axis.
There is no motion and no second return, and intensity is a plain function of material, range and angle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.datasets.progress import progress


@dataclass(frozen=True, eq=False)
class Scanner:
    """Angles in radians, lengths in metres; one entry a laser, from the uppermost down.

    Attributes:
        elevation, azimuth, height: (B,) float64 of every laser relative to the scanner.
        num_columns: firings a turn.
        mount: height of the scanner over the ground.
    """

    elevation: np.ndarray
    azimuth: np.ndarray
    height: np.ndarray
    num_columns: int
    mount: float = 1.73
    max_range: float = 100.0
    noise: float = 0.015
    dropout: float = 0.05


def make_scanner(
    num_beams: int, num_columns: int, rng: np.random.Generator, top: float = 2.0, bottom: float = -24.8
) -> Scanner:
    """A scanner with evenly spread beams from ``top`` to ``bottom`` degrees and the small errors of a real one."""
    spacing = (top - bottom) / max(num_beams - 1, 1)
    elevation = np.linspace(top, bottom, num_beams) + rng.normal(0, spacing / 10, num_beams)
    azimuth = np.deg2rad(rng.uniform(-4, 4, num_beams))
    return Scanner(np.deg2rad(elevation), azimuth, rng.uniform(0.1, 0.2, num_beams), num_columns)


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


def scan(scanner: Scanner, street: Street, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One turn.

    Returns:
        (N, 3) int32 millimetres in the scanner's axes (x ahead, y left, z up), laser by laser and by azimuth,
        and (N,) uint8 intensity in hundredths.
    """
    origin, direction = _rays(scanner)
    distance, material = _ground(origin, direction, scanner, street), np.zeros(len(origin), np.int64)
    for kind, shapes, hit in ((1, street.boxes, _hit_box), (2, street.poles, _hit_pole)):
        for shape in shapes:
            rows = _rays_towards(direction, shape[:2], np.hypot(*shape[2:4]) if kind == 1 else shape[2])
            reach = hit(origin[rows], direction[rows], shape, -scanner.mount)
            nearer = reach < distance[rows]
            material[rows[nearer]] = kind + int(abs(shape[0]) * 10) % 5
            distance[rows[nearer]] = reach[nearer]
    kept = (distance > 0.9) & (distance < scanner.max_range) & (rng.random(len(distance)) >= scanner.dropout)
    measured = distance[kept] + rng.normal(0, scanner.noise, kept.sum())
    xyz = origin[kept] + direction[kept] * measured[:, None]
    glint = 60.0 / (1 + measured / 25) * (0.35 + material[kept] / 8) + rng.normal(0, 2, len(measured))
    return np.rint(xyz * 1000).astype(np.int32), np.clip(np.rint(glint), 0, 99).astype(np.uint8)


def synthetic_frames(num: int, num_beams: int = 64, num_columns: int = 1800, seed: int = 0) -> list[np.ndarray]:
    """Frames of one scanner in streets of their own: (N, 3) int32 millimetres; frame i is the same for any ``num``."""
    scanner = make_scanner(num_beams, num_columns, np.random.default_rng(seed))
    rngs = (np.random.default_rng([seed, i]) for i in progress(range(num), "scanning streets"))
    return [scan(scanner, make_street(rng), rng)[0] for rng in rngs]


def _rays(scanner: Scanner) -> tuple[np.ndarray, np.ndarray]:
    """Origins and unit directions, (B * C, 3) float64 each."""
    turn = np.linspace(-np.pi, np.pi, scanner.num_columns, endpoint=False)
    azimuth = turn + scanner.azimuth[:, None]
    flat = np.cos(scanner.elevation)[:, None] * np.ones_like(azimuth)
    up = np.sin(scanner.elevation)[:, None] * np.ones_like(azimuth)
    direction = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), up], 2).reshape(-1, 3)
    height = np.repeat(scanner.height, scanner.num_columns)
    return np.stack([np.zeros_like(height), np.zeros_like(height), height], 1), direction


def _ground(origin: np.ndarray, direction: np.ndarray, scanner: Scanner, street: Street) -> np.ndarray:
    """Distance to the sloped plane under the scanner, with ripples of a few centimetres; inf above the horizon."""
    fall = street.slope[0] * direction[:, 0] + street.slope[1] * direction[:, 1] - direction[:, 2]
    with np.errstate(divide="ignore"):
        flat = np.where(fall > 1e-6, (scanner.mount + origin[:, 2]) / fall, np.inf)
    x, y = np.where(np.isfinite(flat), flat, 0) * direction[:, :2].T
    ripple = 0.02 * np.sin(x / 3.1 + 0.4) + 0.02 * np.cos(y / 2.3) + 0.008 * np.sin(x * 2.7 + y * 1.9)
    return flat * (1 - ripple / scanner.mount)


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
