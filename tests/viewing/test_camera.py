"""The upright direction and the frame, found without being told."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.viewing.camera import Camera, look, up_axis

SIZE = (200, 100)


def box(x: float, y: float, z: float) -> np.ndarray:
    """The corners and edges of a box about the origin, evenly."""
    grid = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 9)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return grid * (x, y, z)


@pytest.mark.parametrize(
    ("extents", "axis"),
    [
        ((80, 40, 5), 2),  # a LiDAR's turn: thin in z
        ((0.5, 1.8, 0.4), 1),  # a person
        ((0.5, 0.4, 1.8), 2),  # a person in a world whose z is up
        ((1, 1, 1), 1),  # nothing to tell by
        ((3, 0.2, 2), 1),  # a table top
        ((0, 0, 0), 1),
    ],
)
def test_up(extents, axis):
    assert up_axis(np.array(extents, float)) == axis
    assert look([box(*extents)]).upright == axis


@pytest.mark.parametrize("up", ["x", "y", "z"])
@pytest.mark.parametrize("turn", [None, 0.0, 135.0])
def test_axes_are_a_right_handed_frame(up, turn):
    """axes axes^T = 1, det(axes) = 1, and up points up in the picture."""
    camera = look([box(1, 2, 3)], up, turn)
    assert np.allclose(camera.axes @ camera.axes.T, np.eye(3))
    assert np.linalg.det(camera.axes) == pytest.approx(1)
    assert camera.axes[1] @ np.eye(3)["xyz".index(up)] > 0.5


def test_a_turn_goes_to_the_right():
    """With y up the viewer stands at +z; after 90 degrees at +x."""
    camera = look([box(1, 1, 1)], "y", 90)
    assert camera.axes[2] @ [1, 0, 0] > 0.9


def test_the_whole_cloud_is_in_the_frame():
    cloud = box(1, 2, 3)
    camera = look([cloud])
    assert camera.num_outside(cloud, SIZE) == 0
    columns, rows, _ = camera.project(cloud, SIZE)
    assert rows.min() == pytest.approx(100 - rows.max())
    assert columns.min() == pytest.approx(200 - columns.max())
    assert rows.min() == pytest.approx(100 * (1 - 1 / 1.06) / 2)


def test_far_strays_do_not_make_the_frame_wider():
    cloud = np.random.default_rng(0).random((5000, 3))
    strays = np.concatenate([cloud, [[500, 500, 500], [-90, 0, 0]]])
    assert max(look([strays]).extent) < 1.3 * max(look([cloud]).extent)
    assert look([strays]).num_outside(strays, SIZE) == 2


def test_two_clouds_share_a_frame():
    left, right = box(1, 1, 1), box(1, 1, 1) + np.array([5, 0, 0])
    camera = look([left, right])
    assert camera.num_outside(left, SIZE) == camera.num_outside(right, SIZE) == 0


@pytest.mark.parametrize("cloud", [np.zeros((1, 3)), np.ones((7, 3), np.int32), np.array([[0, 0, 0], [0, 0, 9.0]])])
def test_a_point_and_a_line_have_a_frame(cloud):
    camera = look([cloud])
    assert min(camera.extent) > 0
    assert camera.num_outside(cloud, SIZE) == 0


def test_projection():
    """column = W/2 + s right, row = H/2 - s up, depth = -s back; s = min(W / width, H / height)."""
    camera = Camera(np.eye(3), np.array([1.0, 2, 3]), (10, 10), 1)
    assert camera.pixels_per_unit(SIZE) == 10
    assert camera.project(np.array([[2, 2, 3], [1, 3, 4]], np.int16), SIZE).T.tolist() == [[110, 50, 0], [100, 40, -10]]


def test_an_unknown_direction():
    with pytest.raises(ValueError, match="up: expected x, y, z or auto, got 'w'"):
        look([box(1, 1, 1)], "w")
