"""The order in which the cells of a range image are coded: ten passes, each between the cells of those before.

    start     every 8th row, every 64th column
    columns   the columns in the middle between known ones, 8 rows apart     64 -> 32 -> 16 columns
    rows      the rows in the middle between known ones ...                  8 -> 4 rows
    ... columns 16 -> 8, rows 4 -> 2, columns 8 -> 4, rows 2 -> 1, columns 4 -> 2 -> 1

So all cells of a pass are coded at once, half of all in the last one. Columns go round: the first is the last one's
neighbour. A pass lists the neighbours that its cells see (docs/arithmetic.md); what they see of them is
`pcc.ops.lattice_context`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

ROW_MARGIN = 24  # beyond the neighbours of every pass
COLUMN_MARGIN = 160

Place = tuple[int, int]


@dataclass(frozen=True)
class Pass:
    """Cells (first_row + i row_step, first_column + j column_step).

    Attributes:
        neighbours: rows and columns away. Cells lie in the middle between the first two.
        near: indices of those whose azimuth is seen.
        anchors: indices of those whose range is a guess.
        extensions: pairs of indices (at one step, at three in the same direction): lines through them are guesses.
    """

    name: str
    first_row: int
    row_step: int
    first_column: int
    column_step: int
    neighbours: tuple[Place, ...]
    near: tuple[int, ...]
    anchors: tuple[int, ...]
    extensions: tuple[tuple[int, int], ...]

    def shape(self, rows: int, columns: int) -> tuple[int, int]:
        """How many rows and columns of an image it has cells in."""
        return len(range(self.first_row, rows, self.row_step)), len(range(self.first_column, columns, self.column_step))


def _between_columns(rows: int, columns: int) -> Pass:
    """Every ``rows``-th row; the columns in the middle between multiples of ``columns``."""
    h = columns // 2
    same = [(0, step * h) for step in (-1, 1, -3, 3, -5, 5)]
    next_to = [(side * rows, step * h) for side in (-1, 1) for step in (-1, 1, -3, 3)]
    beyond = [(side * 2 * rows, step * h) for side in (-1, 1) for step in (-1, 1)]
    extensions = ((0, 2), (1, 3))
    return Pass(
        f"columns {columns}, rows {rows}", 0, rows, h, columns, (*same, *next_to, *beyond), (0, 1, 6, 7, 10, 11),
        (0, 1, 6, 7), extensions,
    )  # fmt: skip


def _between_rows(rows: int, columns: int) -> Pass:
    """Every ``columns``-th column; the rows in the middle between multiples of ``rows``."""
    h = rows // 2
    near = [(side * h, step * columns) for step in (0, -1, 1) for side in (-1, 1)]
    near = [near[0], near[1], near[2], near[4], near[3], near[5]]
    wide = [(side * h, step * columns) for side in (-1, 1) for step in (-2, 2)]
    beyond = [(side * 3 * h, step * columns) for side, step in ((-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))]
    last = [(-5 * h, 0), (5 * h, 0)]
    return Pass(
        f"rows {rows}, columns {columns}", h, rows, 0, columns, (*near, *wide, *beyond, *last), (0, 1, 2, 3, 4, 5),
        (0, 1, 2, 3), ((0, 10), (1, 11)),
    )  # fmt: skip


def _start() -> Pass:
    """The first cells, which know nothing; their neighbours are there to make all passes alike."""
    return replace(_between_columns(8, 64), name="start", first_column=0)


PASSES: tuple[Pass, ...] = (
    _start(),
    _between_columns(8, 64),
    _between_columns(8, 32),
    _between_rows(8, 16),
    _between_columns(4, 16),
    _between_rows(4, 8),
    _between_columns(2, 8),
    _between_rows(2, 4),
    _between_columns(1, 4),
    _between_columns(1, 2),
)


@lru_cache(maxsize=64)
def pass_numbers(rows: int, columns: int) -> np.ndarray:
    """(rows, columns) uint8: which pass a cell belongs to."""
    numbers = np.empty((rows, columns), np.uint8)
    for number, step in enumerate(PASSES):
        numbers[step.first_row :: step.row_step, step.first_column :: step.column_step] = number
    numbers.flags.writeable = False
    return numbers
