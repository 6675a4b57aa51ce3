"""The lasers of a spinning sensor as G-PCC's angular modes want them: given, known by name, or fitted to a frame.

Each laser draws a cone: z = z0 + tan(elevation) * r, r being the horizontal distance from the sensor's axis. So a line
through (r, z) of each laser's points is all that there is to fit. Which laser a point belongs to is said by the field
``ring``, or else by the order of the points: files as KITTI's hold one laser's turn after the other.
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
_MAX_STEPS = 4096
_MAX_ERROR = 0.003  # median distance from the cones by radius: half of the narrowest gap between lasers


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
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise AnchorError(f"lasers: {name!r} is none of {', '.join(KNOWN)}, and no such file ({error})") from error
    if not np.isfinite([*lasers.theta, *lasers.z]).all() or lasers.columns_per_turn < 1:
        raise AnchorError(f"lasers: expected finite theta and z and at least one column per turn in {name!r}")
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
    cloud = cloud.finite()
    xyz = cloud.xyz.astype(np.float64)
    fields = (cloud.fields[name] for name in RING_FIELDS if name in cloud.fields)
    ring = next((values for values in fields if values.ndim == 1), None)
    azimuth = np.arctan2(xyz[:, 1], xyz[:, 0])
    if ring is None:
        ring = _turns(azimuth)
    radius = np.hypot(xyz[:, 0], xyz[:, 1])
    cones, steps, errors = [], [], []
    for laser in np.unique(ring):
        rows = (ring == laser) & (radius > 0)
        if rows.sum() >= _MIN_POINTS:
            slope, height = _cone(radius[rows], xyz[rows, 2])
            cones.append((slope, height))
            steps.append(np.abs(np.diff(azimuth[rows])))
            errors.append(np.abs(xyz[rows, 2] - slope * radius[rows] - height) / radius[rows])
    if not 1 < len(cones) <= _MAX_LASERS or np.median(np.concatenate(errors)) > _MAX_ERROR:
        raise AnchorError(
            f"lasers: the frame is no turn of 2 to {_MAX_LASERS} lasers (found {len(cones)}), or its points stand in "
            "another order; give a field 'ring', name the sensor, or give a file"
        )
    cones.sort()
    return Lasers(tuple(theta for theta, _ in cones), tuple(z for _, z in cones), _columns(np.concatenate(steps)))


def _turns(azimuth: np.ndarray) -> np.ndarray:
    """(N,) whole turns from the first point on, whichever way the sensor turns."""
    steps = np.diff(azimuth, prepend=azimuth[:1])
    angle = np.cumsum((steps + np.pi) % (2 * np.pi) - np.pi)
    return np.floor(angle * np.sign(angle[-1] if len(angle) else 1) / (2 * np.pi) + 1e-3).astype(np.int64)


def _columns(steps: np.ndarray) -> int:
    """Columns in a turn, of which azimuth ``steps`` within lasers are multiples.

    Their usual step may be two columns (lasers that fire in turn), so the number at which most steps are whole, up to
    twice the usual, is taken, and then refined by least squares. Steps without noise are as whole at every multiple of
    the number: the smallest counts.
    """
    steps = steps[(steps > 1e-4) & (steps < 20 * np.median(steps))]
    sample = steps[:: len(steps) // _MAX_STEPS + 1]
    usual = 2 * np.pi / np.median(sample)
    numbers = np.arange(round(0.9 * usual), round(2.2 * usual))
    wholeness = np.array([abs(np.exp(1j * number * sample).mean()) for number in numbers])
    columns = numbers[int(np.argmax(wholeness > wholeness.max() - 1e-9))]
    multiples = np.rint(sample * columns / (2 * np.pi))
    return round(float(2 * np.pi * (multiples**2).sum() / (multiples * sample).sum()))


def _cone(radius: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Slope and height of the line through (radius, z): least squares, outliers left out in three rounds."""
    kept = np.ones(len(z), bool)
    slope, height = 0.0, 0.0
    for _ in range(3):
        slope, height = np.polyfit(radius[kept], z[kept], 1) if np.ptp(radius[kept]) > 0 else (0.0, z[kept].mean())
        errors = np.abs(z - slope * radius - height)
        kept = errors <= 3 * np.median(errors) + 1e-12
    return float(slope), float(height)
