"""|turn_table(U)[u] - 2^30 (cos, sin)(2 pi u / U)| < 3, in integers alone."""

import numpy as np
import pytest

from pcc.sensors.turn import MAX_STEPS, turn_table


@pytest.mark.parametrize("steps", [1, 2, 3, 1024, 2048, 4000, 36000, 100_003])
def test_close_to_the_real_functions(steps):
    table = turn_table(steps)
    angle = 2 * np.pi * np.arange(steps) / steps
    real = np.ldexp(np.stack([np.cos(angle), np.sin(angle)], 1), 30)
    assert table.shape == (steps, 2)
    assert table.dtype == np.int32
    assert np.abs(table - real).max() < 3


def test_literal_values():
    """As a decoder in another language must have them."""
    assert turn_table(4).tolist() == [[1 << 30, 0], [0, 1 << 30], [-(1 << 30), 0], [0, -(1 << 30)]]
    assert turn_table(4000)[[1, 999, 2345]].tolist() == LITERAL


LITERAL = [[1073740500, 1686628], [1686629, 1073740499], [-919893431, -553820891]]


@pytest.mark.parametrize("steps", [0, -1, MAX_STEPS + 1])
def test_wrong_number_of_steps(steps):
    with pytest.raises(ValueError, match="steps: expected"):
        turn_table(steps)
