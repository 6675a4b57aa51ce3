"""The table of a spinning LiDAR: where each laser's measurements lie, as integers that both sides of a codec share.

    laser l, azimuth step u of U, range index n   ->   turn by 2 pi u / U of (n slope[l] + offset[l])      voxels

or, where a table is radial, of the point that is as far from the axis as that one is ahead.

`pcc.ops.lattice_map` has the arithmetic. All lasers fire in common columns: column g of laser l is the step
``(g + shift[l]) mod U``. What a table is fitted with is `pcc.sensors.fit`; which ones ship, `pcc.sensors.known`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pcc.errors import InvalidSensor
from pcc.io.json_file import read_json
from pcc.ops.lattice_context import MOST_RANGE
from pcc.ops.lattice_map import MAX_LASERS, MAX_REACH, SLOPE_BITS, Lattice
from pcc.sensors.turn import MAX_STEPS, turn_table

FORMAT = "pcc-sensor-1"
OFFSET_BITS = 12  # of the fraction of an offset in a table
DIGEST_BYTES = 16
UNITS = 4  # range units of 1/16 mm in a quarter of a millimetre
MAX_RANGE_STEP = 1 << 10
MAX_SLOPE = 1 << SLOPE_BITS + 10
MAX_OFFSET = 1 << OFFSET_BITS + 14


@dataclass(frozen=True, eq=False)
class SensorTable:
    """One sensor. Voxels are its unit, 1 mm where nothing else is said.

    Attributes:
        name: for people; it is not part of the table's digest.
        steps: azimuth steps in a turn, 1..2^20.
        range_step: a step of the range index in quarters of a millimetre, 1..1023; what networks take ranges by.
        slope: (L, 3) int64, 2^-24 voxel a range step, lasers from the lowest elevation up; 1 <= L <= 256.
        offset: (L, 3) int64, 2^-12 voxel.
        shift: (L,) int32, columns to steps; 0 where lasers have no columns in common.
        radial: slopes go along the radius, not straight ahead; it matters to lasers centimetres beside the axis.
    """

    name: str
    steps: int
    range_step: int
    slope: np.ndarray
    offset: np.ndarray
    shift: np.ndarray
    radial: bool = False

    def __post_init__(self) -> None:
        lasers = len(self.slope)
        if not (1 <= lasers <= MAX_LASERS and 1 <= self.steps <= MAX_STEPS and 1 <= self.range_step < MAX_RANGE_STEP):
            raise InvalidSensor(
                f"sensor: expected 1..{MAX_LASERS} lasers, 1..{MAX_STEPS} steps and a range step of "
                f"1..{MAX_RANGE_STEP - 1}, got {lasers}, {self.steps} and {self.range_step}"
            )
        for name, dtype, shape, most in (
            ("slope", np.int64, (lasers, 3), MAX_SLOPE),
            ("offset", np.int64, (lasers, 3), MAX_OFFSET),
            ("shift", np.int32, (lasers,), MAX_STEPS),
        ):
            given = np.asarray(getattr(self, name))
            if given.shape != shape or (given < -most).any() or (given > most).any():
                raise InvalidSensor(f"sensor: expected {name} of the shape {shape}, at most {most} in magnitude")
            array = np.ascontiguousarray(given, dtype)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if (np.abs(self.slope).max(1) == 0).any():
            raise InvalidSensor("sensor: expected slopes other than 0")

    def named(self, name: str) -> SensorTable:
        """The same table by another name."""
        return replace(self, name=name)

    @property
    def range_units(self) -> int:
        """A range step in range units of 1/16 mm."""
        return UNITS * self.range_step

    @property
    def num_lasers(self) -> int:
        return len(self.slope)

    @cached_property
    def lattice(self) -> Lattice:
        return Lattice(self.slope, self.offset << SLOPE_BITS - OFFSET_BITS, turn_table(self.steps), self.radial)

    @cached_property
    def max_index(self) -> int:
        """The largest range index whose places lie within `MAX_REACH` of the sensor, for all lasers; below 2^20.

        Nor may its range be beyond what networks take, 2^24 units of 1/16 mm.
        """
        reach = np.ldexp(np.abs(self.slope).sum(1).astype(float), -SLOPE_BITS)
        start = np.ldexp(np.abs(self.offset).sum(1).astype(float), -OFFSET_BITS)
        return int(min(((MAX_REACH - start) / reach).min(), 1 << 20, MOST_RANGE // (4 * self.range_step))) - 1

    @cached_property
    def elevation(self) -> np.ndarray:
        """(L,) float64 radians."""
        slope = self.slope.astype(float)
        return np.arctan2(slope[:, 2], np.hypot(slope[:, 0], slope[:, 1]))

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that name the table in streams: the start of the SHA-256 of its numbers, but for the name.

        They are steps, range step, number of lasers, 1 if radial or 0, slopes, offsets and shifts as int64,
        little-endian, row by row.
        """
        head = np.array([self.steps, self.range_step, self.num_lasers, self.radial], "<i8")
        arrays = (array.astype("<i8").tobytes() for array in (head, self.slope, self.offset, self.shift))
        return hashlib.sha256(b"".join(arrays)).digest()[:DIGEST_BYTES]


def table_of_floats(
    name: str,
    steps: int,
    range_step: int,
    slope: np.ndarray,
    offset: np.ndarray,
    shift: np.ndarray,
    radial: bool = False,
) -> SensorTable:
    """A table from slopes and offsets (L, 3) in voxels, rounded; lasers are put in order of elevation."""
    slope = np.asarray(slope, np.float64)
    order = np.argsort(np.arctan2(slope[:, 2], np.hypot(slope[:, 0], slope[:, 1])), kind="stable")
    return SensorTable(
        name,
        int(steps),
        int(range_step),
        np.rint(np.ldexp(slope[order], SLOPE_BITS)).astype(np.int64),
        np.rint(np.ldexp(np.asarray(offset, np.float64)[order], OFFSET_BITS)).astype(np.int64),
        np.asarray(shift)[order].astype(np.int32),
        radial,
    )


def to_json(table: SensorTable, **about: Any) -> str:
    """The table as a file for people and `from_json`; ``about`` goes with it (what it was fitted to, how well)."""
    lasers = [
        {"slope": s.tolist(), "offset": o.tolist(), "shift": int(k)}
        for s, o, k in zip(table.slope, table.offset, table.shift, strict=True)
    ]
    head = {"format": FORMAT, "name": table.name, "steps": table.steps, "range_step": table.range_step}
    head |= {"radial": table.radial, **about}
    rows = ",\n  ".join(json.dumps(laser) for laser in lasers)
    return json.dumps(head, indent=1)[:-2] + f',\n "lasers": [\n  {rows}\n ]\n}}\n'


def from_json(path: str | Path) -> SensorTable:
    """The table of a file that `to_json` wrote.

    Raises:
        InvalidSensor: it cannot be read, or is no valid table.
    """
    try:
        record = read_json(Path(path))
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise InvalidSensor(f"{path}: expected a sensor of the format {FORMAT}")
        lasers = record["lasers"]
        slope, offset, shift = (
            np.array([laser[key] for laser in lasers], np.int64) for key in ("slope", "offset", "shift")
        )
        steps, range_step, radial = int(record["steps"]), int(record["range_step"]), bool(record.get("radial", False))
        return SensorTable(str(record["name"]), steps, range_step, slope, offset, shift, radial)
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InvalidSensor(f"{path}: not a sensor's table: {error}") from error
