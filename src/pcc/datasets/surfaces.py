"""From a triangle mesh to a dense voxel cloud like a scanner's.

    mesh -> area-weighted points -> random pose and scale -> smooth + white noise -> unique voxels

The sampling density is chosen so that the parent of a surface voxel holds 3.5 to 4 children, as in 8iVFB. Random
samples leave random holes, which scans do not have; so a share of the clouds is sampled densely instead, and voxels
that the surface only grazes (few samples) are dropped. It makes geometry only; colours have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.datasets.mesh_files import Mesh
from pcc.datasets.rows import unique_rows
from pcc.ops import morton
from pcc.ops.sort import radix_sort, unique
from pcc.records import check_numbers

VOXELS_PER_AREA = 1.5  # a plane of random direction cuts |nx| + |ny| + |nz| voxels per unit of area; the mean is 1.5


@dataclass(frozen=True)
class SurfaceRecipe:
    """What is drawn at random for a cloud; all lengths in voxels.

    Attributes:
        min_voxels, max_voxels: the number of surface voxels aimed at (drawn log-uniformly).
        max_extent: no cloud is longer along an axis; it outranks the number of voxels.
        min_density, max_density: samples per unit of area (drawn log-uniformly).
        max_noise: amplitude of the smooth noise; wavelengths are 5 to 60.
        thin_share: of the clouds have ``thin_density`` samples per unit of area, no white noise, and only voxels of at
            least k samples, k from 1 to ``max_least_samples``.
        max_white_noise: standard deviation of the white noise, in ``white_noise_share`` of the clouds.
    """

    min_voxels: int = 120_000
    max_voxels: int = 900_000
    max_extent: float = 1000.0
    min_density: float = 3.5
    max_density: float = 10.0
    max_noise: float = 1.2
    max_white_noise: float = 0.25
    white_noise_share: float = 0.4
    thin_share: float = 0.5
    thin_density: float = 16.0
    max_least_samples: int = 4
    num_waves: int = 6

    def __post_init__(self) -> None:
        check_numbers(self)


def sample_voxels(mesh: Mesh, recipe: SurfaceRecipe, rng: np.random.Generator) -> np.ndarray:
    """A voxel cloud of the mesh's surface in a random pose.

    Returns:
        (V, 3) int16 unique voxels >= 0, sorted by x, y, z.
    """
    posed = Mesh(mesh.vertices @ random_rotation(rng), mesh.triangles)
    areas = triangle_areas(posed)
    target = log_uniform(rng, recipe.min_voxels, recipe.max_voxels)
    extent = np.ptp(posed.vertices[posed.triangles.ravel()], axis=0).max()
    scale = min(np.sqrt(target / VOXELS_PER_AREA / areas.sum()), recipe.max_extent / extent)
    thin = rng.random() < recipe.thin_share
    density = recipe.thin_density if thin else log_uniform(rng, recipe.min_density, recipe.max_density)
    points = sample_surface(posed, areas, int(areas.sum() * scale**2 * density) + 1, rng) * np.float32(scale)
    points += rng.random(3, np.float32)
    points += smooth_noise(points, recipe.max_noise * rng.random(), recipe.num_waves, rng)
    if thin:
        return frequent_voxels(np.floor(points), int(rng.integers(1, recipe.max_least_samples + 1)))
    if rng.random() < recipe.white_noise_share:
        sigma = recipe.max_white_noise * rng.random()
        points += rng.standard_normal(points.shape, np.float32) * np.float32(sigma)
    return unique_voxels(np.floor(points))


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """A uniformly random orthogonal matrix (3, 3), reflections included."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.diag(r))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def triangle_areas(mesh: Mesh) -> np.ndarray:
    """(T,) float64 areas, in the square of the vertices' unit."""
    a, b, c = mesh.corners()
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def sample_surface(mesh: Mesh, areas: np.ndarray, num_points: int, rng: np.random.Generator) -> np.ndarray:
    """(num_points, 3) float32 points, uniform over the area and relative to the surface's minimum.

    The triangles' shares are stratified (point i falls into slice i of the cumulated area): smoother than independent
    draws, and sorted, so that the gather below runs through memory in order.
    """
    a, b, c = (corner - mesh.vertices.min(0) for corner in mesh.corners())
    ends = np.cumsum(areas)
    slices = (np.arange(num_points) + rng.random(num_points)) * (ends[-1] / num_points)
    rows = np.searchsorted(ends, slices).clip(0, len(areas) - 1)
    u, v = rng.random((2, num_points), np.float32)
    outside = u + v > 1
    u[outside], v[outside] = 1 - u[outside], 1 - v[outside]
    origin, first, second = (x.astype(np.float32) for x in (a, b - a, c - a))
    return origin[rows] + first[rows] * u[:, None] + second[rows] * v[:, None]


def smooth_noise(points: np.ndarray, amplitude: float, num_waves: int, rng: np.random.Generator) -> np.ndarray:
    """Displacements of a sum of plane waves, (N, 3) in the points' dtype: like the slow errors of a depth camera.

    Short waves are made weaker, so that the surface bends and does not tear.
    """
    noise = np.zeros_like(points)
    for _ in range(num_waves):
        wavelength = log_uniform(rng, 5, 60)
        direction = rng.normal(size=3)
        wave = (direction * (2 * np.pi / wavelength / np.linalg.norm(direction))).astype(points.dtype)
        step = rng.normal(size=3) * amplitude * rng.uniform(0.1, 0.5) * min(1.0, wavelength / 20)
        noise += np.sin(points @ wave + points.dtype.type(rng.uniform(0, 2 * np.pi)))[:, None] * step.astype(
            points.dtype
        )
    return noise


def frequent_voxels(coords: np.ndarray, least: int) -> np.ndarray:
    """`unique_voxels` of the rows that occur at least ``least`` times."""
    low = coords.min(0)
    codes, counts = unique(radix_sort(morton.encode((coords - low).astype(np.int32)))[0])
    return unique_voxels(morton.decode(codes[counts >= least]))


def unique_voxels(coords: np.ndarray) -> np.ndarray:
    """Unique rows of (N, 3) whole numbers, moved to start at 0: (V, 3) int16, sorted by x, y, z.

    Raises:
        ValueError: the extent is over 2^15 voxels.
    """
    if len(coords) == 0:
        return np.zeros((0, 3), np.int16)
    low = coords.min(0)
    if (coords.max(0) - low).max() >= 1 << 15:
        raise ValueError(f"coords: an extent of at most 32767 voxels is expected, got {coords.max(0) - low}")
    return unique_rows(coords - low).astype(np.int16)
