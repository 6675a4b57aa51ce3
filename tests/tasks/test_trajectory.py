"""pcc.tasks.trajectory: errors that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.tasks.trajectory import (
    absolute_error_m,
    driven,
    half_motion,
    nearest_rotation,
    relative_error,
    rotation_angle,
    segments,
)
from tests.drives import planar_poses


def straight(num: int, step_m: float = 1.0) -> np.ndarray:
    """(num, 4, 4): along x."""
    return planar_poses(num, step_m, 0.0)


def turned(angle: float, axis: int = 2) -> np.ndarray:
    """(4, 4) rotation about a coordinate axis."""
    pose = np.eye(4)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    pose[first, first] = pose[second, second] = np.cos(angle)
    pose[second, first], pose[first, second] = np.sin(angle), -np.sin(angle)
    return pose


def test_perfect_is_zero_wherever_the_world_begins():
    """error(M T, T) = 0 for every rigid M."""
    truth = planar_poses(40)
    moved = turned(0.7, 1) @ truth
    moved[:, :3, 3] += [5, -3, 2]
    error = relative_error(moved, truth, (5.0, 10.0), 1)
    assert error.translation_percent == pytest.approx(0, abs=1e-9)
    assert error.rotation_deg_per_100m == pytest.approx(0, abs=1e-9)
    assert absolute_error_m(moved, truth) == pytest.approx(0, abs=1e-9)


def test_a_scale_of_2_percent():
    """A path 2 % too long: segments of 10 m end one frame of 1 m late, at 11 m, so 0.22 m in 10 m = 2.2 %."""
    error = relative_error(straight(31, 1.02), straight(31), (10.0,), 1)
    assert error.translation_percent == pytest.approx(2.2)
    assert error.rotation_deg_per_100m == pytest.approx(0, abs=1e-9)
    assert error.num_segments == 20
    assert error.lengths_m == (10.0,)


def test_a_turn_that_is_not_there():
    """0.1 degree a frame of 1 m: 1.1 degrees in a segment of 10 m (11 frames), so 11 degrees in 100 m."""
    error = relative_error(planar_poses(31, 1.0, np.deg2rad(0.1)), straight(31), (10.0,), 1)
    assert error.rotation_deg_per_100m == pytest.approx(11.0)


def test_lengths_are_averaged_over_segments():
    """Segments, not lengths, weigh alike: 20 of 10 m and 10 of 20 m, of 2.2 % and 2.1 %."""
    error = relative_error(straight(31, 1.02), straight(31), (10.0, 20.0, 500.0), 1)
    assert error.num_segments == 30
    assert error.translation_percent == pytest.approx((20 * 2.2 + 10 * 2.1) / 30)
    assert error.lengths_m == (10.0, 20.0)


def test_segments_are_kittis():
    """A segment ends at the first frame *beyond* its length, and begins at every ``step``-th."""
    assert segments(np.arange(6.0), (2.0,), 1) == [(0, 3, 2.0), (1, 4, 2.0), (2, 5, 2.0)]
    assert segments(np.arange(6.0), (2.0, 4.0), 2) == [(0, 3, 2.0), (0, 5, 4.0), (2, 5, 2.0)]
    assert driven(straight(4, 0.5)).tolist() == [0, 0.5, 1, 1.5]


def test_absolute_error_by_hand():
    """Every second frame 0.1 m to the left of a straight line: after alignment 0.05 m everywhere, but for the tilt."""
    truth = straight(101)
    estimate = truth.copy()
    estimate[1::2, 1, 3] += 0.1
    assert absolute_error_m(estimate, truth) == pytest.approx(0.05, rel=1e-2)


def test_an_error_is_seen():
    """Scoring that compared something with itself, or ignored rotation, would give zeros here."""
    truth = planar_poses(60)
    worse = truth.copy()
    worse[30:] = worse[30:] @ turned(0.05, 0)
    error = relative_error(worse, truth, (5.0,), 1)
    assert error.rotation_deg_per_100m > 1
    worse[30:, 2, 3] += 1
    assert absolute_error_m(worse, truth) > 0.1
    assert relative_error(worse, truth, (5.0,), 1).translation_percent > 1


@pytest.mark.parametrize("angle", [0.0, 1e-9, 0.3, np.pi / 2, 3.1])
def test_angles_are_exact(angle):
    assert rotation_angle(turned(angle, 1)[:3, :3]) == pytest.approx(angle, rel=1e-6, abs=1e-15)


@pytest.mark.parametrize("angle", [0.0, 1e-6, 0.4, 3.0])
def test_half_a_motion_twice_is_the_motion(angle):
    """H H = M."""
    motion = turned(angle, 2) @ turned(angle / 3, 0)
    motion[:3, 3] = [1, 2, 3]
    assert np.allclose(half_motion(motion) @ half_motion(motion), motion)


def test_nearest_rotation_is_no_mirror():
    assert np.linalg.det(nearest_rotation(np.diag([1.0, 1.0, -0.1]))) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda poses: poses[:0], "at least 1"),
        (lambda poses: poses[:, :3], "expected poses"),
        (lambda poses: poses * np.nan, "finite"),
        (lambda poses: poses * 2, "rigid"),
        (lambda poses: poses @ np.diag([1.0, 1, -1, 1]), "rigid"),
        (lambda poses: poses[:-1], "as many poses"),
    ],
)
def test_bad_trajectories(change, reason):
    truth = straight(20)
    with pytest.raises(ValueError, match=reason):
        relative_error(change(truth), truth, (5.0,), 1)
    with pytest.raises(ValueError, match=reason):
        absolute_error_m(change(truth), truth)


def test_no_segment_fits():
    """KITTI's 100 m in a path of 19 m, or a single frame: an error, not a zero."""
    with pytest.raises(ValueError, match=r"no segment .* path of 19.0 m"):
        relative_error(straight(20), straight(20))
    with pytest.raises(ValueError, match="no segment"):
        relative_error(straight(1), straight(1), (1.0,), 1)


@pytest.mark.parametrize(("lengths", "step"), [((5.0,), 0), ((0.0,), 1), ((-1.0, 5.0), 1)])
def test_bad_segments(lengths, step):
    with pytest.raises(ValueError, match="positive lengths"):
        relative_error(straight(20), straight(20), lengths, step)
