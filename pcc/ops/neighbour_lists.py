"""The neighbours that exist, node after node, colour by colour, from the table of all 27 directions.

    entries[begin[i]:begin[i + 1]] = row | direction << 27 of the neighbours of rows[i], ascending by direction

A node of a dense surface has about 13.5 of 27 neighbours, one of a LiDAR frame 2.5: kernels that visit a node's
neighbours read lists in half or a tenth of the time that the table takes. Nodes of one colour
(`pcc.geometry.coding_order`) are coded together, so their lists lie together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc import _ext
from pcc.errors import LimitExceeded
from pcc.ops._arrays import check
from pcc.ops.neighbours import NUM_DIRECTIONS

ROW_BITS = 27
MAX_ROWS: int = _ext.MAX_LISTED_ROWS
MAX_COLOURS = 8


@dataclass(frozen=True, eq=False)
class NeighbourLists:
    """Made by `neighbour_lists`, and trusted by kernels.

    Attributes:
        rows: (N,) int32, the nodes: those of colour 0 first, ascending within a colour.
        begin: (N + 1,) uint32, ascending from 0.
        entries: (begin[N],) uint32.
        starts: (colours + 1,) the place in ``rows`` where each colour starts.
    """

    rows: np.ndarray
    begin: np.ndarray
    entries: np.ndarray
    starts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def of_colour(self, colour: int) -> np.ndarray:
        """(R,) int32, the nodes of a colour."""
        return self.rows[self.starts[colour] : self.starts[colour + 1]]


def neighbour_lists(neighbours: np.ndarray, octants: np.ndarray, colour_of: np.ndarray) -> NeighbourLists:
    """Lists from a table.

    Args:
        neighbours: (N, 27) int32 rows; whatever is not in 0..N-1 is empty.
        octants: (N,) uint8, the node's place in its parent.
        colour_of: (8,) uint8, the colour of an octant, 0..7.

    Raises:
        LimitExceeded: N is over 2^27.
        TypeError, ValueError: an argument does not fit.
    """
    n = len(neighbours)
    if n > MAX_ROWS:
        raise LimitExceeded(f"neighbours: at most {MAX_ROWS} nodes a level are supported, got {n}")
    neighbours = check(neighbours, "neighbours", "int32", (n, NUM_DIRECTIONS))
    octants, colour_of = check(octants, "octants", "uint8", (n,)), check(colour_of, "colour_of", "uint8", (8,))
    if colour_of.max() >= MAX_COLOURS:
        raise ValueError(f"colour_of: expected less than {MAX_COLOURS}, got {colour_of.max()}")
    rows, begin = np.empty(n, np.int32), np.empty(n + 1, np.uint32)
    _ext.count_neighbours(neighbours, octants, colour_of, rows, begin)
    entries = np.empty(int(begin[n]), np.uint32)
    _ext.list_neighbours(neighbours, octants, colour_of, begin, entries)
    return NeighbourLists(rows, begin, entries, _starts(octants, colour_of))


def _starts(octants: np.ndarray, colour_of: np.ndarray) -> tuple[int, ...]:
    counts = np.bincount(colour_of, np.bincount(octants & 7, minlength=8)).astype(np.int64)
    return (0, *np.cumsum(counts).tolist())


def neighbour_lists_reference(neighbours: np.ndarray, octants: np.ndarray, colour_of: np.ndarray) -> NeighbourLists:
    """`neighbour_lists`, by sorting and masks."""
    rows = np.argsort(colour_of[octants], kind="stable").astype(np.int32)
    present = ((neighbours >= 0) & (neighbours < len(neighbours)))[rows]
    begin = np.concatenate([[0], np.cumsum(present.sum(1))]).astype(np.uint32)
    tagged = neighbours[rows].astype(np.int64) | np.arange(NUM_DIRECTIONS) << ROW_BITS
    counts = [int((colour_of[octants] < c).sum()) for c in range(int(colour_of.max()) + 2)]
    return NeighbourLists(rows, begin, tagged[present].astype(np.uint32), tuple(counts))
