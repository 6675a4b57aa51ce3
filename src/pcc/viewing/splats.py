"""Points drawn as discs that close the surface between them, the nearest in front, shaded, with smooth edges.

    points --camera--> pixels, depth --+
    spacing --> radii of the discs ----+--> z-buffer of rows, at twice the size --mean--> colour, depth --> shaded

A disc falls off in depth from its middle to its rim, so where discs overlap on a surface each pixel belongs to the
nearest middle, and colours stay as sharp as the cloud is.
"""

from __future__ import annotations

import numpy as np

from pcc.viewing.camera import Camera
from pcc.viewing.shading import eye_dome
from pcc.viewing.spacing import point_spacing

FINE = 2  # pixels of the z-buffer to one of the picture, along each side
CLOSED = 1.1  # radius of a disc to the spacing: a square mesh has no holes from 0.71
SMALLEST, LARGEST = 0.75, 2.0  # a radius to the median of all
UNEVEN = (
    4.0  # where 1 % lie so many medians apart, a scanner's turn, nothing can be closed: all get the smallest radius
)
SMALLEST_PIXELS = 0.75  # of a radius, in the picture
LARGEST_PART = 0.03  # of a radius, to the smaller side of the picture
_NOTHING = np.uint64(2**64 - 1)
_ROW = np.uint64(2**32 - 1)


def render(xyz: np.ndarray, colours: np.ndarray, camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """A picture of points on white.

    Args:
        xyz: (N, 3), any numeric dtype, N >= 1, finite, in the unit of ``camera``.
        colours: (N, 3) uint8, red, green, blue.
        size: width and height, pixels.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: a shape does not fit, the cloud is empty or not finite, or the size is not positive.
    """
    _check(xyz, colours, size)
    fine = (size[0] * FINE, size[1] * FINE)
    radii = _radii(xyz, camera.pixels_per_unit(fine), min(fine))
    columns, rows, depth = camera.project(xyz, fine)
    depth = (depth - depth.min()).astype(np.float32)
    seen = _nearest(columns, rows, depth, radii, fine)
    return _shaded(seen, colours, depth, size, step=max(1, round(float(np.median(radii)) / FINE)))


def _check(xyz: np.ndarray, colours: np.ndarray, size: tuple[int, int]) -> None:
    if len(xyz) == 0:
        raise ValueError("xyz: expected at least one point, got an empty cloud")
    if not np.isfinite(xyz).all():
        raise ValueError("xyz: expected finite positions, got NaN or infinity")
    if colours.shape != (len(xyz), 3) or colours.dtype != np.uint8:
        raise ValueError(f"colours: expected ({len(xyz)}, 3) uint8, got {colours.shape} {colours.dtype}")
    if min(size) < 1:
        raise ValueError(f"size: expected a positive width and height, got {size[0]}x{size[1]}")


def _radii(xyz: np.ndarray, pixels_per_unit: float, side: int) -> np.ndarray:
    """(N,) float32 radii of the discs, in pixels of the z-buffer whose smaller side has ``side``."""
    spacing = point_spacing(xyz)
    middle = float(np.median(spacing))
    uneven = float(np.percentile(spacing, 99)) > UNEVEN * middle
    spacing = np.clip(spacing, SMALLEST * middle, (SMALLEST if uneven else LARGEST) * middle)
    smallest = SMALLEST_PIXELS * FINE
    return np.clip(spacing * np.float32(CLOSED * pixels_per_unit), smallest, max(smallest, LARGEST_PART * side))


def _nearest(
    columns: np.ndarray, rows: np.ndarray, depth: np.ndarray, radii: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """The z-buffer: (H, W) int64, which point each pixel shows, -1 for none.

    Each entry is a depth in the upper and a row in the lower 32 bits, so that the least is the nearest; positive floats
    are ordered as their bits are.
    """
    width, height = size
    reach = int(radii.max()) + 1
    inside = np.flatnonzero((columns > -reach) & (columns < width + reach) & (rows > -reach) & (rows < height + reach))
    inside = inside[np.argsort(-radii[inside], kind="stable")]  # those with the largest discs first
    stride = width + 4 * reach
    buffer = np.full((height + 4 * reach, stride), _NOTHING)
    flat, falling = buffer.reshape(-1), -radii[inside]
    pixels = np.floor(rows[inside] + 2 * reach).astype(np.int64) * stride
    pixels += np.floor(columns[inside] + 2 * reach).astype(np.int64)
    depth = depth[inside]
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            away = float(np.hypot(down, right))
            n = int(np.searchsorted(falling, -away, side="right"))  # discs that reach so far
            if n:
                keys = (depth[:n] + np.float32(away)).view(np.uint32).astype(np.uint64) << np.uint64(32)
                np.minimum.at(flat, pixels[:n] + (down * stride + right), keys | inside[:n].astype(np.uint64))
    seen = buffer[2 * reach : 2 * reach + height, 2 * reach : 2 * reach + width]
    return np.where(seen == _NOTHING, -1, (seen & _ROW).astype(np.int64))


def _shaded(seen: np.ndarray, colours: np.ndarray, depth: np.ndarray, size: tuple[int, int], step: int) -> np.ndarray:
    """(H, W, 3) uint8: the z-buffer averaged over FINE x FINE pixels, white where nothing is shown."""
    width, height = size
    blocks = seen.reshape(height, FINE, width, FINE)
    shown = blocks >= 0
    count = shown.sum(axis=(1, 3)).astype(np.float32)
    some = np.maximum(count, 1)
    mean_depth = np.where(shown, depth[blocks], np.float32(0)).sum(axis=(1, 3)) / some
    shade = eye_dome(np.where(count > 0, mean_depth, np.float32(np.inf)), step)
    white = 255 * (FINE * FINE - count)
    picture = np.empty((height, width, 3), np.uint8)
    for channel in range(3):
        light = np.where(shown, colours[:, channel][blocks], np.uint8(0)).sum(axis=(1, 3), dtype=np.float32)
        picture[..., channel] = np.rint((light * shade + white) / (FINE * FINE))
    return picture
