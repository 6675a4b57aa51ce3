"""The lasers of a spinning sensor as G-PCC's angular modes want them: given, known by name, or fitted to a frame.

Each laser draws a cone: z = z0 + tan(elevation) * r, r being the horizontal distance from the sensor's axis. So a line
through (r, z) of each laser's points is all that there is to fit. Which laser a point belongs to is said by the field
``ring``, or else by the order of the points: files as KITTI's hold one laser's turn after the other, and the azimuth
jumps back where the next begins.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from pcc.errors import AnchorError
from pcc.pointcloud import PointCloud

KNOWN = ("hdl64e",)
RING_FIELDS = ("ring", "laser", "channel")
_MIN_POINTS = 16  # of a laser that is fitted
_MAX_LASERS = 256
_JUMP = np.pi  # a step back of the azimuth that begins another turn


@dataclass(frozen=True)
class Lasers:
    """A sensor at the origin with a vertical axis.

    Attributes:
        theta: tangent of each laser's elevation, rising.
        z: height of each laser's cone on the axis, in the cloud's unit.
        columns_per_turn: firings of a laser in a turn.
    """

    theta: tuple[float, ...]
    z: tuple[float, ...]
    columns_per_turn: int


def known_lasers(name: str) -> Lasers:
    """The sensor of this name (``KNOWN``), or of the JSON file of this path: theta, z in metres, columns_per_turn.

    Raises:
        AnchorError: there is none.
    """
    try:
        if name in KNOWN:
            text = resources.files(__package__).joinpath(f"{name}.json").read_text()
        else:
            text = Path(name).read_text()
        record = json.loads(text)
        lasers = Lasers(
            tuple(map(float, record["theta"])), tuple(map(float, record["z"])), int(record["columns_per_turn"])
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AnchorError(f"lasers: {name!r} is none of {', '.join(KNOWN)}, and no such file ({error})") from error
    if not lasers.theta or len(lasers.theta) != len(lasers.z):
        raise AnchorError(f"lasers: expected as many theta as z, got {len(lasers.theta)} and {len(lasers.z)}")
    return lasers


def fit_lasers(cloud: PointCloud) -> Lasers:
    """The lasers of one frame, from its points alone.

    Args:
        cloud: positions relative to the sensor, in any unit; with a field ``ring``, or one laser's turn after another.

    Raises:
        AnchorError: no lasers are found.
    """
    xyz = cloud.xyz.astype(np.float64)
    ring = next((cloud.fields[name] for name in RING_FIELDS if name in cloud.fields), None)
    if ring is None:
        ring = _turns(np.arctan2(xyz[:, 1], xyz[:, 0]))
    radius = np.hypot(xyz[:, 0], xyz[:, 1])
    cones, counts = [], []
    for laser in np.unique(ring):
        rows = ring == laser
        if rows.sum() >= _MIN_POINTS:
            cones.append(_cone(radius[rows], xyz[rows, 2]))
            counts.append(int(rows.sum()))
    if not 1 < len(cones) <= _MAX_LASERS:
        raise AnchorError(
            f"lasers: found {len(cones)} in the frame, expected 2 to {_MAX_LASERS}; name the sensor, or give a file"
        )
    cones.sort()
    return Lasers(tuple(theta for theta, _ in cones), tuple(z for _, z in cones), max(counts))


def _turns(azimuth: np.ndarray) -> np.ndarray:
    """Which turn each point belongs to: another begins where the azimuth jumps by more than half a circle."""
    if len(azimuth) == 0:
        return np.zeros(0, np.int64)
    steps = np.diff(azimuth)
    turning = np.median(np.sign(steps[np.abs(steps) < 0.1])) if (np.abs(steps) < 0.1).any() else 1
    return np.concatenate([[0], np.cumsum(steps * turning < -_JUMP)])


def _cone(radius: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Slope and height of the line through (radius, z): least squares, outliers left out in three rounds."""
    kept = np.ones(len(z), bool)
    slope, height = 0.0, 0.0
    for _ in range(3):
        slope, height = np.polyfit(radius[kept], z[kept], 1) if np.ptp(radius[kept]) > 0 else (0.0, z[kept].mean())
        errors = np.abs(z - slope * radius - height)
        kept = errors <= 3 * np.median(errors) + 1e-12
    return float(slope), float(height)
