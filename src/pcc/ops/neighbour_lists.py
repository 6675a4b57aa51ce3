"""The neighbours that exist, node after node, colour by colour, from the table of all 27 directions.

    entries[begin[i]:begin[i + 1]] = row | direction << 27 of the neighbours of rows[i], ascending by direction

A node of a dense surface has about 13.5 of 27 neighbours, one of a LiDAR frame 2.5: kernels that visit a node's
neighbours read lists in half or a tenth of the time that the table takes. Nodes of one colour
(`pcc.geometry.coding_order`) are coded together, so their lists lie together. Lone nodes, which have no neighbour but
themselves, may be a colour of their own.
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


def neighbour_lists(
    neighbours: np.ndarray, octants: np.ndarray, colour_of: np.ndarray, *, lone: bool = False
) -> NeighbourLists:
    """Lists from a table.

    Args:
        neighbours: (N, 27) int32 rows; whatever is not in 0..N-1 is empty.
        octants: (N,) uint8, the node's place in its parent.
        colour_of: (8,) uint8, the colour of an octant, 0..7.
        lone: lone nodes have a colour of their own, after all others.

    Raises:
        LimitExceeded: N is over 2^27.
        TypeError, ValueError: an argument does not fit.
    """
    n = len(neighbours)
    if n > MAX_ROWS:
        raise LimitExceeded(f"neighbours: at most {MAX_ROWS} nodes a level are supported, got {n}")
    neighbours = check(neighbours, "neighbours", "int32", (n, NUM_DIRECTIONS))
    octants, colour_of = check(octants, "octants", "uint8", (n,)), check(colour_of, "colour_of", "uint8", (8,))
    num_colours = int(colour_of.max()) + 1
    if num_colours > MAX_COLOURS:
        raise ValueError(f"colour_of: expected less than {MAX_COLOURS}, got {num_colours - 1}")
    colours, rows, begin = np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n + 1, np.uint32)
    starts = np.empty(_ext.LIST_COLOURS + 1, np.int64)
    lone_colour = num_colours if lone else -1
    _ext.order_by_colour(neighbours, octants, colour_of, lone_colour, colours, rows, begin, starts)
    entries = np.empty(int(begin[n]), np.uint32)
    _ext.list_neighbours(neighbours, colours, begin, entries)
    return NeighbourLists(rows, begin, entries, tuple(starts[: num_colours + lone + 1].tolist()))


def neighbour_lists_reference(
    neighbours: np.ndarray, octants: np.ndarray, colour_of: np.ndarray, *, lone: bool = False
) -> NeighbourLists:
    """`neighbour_lists`, by sorting and masks."""
    present = (neighbours >= 0) & (neighbours < len(neighbours))
    num_colours = int(colour_of.max()) + 1
    colours = np.where(present.sum(1) <= 1, num_colours, colour_of[octants]) if lone else colour_of[octants]
    rows = np.argsort(colours, kind="stable").astype(np.int32)
    present = present[rows]
    begin = np.concatenate([[0], np.cumsum(present.sum(1))]).astype(np.uint32)
    tagged = neighbours[rows].astype(np.int64) | np.arange(NUM_DIRECTIONS) << ROW_BITS
    counts = [int((colours < c).sum()) for c in range(num_colours + lone + 1)]
    return NeighbourLists(rows, begin, tagged[present].astype(np.uint32), tuple(counts))
