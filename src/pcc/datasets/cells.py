"""A voxel cloud sorted by coarse cells, so that a small box is cut out without looking at the whole cloud.

Rows of cells along z lie one after another: a box is a few slices. It is no octree and no spatial hash.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CellCloud:
    """Voxels in the order of their cells.

    Attributes:
        coords: (V, 3) integers >= 0, sorted by cell (x, then y, then z of the cell).
        starts: (X * Y * Z + 1,) int64; cell (i, j, k) is rows starts[n]:starts[n + 1], n = (i * Y + j) * Z + k.
        shape: (X, Y, Z) cells.
        cell_bits: a cell's edge is 2^cell_bits voxels.
    """

    coords: np.ndarray
    starts: np.ndarray
    shape: tuple[int, int, int]
    cell_bits: int

    @classmethod
    def of(cls, coords: np.ndarray, cell_bits: int = 5) -> CellCloud:
        """Sorts (V, 3) integer voxels >= 0."""
        cells = coords.astype(np.int64) >> cell_bits
        x, y, z = (int(n) + 1 for n in cells.max(0, initial=0))
        keys = (cells[:, 0] * y + cells[:, 1]) * z + cells[:, 2]
        starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=x * y * z))])
        return cls(coords[np.argsort(keys, kind="stable")], starts, (x, y, z), cell_bits)

    def __len__(self) -> int:
        return len(self.coords)

    def box(self, low: np.ndarray, side: int) -> np.ndarray:
        """Voxels with low <= coords < low + side, relative to ``low``: (V, 3) int32.

        Args:
            low: (3,) integers, of any sign.
            side: the box's edge in voxels.
        """
        first = np.maximum(low >> self.cell_bits, 0)
        last = np.minimum((low + side - 1) >> self.cell_bits, np.array(self.shape) - 1)
        if (first > last).any():
            return np.zeros((0, 3), np.int32)
        _, y, z = self.shape
        rows = [(i * y + j) * z for i in range(first[0], last[0] + 1) for j in range(first[1], last[1] + 1)]
        slices = [self.coords[self.starts[n + first[2]] : self.starts[n + last[2] + 1]] for n in rows]
        inside = np.concatenate(slices).astype(np.int32) - low.astype(np.int32)
        x, y, z = (inside.view(np.uint32) < side).T  # negative values wrap to large ones
        return inside[x & y & z]
