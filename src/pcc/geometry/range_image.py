"""A turn of a spinning LiDAR as an image: a row for each laser, a column for each firing, in each cell a range.

Columns lie so that neighbours in a column have about the same azimuth: the row of laser l is moved by its shift. The
image has margins (`pcc.geometry.interlace`): columns beyond the ends go round, rows beyond are empty.
"""

from __future__ import annotations

import numpy as np

from pcc.geometry.interlace import COLUMN_MARGIN, ROW_MARGIN, Pass

MAX_DEVIATION = 1 << 10  # in 1/16 column


class RangeImage:
    """Ranges (R, C) that fill up as they are coded, and what is known of the cells from the start.

    Attributes:
        range: (R + 2 margins, C + 2 margins) int32 range units of 1/16 mm; 0: empty, or not known yet.
        deviation: of each cell's azimuth from its column's, int16 in 1/16 column.
        row_feats: (R + 2 margins, F) uint8.
    """

    def __init__(self, deviation: np.ndarray, row_feats: np.ndarray) -> None:
        self.rows, self.columns = deviation.shape
        shape = self.rows + 2 * ROW_MARGIN, self.columns + 2 * COLUMN_MARGIN
        self.range = np.zeros(shape, np.int32)
        self.deviation = np.zeros(shape, np.int16)
        self.set_row_feats(row_feats)
        self._inner(self.deviation)[...] = deviation
        beyond = np.arange(-COLUMN_MARGIN, 0)
        self._before = beyond % self.columns + COLUMN_MARGIN
        self._after = (self.columns + beyond + COLUMN_MARGIN) % self.columns + COLUMN_MARGIN
        self._wrap(self.deviation)

    def set_row_feats(self, row_feats: np.ndarray) -> None:
        """Features (R, F) uint8 of the rows."""
        self.row_feats = np.zeros((self.range.shape[0], row_feats.shape[1]), np.uint8)
        self.row_feats[ROW_MARGIN : ROW_MARGIN + self.rows] = row_feats

    def cells(self, step: Pass) -> tuple[int, int, int, int, int, int]:
        """First row, step and number of rows, and the same of columns, of a pass's cells; margins included."""
        rows, columns = step.shape(self.rows, self.columns)
        return (
            step.first_row + ROW_MARGIN, step.row_step, rows,
            step.first_column + COLUMN_MARGIN, step.column_step, columns,
        )  # fmt: skip

    def of_pass(self, values: np.ndarray, step: Pass) -> np.ndarray:
        """A view of (R, C) values: a pass's cells."""
        return values[step.first_row :: step.row_step, step.first_column :: step.column_step]

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Values (R, C) of all cells with the image's margins; 0 beyond the rows."""
        out = np.zeros(self.range.shape, values.dtype)
        self._inner(out)[...] = values
        self._wrap(out)
        return out

    def fill(self, ranges: np.ndarray) -> None:
        """All ranges at once, (R, C)."""
        self._inner(self.range)[...] = ranges
        self._wrap(self.range)

    def put(self, padded: np.ndarray, step: Pass, values: np.ndarray) -> None:
        """A pass's cells (rows, columns) into values with margins: the image's ranges, or those of ``padded``."""
        self.of_pass(self._inner(padded), step)[...] = values
        self._wrap(padded)

    def flat(self, cells: tuple[int, ...]) -> np.ndarray:
        """(N,) int64, where cells, as `cells` gives them, lie in the flat image, row by row."""
        first_row, row_step, rows, first_column, column_step, columns = cells
        row = first_row + row_step * np.arange(rows, dtype=np.int64)
        column = first_column + column_step * np.arange(columns, dtype=np.int64)
        return (row[:, None] * self.range.shape[1] + column).reshape(-1)

    def _inner(self, values: np.ndarray) -> np.ndarray:
        return values[ROW_MARGIN : ROW_MARGIN + self.rows, COLUMN_MARGIN : COLUMN_MARGIN + self.columns]

    def _wrap(self, values: np.ndarray) -> None:
        rows = slice(ROW_MARGIN, ROW_MARGIN + self.rows)
        values[rows, :COLUMN_MARGIN] = values[rows, self._before]
        values[rows, COLUMN_MARGIN + self.columns :] = values[rows, self._after]


def roll_of(shift: np.ndarray, steps: int, columns: int) -> np.ndarray:
    """(L,) int64: by how many columns the row of each laser is moved; shift (L,) azimuth steps of ``steps`` a turn."""
    return (2 * shift.astype(np.int64) * columns + steps) // (2 * steps)


def azimuths_of(firings: np.ndarray, shift: np.ndarray, steps: int) -> np.ndarray:
    """(L, C) int32 azimuth steps of all cells, from the firing columns (C,), ascending, and the lasers' shifts."""
    columns = len(firings)
    roll = roll_of(shift, steps, columns)
    firing = (np.arange(columns) - roll[:, None]) % columns
    return ((firings[firing] + shift[:, None]) % steps).astype(np.int32)


def deviations_of(azimuths: np.ndarray, steps: int) -> np.ndarray:
    """(L, C) int16: how far azimuths (L, C) lie beyond their columns', in 1/16 column, within +-1024."""
    columns = azimuths.shape[1]
    turn = 16 * columns
    away = (2 * turn * azimuths.astype(np.int64) + steps) // (2 * steps) - 16 * np.arange(columns)
    away = (away + turn // 2) % turn - turn // 2
    return np.clip(away, -MAX_DEVIATION, MAX_DEVIATION).astype(np.int16)
