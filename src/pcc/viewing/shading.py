"""Eye-dome lighting: shade from depth alone, so that shapes are seen without normals or lamps.

C. Boucheny, "Visualisation scientifique de grands volumes de données : pour une approche perceptive", thesis,
Université Joseph Fourier, Grenoble, 2009. A pixel is darker the more its neighbours are nearer to the viewer.
Its measure was for perspective; for this orthographic camera the difference in depth is divided by the distance of the
two pixels: a slope, whatever the unit and the size of the picture. Slopes at several distances are averaged.

Voxels make stairs, and stairs make bands; so the depth is smoothed first, but never across an edge.
"""

from __future__ import annotations

import numpy as np

STRENGTH = 0.5
STEEPEST = 2.5  # a step in depth counts as a slope of at most this
_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
_RINGS = (1, 2, 4)
_FAR = np.float32(1e9)  # pixels; finite, so that nothing becomes NaN


def eye_dome(depth: np.ndarray, step: int = 1) -> np.ndarray:
    """Brightness of each pixel.

    Args:
        depth: (H, W) float32, pixels away from the viewer; infinite where nothing is.
        step: pixels to the nearest neighbours that are asked; farther ones at twice and four times this.

    Returns:
        (H, W) float32 in (0, 1]; 1 where nothing is.
    """
    height, width = depth.shape
    depth = smooth(smooth(depth, step), step)
    margin = step * _RINGS[-1]
    around = np.pad(depth, margin, constant_values=np.inf)
    here = np.where(np.isfinite(depth), depth, np.float32(0))
    total = np.zeros_like(depth)
    for ring in _RINGS:
        for down, right in _DIRECTIONS:
            top, left = margin + down * ring * step, margin + right * ring * step
            slope = here - around[top : top + height, left : left + width]
            slope *= np.float32(1 / (ring * step * np.hypot(down, right)))
            total += np.clip(slope, 0, STEEPEST, out=slope)
    shade = np.exp(total * np.float32(-STRENGTH / (len(_RINGS) * len(_DIRECTIONS))))
    return np.where(np.isfinite(depth), shade, np.float32(1))


def smooth(depth: np.ndarray, step: int) -> np.ndarray:
    """(H, W) float32 ``depth``, blurred over 4 step + 1 pixels along columns, then along rows.

    The more another pixel differs, the less it weighs; from 8 step on, another surface or none, it does not.
    """
    weakest, reach = np.float32(1 / (8 * step)), 2 * step
    blurred = np.where(np.isfinite(depth), depth, _FAR)
    for axis in (0, 1):
        around = np.pad(blurred, [(reach * (axis == a),) * 2 for a in (0, 1)], constant_values=_FAR)
        total, weights = np.zeros_like(blurred), np.zeros_like(blurred)
        for i in range(2 * reach + 1):
            moved = around[i : i + len(depth)] if axis == 0 else around[:, i : i + depth.shape[1]]
            offset = moved - blurred
            weight = np.maximum(1 - (offset * weakest) ** 2, 0)
            total += offset * weight
            weights += weight
        blurred = blurred + total / weights  # the middle's own weight is 1
    return np.where(np.isfinite(depth), blurred, np.float32(np.inf))
