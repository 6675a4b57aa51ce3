"""Dense voxel clouds that need no download: people of capsules, heaps of blobs, chains of rings.

    bodies -> points on their union -> smooth noise -> unique voxels

They teach a network what smooth closed surfaces look like and serve tests and demonstrations; they hold none of the
detail of cloth and faces, so a model for real scans is trained on meshes and scans as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcc.datasets.primitives import Body, Capsule, Ellipsoid, Torus, union_points
from pcc.datasets.surfaces import SurfaceRecipe, log_uniform, random_rotation, smooth_noise, unique_voxels
from pcc.progress import track

PARTS = ("torso", "hips", "head", "neck", "arm", "forearm", "hand", "thigh", "shin", "foot")


def person(rng: np.random.Generator) -> tuple[list[Body], list[str]]:
    """A standing figure of about 1.75 units in a random pose, y up: bodies, and the part that each one is."""

    def jitter(size: float) -> np.ndarray:
        return rng.uniform(-size, size, 3)

    bodies: list[Body] = [
        Ellipsoid(np.array([0, 1.25, 0.0]), np.array([0.19, 0.29, 0.12]), np.eye(3)),
        Ellipsoid(np.array([0, 0.98, 0.0]), np.array([0.18, 0.16, 0.13]), np.eye(3)),
        Ellipsoid(np.array([0, 1.68, 0.02]) + jitter(0.02), np.array([0.085, 0.115, 0.1]), np.eye(3)),
        Capsule(np.array([0, 1.45, 0.0]), np.array([0, 1.62, 0.01]), 0.055),
    ]
    names = list(PARTS[:4])
    for side in (-1.0, 1.0):
        shoulder = np.array([side * 0.19, 1.43, 0.0])
        elbow = shoulder + 0.29 * _unit(np.array([side * rng.uniform(0.1, 1.2), -1.0, rng.uniform(-0.5, 0.8)]))
        wrist = elbow + 0.26 * _unit(np.array([side * rng.uniform(-0.6, 0.9), rng.uniform(-1.2, 0.4), 0.8]))
        hip = np.array([side * 0.1, 0.95, 0.0])
        knee = hip + 0.43 * _unit(np.array([side * rng.uniform(0, 0.3), -1.0, rng.uniform(-0.2, 0.5)]))
        ankle = knee + 0.42 * _unit(np.array([0.0, -1.0, rng.uniform(-0.5, 0.05)]))
        bodies += [
            Capsule(shoulder, elbow, 0.055),
            Capsule(elbow, wrist, 0.043),
            Capsule(wrist, wrist + 0.07 * _unit(wrist - elbow), 0.045),
        ]
        bodies += [
            Capsule(hip, knee, 0.085),
            Capsule(knee, ankle, 0.06),
            Capsule(ankle, ankle + np.array([0, -0.03, 0.17]), 0.048),
        ]
        names += PARTS[4:]
    return bodies, names


def blobs(rng: np.random.Generator) -> list[Body]:
    """Up to eight ellipsoids, each leaning on one before it."""
    bodies: list[Body] = []
    centre = np.zeros(3)
    for _ in range(rng.integers(1, 9)):
        radii = rng.uniform(0.15, 0.7, 3)
        bodies.append(Ellipsoid(centre, radii, random_rotation(rng)))
        centre = centre + _unit(rng.normal(size=3)) * radii.mean() * 1.2
    return bodies


def rings(rng: np.random.Generator) -> list[Body]:
    """Up to five rings in a chain."""
    num = int(rng.integers(1, 6))
    return [
        Torus(np.array([0.6 * i, 0, 0.0]), rng.uniform(0.35, 0.6), rng.uniform(0.06, 0.25), random_rotation(rng))
        for i in range(num)
    ]


SCENES: tuple[Callable[[np.random.Generator], Sequence[Body]], ...] = (lambda rng: person(rng)[0], blobs, rings)


def synthetic_cloud(rng: np.random.Generator, recipe: SurfaceRecipe) -> np.ndarray:
    """A cloud of a random scene: (V, 3) int16, unique voxels >= 0."""
    scene = SCENES[rng.integers(len(SCENES))](rng)
    target = log_uniform(rng, recipe.min_voxels, recipe.max_voxels)
    density = log_uniform(rng, recipe.min_density, recipe.max_density)
    points, _ = union_points(scene, density * target / 1.5 / sum(body.area for body in scene), rng)
    points = points @ random_rotation(rng)
    scale = min(
        np.sqrt(target / 1.5 / sum(body.area for body in scene)), recipe.max_extent / np.ptp(points, axis=0).max()
    )
    return voxels_of(points * scale, recipe.max_noise * rng.random(), rng)


def voxels_of(points: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """(N, 3) points in voxels, bent by smooth noise of that amplitude, as (V, 3) int16 unique voxels >= 0."""
    points = points.astype(np.float32)
    return unique_voxels(np.floor(points + smooth_noise(points, noise, 6, rng)))


def synthetic_clouds(num: int, recipe: SurfaceRecipe, seed: int = 0) -> list[np.ndarray]:
    """``num`` clouds; cloud i is the same whatever ``num`` is."""
    seeds = track(range(num), "making surfaces")
    return [synthetic_cloud(np.random.default_rng([seed, i]), recipe) for i in seeds]


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
