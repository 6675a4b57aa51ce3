"""A spinning LiDAR in a synthetic street: frames in millimetres that need no download.

    beams x columns -> nearest of ground, boxes and poles -> range noise, dropouts -> 1 mm

Every laser has its own elevation, azimuth and height, as in a real scanner, so points lie on cones around the axis.
There is no motion and no second return, and intensity is a plain function of material, range and angle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.datasets.street import Street, first_hit, make_street, reflectance
from pcc.progress import track


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


def scan(scanner: Scanner, street: Street, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One turn.

    Returns:
        (N, 3) int32 millimetres in the scanner's axes (x ahead, y left, z up), laser by laser and by azimuth,
        and (N,) uint8 intensity in hundredths.
    """
    origin, direction = _rays(scanner)
    distance, material = first_hit(origin, direction, street, scanner.mount)
    kept = (distance > 0.9) & (distance < scanner.max_range) & (rng.random(len(distance)) >= scanner.dropout)
    measured = distance[kept] + rng.normal(0, scanner.noise, kept.sum())
    xyz = origin[kept] + direction[kept] * measured[:, None]
    return np.rint(xyz * 1000).astype(np.int32), reflectance(measured, material[kept], rng)


def synthetic_frames(num: int, num_beams: int = 64, num_columns: int = 1800, seed: int = 0) -> list[np.ndarray]:
    """Frames of one scanner in streets of their own: (N, 3) int32 millimetres; frame i is the same for any ``num``."""
    scanner = make_scanner(num_beams, num_columns, np.random.default_rng(seed))
    rngs = (np.random.default_rng([seed, i]) for i in track(range(num), "scanning streets"))
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
