"""Shade from depth: none on what faces the viewer, none on nothing, more behind an edge than before it."""

from __future__ import annotations

import numpy as np

from pcc.viewing.shading import STRENGTH, eye_dome, smooth


def test_flat_and_empty_are_bright():
    assert (eye_dome(np.full((9, 12), 5, np.float32)) == 1).all()
    assert (eye_dome(np.full((9, 12), np.inf, np.float32)) == 1).all()
    one = np.full((5, 5), np.inf, np.float32)
    one[2, 2] = 7
    assert (eye_dome(one) == 1).all()


def test_a_slope():
    """shade = exp(-strength * mean of max(0, slope) over eight directions): m (1 + sqrt 2) / 8 for a ramp."""
    ramp = np.tile(np.arange(40, dtype=np.float32) / 4, (40, 1))
    expected = np.exp(-STRENGTH * 0.25 * (1 + 2**0.5) / 8)
    assert np.allclose(eye_dome(ramp)[10:30, 10:30], expected, atol=1e-5)


def test_the_far_side_of_an_edge_is_darker():
    step = np.zeros((30, 30), np.float32)
    step[:, 15:] = 100
    shade = eye_dome(step)
    assert shade[15, 15] < 0.8
    assert shade[15, 14] == 1


def test_smoothing_keeps_edges_and_levels_stairs():
    edge = np.zeros((20, 20), np.float32)
    edge[:, 10:] = 100
    edge[:, 15:] = np.inf
    assert np.array_equal(smooth(edge, 1), edge)
    stairs = np.tile(np.repeat(np.arange(10, dtype=np.float32), 3), (30, 1))
    assert np.abs(np.diff(smooth(stairs, 2)[15, 5:25])).max() < 0.6
