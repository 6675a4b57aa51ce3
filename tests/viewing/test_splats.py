"""The renderer: right places, right order, closed surfaces, the same bytes each time."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.viewing.camera import Camera, look
from pcc.viewing.splats import render

SIZE = (200, 160)
FRONT = Camera(np.eye(3), np.zeros(3), (2.5, 2.5), 1)  # seen along -z


def sphere(num: int) -> np.ndarray:
    """(num, 3) points of the unit sphere, evenly on a spiral."""
    i = np.arange(num) + 0.5
    z, turn = 1 - 2 * i / num, i * np.pi * (3 - 5**0.5)
    return np.stack([np.sqrt(1 - z * z) * np.cos(turn), np.sqrt(1 - z * z) * np.sin(turn), z], axis=1)


def plain(xyz: np.ndarray, colour: tuple[int, int, int] = (200, 40, 40)) -> np.ndarray:
    return np.tile(np.array(colour, np.uint8), (len(xyz), 1))


@pytest.mark.parametrize("num", [3000, 30000])
def test_a_sphere_is_a_disc_of_its_radius(num):
    """Covered area = pi (r s)^2 for radius r and s pixels a unit, within the width of a splat; no hole inside."""
    xyz = sphere(num)
    covered = (render(xyz, plain(xyz), FRONT, SIZE) < 250).any(axis=2)
    radius, splat = FRONT.pixels_per_unit(SIZE), FRONT.pixels_per_unit(SIZE) * 2 * (4 * np.pi / num) ** 0.5
    assert radius - 1 < np.sqrt(covered.sum() / np.pi) < radius + splat + 1
    rows, columns = np.indices(covered.shape)
    away = np.hypot(rows - 79.5, columns - 99.5)
    assert covered[away < radius - 1].all()
    assert not covered[away > radius + splat + 2].any()


@pytest.mark.parametrize("order", [1, -1])
def test_nearer_points_hide_farther_ones(order):
    x, y = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 60))
    far = np.stack([x, y, -np.ones_like(x)], axis=-1).reshape(-1, 3)
    near = far * (0.5, 0.5, -1)
    xyz = np.concatenate([far, near])[::order]
    colours = np.concatenate([plain(far, (255, 0, 0)), plain(near, (0, 0, 255))])[::order]
    picture = render(xyz, colours, FRONT, SIZE)
    assert picture[80, 100].tolist() == [0, 0, 255]
    assert picture[80, 100 + 55, 0] > 200
    assert picture[80, 100 + 55, 2] == 0


def test_colours_come_out_as_they_are():
    """On a plane that faces the viewer nothing is shaded."""
    x, y = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 60))
    xyz = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3)
    assert (render(xyz, plain(xyz, (12, 200, 77)), FRONT, SIZE)[60:100, 80:120] == (12, 200, 77)).all()


def test_the_same_bytes_each_time(rng):
    xyz = rng.normal(size=(5000, 3))
    colours = rng.integers(0, 256, (5000, 3)).astype(np.uint8)
    camera = look([xyz])
    assert render(xyz, colours, camera, SIZE).tobytes() == render(xyz, colours, camera, SIZE).tobytes()


def test_one_point_is_a_dot_in_the_middle():
    xyz = np.array([[7, 7, 7]], np.int32)
    picture = render(xyz, plain(xyz), look([xyz]), (41, 41))
    assert picture[20, 20].tolist() == [200, 40, 40]
    assert 1 <= (picture < 250).any(axis=2).sum() < 30


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, np.float64])
def test_any_dtype(dtype):
    xyz = (sphere(2000) * 100 + 120).astype(dtype)
    assert (render(xyz, plain(xyz), look([xyz]), SIZE) < 250).any(axis=2).mean() > 0.3


def test_points_beyond_the_picture_leave_no_trace():
    xyz = np.array([[0, 0, 0], [1e6, 0, 0], [0, -1e9, 0], [0, 0, 1e7]])
    assert (render(xyz[1:3], plain(xyz[1:3]), FRONT, SIZE) == 255).all()
    assert (render(xyz, plain(xyz), FRONT, SIZE) < 250).any()


@pytest.mark.parametrize(
    ("xyz", "colours", "size", "message"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3), np.uint8), SIZE, "empty cloud"),
        (np.array([[0, np.nan, 0]]), np.zeros((1, 3), np.uint8), SIZE, "got NaN or infinity"),
        (np.zeros((2, 3)), np.zeros((1, 3), np.uint8), SIZE, r"colours: expected \(2, 3\) uint8"),
        (np.zeros((1, 3)), np.zeros((1, 3)), SIZE, "float64"),
        (np.zeros((1, 3)), np.zeros((1, 3), np.uint8), (0, 5), "size: expected a positive"),
    ],
)
def test_bad_input(xyz, colours, size, message):
    with pytest.raises(ValueError, match=message):
        render(xyz, colours, FRONT, size)
