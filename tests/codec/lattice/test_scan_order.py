"""Scan orders against their definition, cell by cell."""

import numpy as np
import pytest

from pcc.codec.lattice.scan_order import scan_orders


@pytest.mark.parametrize("apart", [0, 4])
def test_every_order(rng, apart):
    lasers, columns = 5, 23
    filled = rng.random((lasers, columns)) < 0.6
    rolls = rng.integers(-30, 30, lasers)
    cells = [(laser, column) for laser in range(lasers) for column in range(columns) if filled[laser, column]]
    order = rng.permutation(len(cells) + apart)  # the listed place of each decoded point
    keys = [
        lambda laser, column: (laser, column),
        lambda laser, column: (-laser, column),
        lambda laser, column: ((column - rolls[laser]) % columns, laser),
        lambda laser, column: ((column - rolls[laser]) % columns, -laser),
    ]
    for base, key in zip(scan_orders(filled, rolls, order), keys, strict=True):
        listed = sorted(range(len(cells)), key=lambda place: key(*cells[place]))
        np.testing.assert_array_equal(order[base()], [*listed, *range(len(cells), len(order))])
