"""The colour map is viridis; scales say what they leave out."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.viewing.colour_map import Scale, paint, span


def test_the_ends_and_the_middle():
    colours = paint(np.array([0.0, 0.5, 1.0, -9, 9, np.nan]), Scale("", 0, 1))
    assert colours[[0, 2]].tolist() == [[68, 1, 84], [253, 231, 37]]
    assert colours[[3, 4, 5]].tolist() == [[68, 1, 84], [253, 231, 37], [150, 150, 150]]


def test_it_is_viridis():
    matplotlib = pytest.importorskip("matplotlib", reason="the extra `eval` is not installed")
    values = np.linspace(0, 1, 256)
    expected = 255 * np.array(matplotlib.colormaps["viridis"].colors)
    assert np.abs(paint(values, Scale("", 0, 1)) - expected).max() < 2.5


def test_single_extremes_do_not_take_all_colours():
    scale = span("f", np.concatenate([np.linspace(0, 1, 1001), [1e9]]))
    assert scale.high < 1.1
    assert scale.ticks()[2].startswith(">= ")
    assert scale.below


def test_a_rare_label_counts():
    """Where 98 % are equal, the scale reaches from the least to the largest."""
    assert span("f", np.array([3] * 999 + [5], np.uint8)) == Scale("f", 3, 5)


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan, np.inf]), np.full(4, 7), np.array([True])])
def test_nothing_to_tell_apart(values):
    scale = span("f", values)
    assert scale.low == scale.high
    assert scale.ticks()[1].endswith("everywhere")
    assert paint(values, scale).shape == (len(values), 3)
