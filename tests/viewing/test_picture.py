"""Panels side by side: each in its half, aligned, with its title and its scale."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.viewing.camera import look
from pcc.viewing.colour_map import Scale, paint
from pcc.viewing.colours import error_colours
from pcc.viewing.picture import INK, Panel, draw

X, Y = np.meshgrid(np.arange(40), np.arange(40))
PLANE = np.stack([X, Y, 0 * X], axis=-1).reshape(-1, 3)
CAMERA = look([PLANE], "y", 0)
GREY = np.full((len(PLANE), 3), 128, np.uint8)


def test_one_wrong_point_shows_its_error_there():
    """In the right half, and only around the place of that point, the last colour of the scale."""
    distances = np.zeros(len(PLANE))
    distances[40 * 30 + 10] = 7  # column 10 of 40, row 30 from below
    rgb, scale = error_colours(distances, "error")
    picture = draw([Panel("a", PLANE, GREY), Panel("b", PLANE, rgb, scale)], CAMERA, (600, 400))
    last = np.flatnonzero((picture[:300].astype(int) @ [1, 1, -1] > 300).any(axis=0))
    assert len(last)
    assert (last > 300).all()
    columns, rows, _ = CAMERA.project(PLANE[[40 * 30 + 10]], (300, 400))
    assert np.abs(last - 300 - columns[0]).max() < 12
    assert rows[0] < 200


def test_both_halves_are_drawn_alike():
    panel = Panel("same", PLANE, GREY)
    picture = draw([panel, panel], CAMERA, (600, 300))
    assert picture.shape == (300, 600, 3)
    assert np.array_equal(picture[:, :300], picture[:, 300:])


def test_title_and_scale():
    picture = draw([Panel("title", PLANE, GREY, Scale("label", 1, 2, above=True))], CAMERA, (300, 300))
    assert (picture[:24] == INK).all(axis=2).any()
    bar = picture[-20:, 50:250].reshape(-1, 3)
    ends = paint(np.array([1.0, 2]), Scale("", 1, 2))
    assert all((bar == end).all(axis=1).any() for end in ends)


def test_long_titles_stay_in_their_half():
    picture = draw([Panel("w" * 500, PLANE, GREY), Panel("", PLANE, GREY)], CAMERA, (400, 300))
    assert (picture[:11, 200:] == 255).all()


def test_too_small():
    with pytest.raises(ValueError, match="at least 120 pixels a side of every panel, got 200x200"):
        draw([Panel("", PLANE, GREY)] * 2, CAMERA, (200, 200))
