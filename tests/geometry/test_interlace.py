"""Every cell is in one pass; every neighbour that a pass names comes earlier, and lies within the margins."""

import numpy as np
import pytest

from pcc.geometry.interlace import COLUMN_MARGIN, PASSES, ROW_MARGIN, pass_numbers

WHOLE = 32, 640  # whole multiples of all steps: the seam is as regular as the rest


def names(step):
    return step.name


@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (1, 64), (8, 1), (7, 90), (16, 90), (64, 2170), (40, 63), WHOLE], ids=str
)
def test_every_cell_is_in_one_pass(rows, columns):
    """sum over passes of [cell in pass] = 1, and `pass_numbers` says which; `shape` counts them."""
    times, numbers = np.zeros((rows, columns), int), np.full((rows, columns), -1)
    for number, step in enumerate(PASSES):
        view = times[step.first_row :: step.row_step, step.first_column :: step.column_step]
        assert view.shape == step.shape(rows, columns)
        view += 1
        numbers[step.first_row :: step.row_step, step.first_column :: step.column_step] = number
    assert (times == 1).all()
    np.testing.assert_array_equal(pass_numbers(rows, columns), numbers)


def test_pass_numbers_are_shared_and_cannot_be_written():
    numbers = pass_numbers(16, 90)
    assert pass_numbers(16, 90) is numbers
    with pytest.raises(ValueError, match="read-only"):
        numbers[0, 0] = 1


@pytest.mark.parametrize("step", PASSES[1:], ids=names)
def test_neighbours_come_earlier(step):
    """pass(cell + neighbour) < pass(cell), for all cells and neighbours within the rows; columns go round."""
    numbers, (rows, columns) = pass_numbers(*WHOLE), WHOLE
    own = PASSES.index(step)
    row, column = np.nonzero(numbers == own)
    for down, right in step.neighbours:
        inside = (row + down >= 0) & (row + down < rows)
        assert (numbers[row[inside] + down, (column[inside] + right) % columns] < own).all(), (down, right)
        assert inside.any()


@pytest.mark.parametrize("step", PASSES, ids=names)
def test_neighbours_lie_within_the_margins(step):
    """And are distinct; no cell is its own neighbour; as many as the kernels hold."""
    assert 2 <= len(step.neighbours) <= 32
    assert len(set(step.neighbours)) == len(step.neighbours)
    assert (0, 0) not in step.neighbours
    assert max(abs(row) for row, _ in step.neighbours) <= ROW_MARGIN
    assert max(abs(column) for _, column in step.neighbours) <= COLUMN_MARGIN


@pytest.mark.parametrize("step", PASSES, ids=names)
def test_what_indices_stand_for(step):
    """n[0] = -n[1]; of an extension (i, j), n[j] = 3 n[i]; near and anchors are distinct and first among them 0, 1."""
    places = np.array(step.neighbours)
    np.testing.assert_array_equal(places[0], -places[1])
    for one, three in step.extensions:
        np.testing.assert_array_equal(places[three], 3 * places[one])
    for chosen in (step.near, step.anchors):
        assert chosen[:2] == (0, 1)
        assert len(set(chosen)) == len(chosen)
        assert max(chosen) < len(places)


def test_literal_passes():
    """A start of every 8th row and 64th column; the last pass has every second column."""
    first, last = PASSES[0], PASSES[-1]
    assert (first.first_row, first.row_step, first.first_column, first.column_step) == (0, 8, 0, 64)
    assert (last.first_row, last.row_step, last.first_column, last.column_step) == (0, 1, 1, 2)
    assert last.neighbours[:4] == ((0, -1), (0, 1), (0, -3), (0, 3))
    assert last.shape(64, 2170) == (64, 1085)
    between_rows = PASSES[3]
    assert between_rows.neighbours[:6] == ((-4, 0), (4, 0), (-4, -16), (-4, 16), (4, -16), (4, 16))
