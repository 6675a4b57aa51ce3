"""Which sensor a frame may come from, and where its points lie in the sensor's lattice.

a sample of the points on each table's lattice?  yes -> all places
                                 no -> undo the correction of motion, if that brings them there (`pcc.sensors.twist`)

Tables of one type of sensor may suit a frame alike, at other turning rates too; which of them is best, its size tells.
Points at the very origin are no measurements but directions without a return: they have no place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pcc.ops.lattice_map import Found, find
from pcc.ops.twist_map import REACH, Twist
from pcc.sensors.scan import ON_LATTICE
from pcc.sensors.settle import settle_steps
from pcc.sensors.table import SensorTable
from pcc.sensors.twist import fit_twist
from pcc.sensors.twist import to_the_last_place as tightened
from pcc.sensors.twist_points import wrap_of

FITS = 0.9  # least share of the points on the lattice
MOST_SUITED = 4  # tables that are compared by size
MIN_POINTS = 200
_SAMPLE = 2000
_MIN_RADIUS = 2000.0  # voxels, of the middle point: nearer ones lie near some place of any lattice


@dataclass(frozen=True, eq=False)
class Located:
    """A frame in a sensor's lattice.

    Attributes:
        found: the points' places; fits: (N,) bool, which of them lie there.
        twist: of the motion that the frame was corrected for, or None.
        turns: (N,) float64, what `wrap` goes by; None without a twist.
        measured: (N, 3) float64 voxels before the correction for motion; None without a twist.
        rounded: whether that is known no better than to a voxel, because corrected positions were rounded.
    """

    table: SensorTable
    found: Found
    fits: np.ndarray
    twist: Twist | None = None
    turns: np.ndarray | None = None
    measured: np.ndarray | None = None
    rounded: bool = False

    @property
    def raw(self) -> np.ndarray | None:
        """(N, 3) int32 voxels before the correction for motion, where the frame tells them; else None."""
        if self.measured is None or self.rounded:
            return None
        return np.rint(np.clip(self.measured, 1 - REACH, REACH - 1)).astype(np.int32)

    def among(self, seen: np.ndarray) -> Located:
        """As a part of more points, those where the mask ``seen`` (N,) is set; the others fit nowhere."""
        old = self.found
        laser, step, index, error = (_spread(values, seen) for values in (old.laser, old.step, old.index, old.error))
        found = Found(laser, step, index, error)
        turns, measured = (None if a is None else _spread(a, seen) for a in (self.turns, self.measured))
        return replace(self, found=found, fits=_spread(self.fits, seen), turns=turns, measured=measured)

    def wrap(self, points: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """(M,) int8, the turns that the sweep of points (M,) is away from the azimuth of raw voxels (M, 3)."""
        return np.zeros(len(points), np.int8) if self.turns is None else wrap_of(self.turns[points], raw)


def sample_of(xyz: np.ndarray) -> np.ndarray:
    """Some two thousand of the points (N, 3), from all of the cloud."""
    return xyz[:: max(len(xyz) // _SAMPLE, 1)]


def is_far(sample: np.ndarray) -> bool:
    """Whether a sample of a cloud, (N, 3) voxels, may be of a sensor that stands in its middle."""
    return len(sample) >= MIN_POINTS and bool(np.median(np.hypot(sample[:, 0], sample[:, 1])) >= _MIN_RADIUS)


def locate(
    tables: Sequence[SensorTable], xyz: np.ndarray, *, moved: bool = True, to_the_last_place: bool = False
) -> list[Located]:
    """The tables on whose lattice the points lie, and their places, by how near a sample of them lies; the first four.

    Args:
        xyz: (N, 3) float64 voxels.
        moved: whether frames that were corrected for motion are looked for, too; takes a quarter of a second per table.
            The first table that suits is then the only one.
        to_the_last_place: know the motion as finely as float32 positions tell it.
    """
    seen = np.asarray(xyz.any(axis=1))
    points = xyz if seen.all() else xyz[seen]
    sample = sample_of(points)
    if not is_far(sample):
        return []
    errors = [find(table.lattice, sample, table.max_index).error for table in tables]
    suited = [(float(error.mean()), i) for i, error in enumerate(errors) if (error < ON_LATTICE).mean() >= FITS]
    located = [_unmoved(tables[i], points) for _, i in sorted(suited)[:MOST_SUITED]]
    for table in tables if moved and not located else ():
        fit = fit_twist(table, points)
        if fit is not None and fit.share >= FITS:
            if to_the_last_place:
                fit = tightened(fit, points)
            fits = fit.found.error < ON_LATTICE
            located.append(Located(table, fit.found, fits, fit.twist, fit.turns, fit.raw, fit.rounded))
            break
    return located if seen.all() else [one.among(seen) for one in located]


def _unmoved(table: SensorTable, xyz: np.ndarray) -> Located:
    found = settle_steps(table, xyz, find(table.lattice, xyz, table.max_index))
    return Located(table, found, found.error < ON_LATTICE)


def _spread(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """``values`` where a mask (N,) is set, 0 elsewhere."""
    out = np.zeros((len(seen), *values.shape[1:]), values.dtype)
    out[seen] = values
    return out
