"""Where a cloud is seen from: an orthographic camera that finds the upright direction and the frame by itself.

Orthographic, because lengths then compare across a picture and between the pictures of two clouds: a pixel is equally
wide everywhere. Two clouds that are compared share one camera.

Which axis is up (``up_axis``): a cloud much thinner along one axis than along both others is a landscape, and that
axis is up: a turn of a LiDAR. If one axis is clearly the longest, it is up: a standing person. Otherwise y is, as in
MPEG's clouds of people and in most meshes. A landscape is seen from high above, anything else almost from the front.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLAT = 1 / 3  # a landscape: its thinnest extent to the next
TALL = 1.2  # upright: its longest extent to the next
FRONT_TURN, FRONT_ELEVATION = 20.0, 8.0  # degrees
ABOVE_TURN, ABOVE_ELEVATION = 0.0, 55.0
MARGIN = 1.06  # the frame to what it holds
_SAMPLE = 1 << 16  # points that the percentiles are taken of
# For up = x, y, z: which way is to the right of the picture, and which towards the viewer (right x up).
_RIGHT = ((0, 1, 0), (1, 0, 0), (1, 0, 0))
_BACK = ((0, 0, -1), (0, 0, 1), (0, -1, 0))


@dataclass(frozen=True)
class Camera:
    """An orthographic view.

    Attributes:
        axes: (3, 3) float64, rows right, up and back (towards the viewer): orthonormal, right x up = back.
        centre: (3,) float64, the point in the middle of the picture, in the cloud's unit.
        extent: width and height that must be seen, in the cloud's unit; positive.
        upright: 0, 1 or 2, the axis of the cloud that is up.
    """

    axes: np.ndarray
    centre: np.ndarray
    extent: tuple[float, float]
    upright: int

    def pixels_per_unit(self, size: tuple[int, int]) -> float:
        """The scale of a picture of ``size`` (width, height): the extent fits in."""
        return min(size[0] / self.extent[0], size[1] / self.extent[1])

    def project(self, xyz: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Places of points (N, 3) in a picture of ``size`` (width, height).

        Returns:
            (3, N) float64, pixels: columns from the left, rows from the top, depth away from the viewer.
        """
        right, up, back = _along(xyz, self.axes, self.centre) * self.pixels_per_unit(size)
        return np.stack([right + size[0] / 2, size[1] / 2 - up, -back])

    def num_outside(self, xyz: np.ndarray, size: tuple[int, int]) -> int:
        """How many of the points (N, 3) lie beyond the edges of a picture of ``size`` (width, height)."""
        columns, rows, _ = self.project(xyz, size)
        inside = (columns >= 0) & (columns < size[0]) & (rows >= 0) & (rows < size[1])
        return len(xyz) - int(np.count_nonzero(inside))


def look(clouds: Sequence[np.ndarray], up: str = "auto", turn: float | None = None) -> Camera:
    """A camera that frames all of ``clouds``, each (N, 3) of N >= 1 finite points.

    Points far outside the bulk do not make the frame wider: along each side of the picture it reaches a tenth of the
    1 to 99 % range beyond that range, or to the last point if that is nearer.

    Args:
        up: x, y, z, or auto, which decides by the first cloud.
        turn: degrees about the upright axis; None takes that of the kind of cloud.

    Raises:
        ValueError: ``up`` is none of these.
    """
    if up not in ("auto", "x", "y", "z"):
        raise ValueError(f"up: expected x, y, z or auto, got {up!r}")
    extents = _extents(clouds[0])
    axis = up_axis(extents) if up == "auto" else "xyz".index(up)
    above = extents[axis] < FLAT * min(np.delete(extents, axis))
    default, elevation = (ABOVE_TURN, ABOVE_ELEVATION) if above else (FRONT_TURN, FRONT_ELEVATION)
    axes = _axes(axis, math.radians(default if turn is None else turn), math.radians(elevation))
    bounds = [_frame(_along(xyz, axes, np.zeros(3))) for xyz in clouds]
    low, high = np.min([low for low, _ in bounds], axis=0), np.max([high for _, high in bounds], axis=0)
    width, height = MARGIN * (high - low)[:2]
    smallest = max(width, height) / 1000 or 1.0  # a line, a point
    return Camera(axes, axes.T @ ((low + high) / 2), (max(width, smallest), max(height, smallest)), axis)


def up_axis(extents: np.ndarray) -> int:
    """0, 1 or 2: the upright axis of a cloud of these (3,) extents, by the rule above."""
    shortest, middle, longest = np.sort(extents)
    if shortest < FLAT * middle:
        return int(np.argmin(extents))
    return int(np.argmax(extents)) if longest > TALL * middle else 1


def _axes(up: int, turn: float, elevation: float) -> np.ndarray:
    """(3, 3) rows right, up, back of a viewer who walked ``turn`` around to the right and rose by ``elevation``."""
    right, top, back = np.array(_RIGHT[up], float), np.eye(3)[up], np.array(_BACK[up], float)
    right, back = math.cos(turn) * right - math.sin(turn) * back, math.cos(turn) * back + math.sin(turn) * right
    top, back = (
        math.cos(elevation) * top - math.sin(elevation) * back,
        (math.cos(elevation) * back + math.sin(elevation) * top),
    )
    return np.stack([right, top, back])


def _along(xyz: np.ndarray, axes: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """(3, N) coordinates of (N, 3) points along three axes; sums in a fixed order, so every machine has the same."""
    x, y, z = xyz.T.astype(np.float64) - centre[:, None]
    return np.stack([x * a + y * b + z * c for a, b, c in axes])


def _extents(xyz: np.ndarray) -> np.ndarray:
    """(3,) of the bulk of the points along x, y, z."""
    low, high = np.percentile(_sample(xyz), [1, 99], axis=0)
    return high - low


def _frame(along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3,) low and high ends of the frame of (3, N) coordinates."""
    low, high = np.percentile(_sample(along.T), [1, 99], axis=0)
    reach = (high - low) / 10
    return np.maximum(along.min(axis=1), low - reach), np.minimum(along.max(axis=1), high + reach)


def _sample(xyz: np.ndarray) -> np.ndarray:
    return xyz[:: max(1, len(xyz) // _SAMPLE)]
