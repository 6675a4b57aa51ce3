"""How well a table tells frames: the share of points that it reproduces, laser by laser, and the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcc.ops import lattice_map
from pcc.pointcloud import PointCloud
from pcc.sensors.columns import num_columns
from pcc.sensors.points import millimetres
from pcc.sensors.scan import ON_LATTICE
from pcc.sensors.table import SensorTable

FEW_POINTS = 100


@dataclass(frozen=True, eq=False)
class FitReport:
    """Frames seen through a table; voxels are millimetres.

    Attributes:
        num_points: points with finite coordinates.
        exact: share of them that the table gives back exactly once it is told laser, step and index.
        on_lattice: share with an error of less than 1.5 voxels on every axis.
        laser_points: (L,) int64, points on the lattice by laser; laser_exact: (L,) float64, the exact share of them.
        columns: of each frame, how many columns its points on the lattice stand in.
    """

    num_points: int
    exact: float
    on_lattice: float
    laser_points: np.ndarray
    laser_exact: np.ndarray
    columns: tuple[int, ...]

    @property
    def worst_laser(self) -> int:
        """The laser with the lowest exact share among those that are not sparse."""
        return int(np.where(self.laser_points >= FEW_POINTS, self.laser_exact, 2).argmin())

    @property
    def sparse_lasers(self) -> list[int]:
        """Lasers with fewer than 100 points: their numbers are little more than guesses."""
        return np.flatnonzero(self.laser_points < FEW_POINTS).tolist()


def check_table(table: SensorTable, frames: Sequence[PointCloud]) -> FitReport:
    """``frames`` as the ``table`` tells them: metres in floats, or millimetres in integers."""
    parts = [_check(table, millimetres(frame.finite().xyz)) for frame in frames]
    laser, near, exact = (np.concatenate([part[i] for part in parts]) for i in range(3))
    points = np.bincount(laser[near], minlength=table.num_lasers)
    hits = np.bincount(laser[near & exact], minlength=table.num_lasers)
    return FitReport(
        num_points=len(laser),
        exact=float(exact.mean()) if len(exact) else 0.0,
        on_lattice=float(near.mean()) if len(near) else 0.0,
        laser_points=points,
        laser_exact=hits / np.maximum(points, 1),
        columns=tuple(part[3] for part in parts),
    )


def _check(table: SensorTable, xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Laser (N,), on the lattice (N,) bool, exact (N,) bool and the number of columns; xyz (N, 3) float64 mm."""
    found = lattice_map.find(table.lattice, np.ascontiguousarray(xyz), table.max_index)
    places, _ = lattice_map.positions(table.lattice, found.laser, found.step, 2 * found.index)
    near = found.error < ON_LATTICE
    columns = num_columns(found.laser[near], found.step[near], table.shift, table.steps)
    return found.laser, near, (places == np.floor(xyz + 0.5)).all(1), columns
