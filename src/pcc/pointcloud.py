"""A point cloud: positions and named fields, immutable.

It is what files hold and what the codec takes and gives back. It knows nothing of voxels, octrees or sensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Positions and fields of N points.

    Attributes:
        xyz: (N, 3) any integer or floating dtype; metres for sensors, voxels for integer clouds; read-only.
        fields: name -> (N,) or (N, K) array of any numeric or bool dtype; read-only. ``red``, ``green``, ``blue``,
            ``intensity`` ... keep the names that the file gave them.

    Raises:
        ValueError: a shape does not fit.
        TypeError: a dtype is not numeric, or a field's name is not a str.
    """

    xyz: np.ndarray
    fields: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        xyz = _frozen(self.xyz, "xyz")
        if xyz.ndim != 2 or xyz.shape[1] != 3:
            raise ValueError(f"xyz: expected shape (N, 3), got {xyz.shape}")
        checked = {name: _frozen(values, f"fields[{name!r}]") for name, values in self.fields.items()}
        for name, values in checked.items():
            if not isinstance(name, str):
                raise TypeError(f"fields: expected names of type str, got {name!r}")
            if values.ndim not in (1, 2) or len(values) != len(xyz):
                raise ValueError(f"fields[{name!r}]: expected ({len(xyz)},) or ({len(xyz)}, K), got {values.shape}")
        object.__setattr__(self, "xyz", xyz)
        object.__setattr__(self, "fields", MappingProxyType(checked))

    def __len__(self) -> int:
        return len(self.xyz)

    def __reduce__(self) -> tuple[type[PointCloud], tuple[np.ndarray, dict[str, np.ndarray]]]:
        """For pickle and copy: worker processes pass clouds around, and a MappingProxyType cannot be pickled."""
        return PointCloud, (self.xyz, dict(self.fields))

    def __repr__(self) -> str:
        names = ", ".join(f"{k}: {v.dtype}" for k, v in self.fields.items())
        return f"PointCloud({len(self)} points, xyz: {self.xyz.dtype}{', ' + names if names else ''})"

    def with_fields(self, fields: Mapping[str, np.ndarray]) -> PointCloud:
        """The same positions with other fields."""
        return PointCloud(self.xyz, fields)

    def take(self, rows: np.ndarray) -> PointCloud:
        """The points ``rows`` ((M,) integer indices or (N,) bool mask), in that order."""
        return PointCloud(self.xyz[rows], {name: values[rows] for name, values in self.fields.items()})

    def finite(self) -> PointCloud:
        """Without the points that have a NaN or infinite coordinate, as depth cameras give for pixels unseen."""
        rows = np.isfinite(self.xyz).all(axis=1)
        return self if rows.all() else self.take(rows)


def _frozen(array: np.ndarray, name: str) -> np.ndarray:
    """A read-only view; the caller's own array stays writable."""
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected a numeric dtype, got {array.dtype}")
    view = array.view()
    view.flags.writeable = False
    return view
