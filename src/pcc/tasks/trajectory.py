"""Errors of a trajectory: relative ones as KITTI's odometry benchmark defines them, and the absolute one.

A pose is the (4, 4) rigid transform from a sensor's axes to the world's. No error here depends on where the world's
origin is. Relative errors are those of KITTI's ``evaluate_odometry.cpp`` (devkit 2012): for a segment from frame a to
the first frame b at which more than L metres of the true path have been driven,

    E = (R_a^-1 R_b)^-1 (T_a^-1 T_b)     R: estimate, T: truth
    |translation(E)| / L    and    angle(E) / L

and the mean over all segments of all lengths is the figure. KITTI takes L = 100, 200 ... 800 m and starts at every
tenth frame; a short drive needs shorter segments, and figures of other lengths are other figures: drift that grows
faster or slower than the path makes them incomparable. So lengths are arguments and stand in the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KITTI_LENGTHS_M = (100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0)
KITTI_STEP = 10
_RIGID_TOLERANCE = 1e-6


@dataclass(frozen=True)
class RelativeError:
    """Means over segments.

    Attributes:
        translation_percent: of the segment's length.
        rotation_deg_per_100m: degrees in 100 m.
        num_segments: that the means are over.
        lengths_m: of the segments that were asked for and found at least once.
    """

    translation_percent: float
    rotation_deg_per_100m: float
    num_segments: int
    lengths_m: tuple[float, ...]


def relative_error(
    estimate: np.ndarray, truth: np.ndarray, lengths_m: Sequence[float] = KITTI_LENGTHS_M, step: int = KITTI_STEP
) -> RelativeError:
    """KITTI's odometry error.

    Args:
        estimate, truth: (N, 4, 4) float64 poses in metres, frame by frame.
        lengths_m: of segments, along the true path.
        step: a segment begins at every ``step``-th frame.

    Raises:
        ValueError: these are not N poses each, a length or the step is not positive, or no segment fits the path.
    """
    estimate, truth = check_poses(estimate, "estimate"), check_poses(truth, "truth")
    _check_pair(estimate, truth)
    if step < 1 or not all(length > 0 for length in lengths_m):
        raise ValueError(f"expected a step of at least 1 and positive lengths, got {step} and {list(lengths_m)}")
    found = segments(driven(truth), lengths_m, step)
    if not found:
        raise ValueError(f"lengths_m: no segment of {list(lengths_m)} m in a path of {driven(truth)[-1]:.1f} m")
    first, last = np.array([(a, b) for a, b, _ in found]).T
    length = np.array([length for _, _, length in found])
    error = np.linalg.inv(_motion(estimate, first, last)) @ _motion(truth, first, last)
    return RelativeError(
        translation_percent=float((np.linalg.norm(error[:, :3, 3], axis=1) / length).mean() * 100),
        rotation_deg_per_100m=float(np.rad2deg(rotation_angle(error[:, :3, :3]) / length).mean() * 100),
        num_segments=len(found),
        lengths_m=tuple(sorted(set(length.tolist()))),
    )


def absolute_error_m(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square distance of positions, metres, after the rigid motion that makes it least.

    That motion is Horn's and Umeyama's, without scale (Sturm et al., IROS 2012).

    Args:
        estimate, truth: (N, 4, 4) float64 poses in metres, frame by frame.

    Raises:
        ValueError: these are not N poses each.
    """
    estimate, truth = check_poses(estimate, "estimate"), check_poses(truth, "truth")
    _check_pair(estimate, truth)
    source, target = (poses[:, :3, 3] - poses[:, :3, 3].mean(0) for poses in (estimate, truth))
    rotation = nearest_rotation(target.T @ source)
    return float(np.sqrt(((source @ rotation.T - target) ** 2).sum(1).mean()))


def driven(poses: np.ndarray) -> np.ndarray:
    """Metres driven until each of the poses (N, 4, 4): (N,) float64, the first 0."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1))])


def segments(distance: np.ndarray, lengths_m: Sequence[float], step: int) -> list[tuple[int, int, float]]:
    """(first frame, last frame, length) of every segment that ends before the path does.

    Args:
        distance: (N,) metres driven, not falling.
    """
    found = []
    for first in range(0, len(distance), step):
        for length in lengths_m:
            last = int(np.searchsorted(distance, distance[first] + length, side="right"))
            if last < len(distance):
                found.append((first, last, float(length)))
    return found


def rotation_angle(rotations: np.ndarray) -> np.ndarray:
    """Angles (...) in radians, 0 to pi, of rotations (..., 3, 3); exact for small ones, where an arc cosine is not."""
    r = rotations
    axis = np.stack(
        [r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]], axis=-1
    )  # twice the sine
    return np.arctan2(np.linalg.norm(axis, axis=-1), np.trace(r, axis1=-2, axis2=-1) - 1)


def half_motion(motion: np.ndarray) -> np.ndarray:
    """The rigid motion (4, 4) that gives ``motion`` (4, 4) when done twice, for rotations below pi.

    I + R = 2 cos(angle / 2) times the half rotation, plus a symmetric part along the axis: the nearest rotation is it.
    """
    half = np.eye(4)
    half[:3, :3] = nearest_rotation(np.eye(3) + motion[:3, :3])
    half[:3, 3] = np.linalg.solve(np.eye(3) + half[:3, :3], motion[:3, 3])
    return half


def nearest_rotation(matrix: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) with the largest trace of its transpose times ``matrix`` (3, 3)."""
    left, _, right = np.linalg.svd(matrix)
    sign = np.sign(np.linalg.det(left @ right))
    return left @ np.diag([1, 1, sign]) @ right


def check_poses(poses: np.ndarray, name: str) -> np.ndarray:
    """``poses`` as (N, 4, 4) float64.

    Raises:
        ValueError: it is empty, of another shape, not finite, or not rigid.
    """
    poses = np.asarray(poses, np.float64)
    if poses.ndim != 3 or poses.shape[1:] != (4, 4) or len(poses) == 0:
        raise ValueError(f"{name}: expected poses (N, 4, 4) with N of at least 1, got {poses.shape}")
    if not np.isfinite(poses).all():
        raise ValueError(f"{name}: expected finite poses")
    rotation = poses[:, :3, :3]
    square = np.abs(rotation @ rotation.swapaxes(1, 2) - np.eye(3)).max()
    proper = (np.linalg.det(rotation) > 0).all() and (poses[:, 3] == [0, 0, 0, 1]).all()
    if square > _RIGID_TOLERANCE or not proper:
        raise ValueError(f"{name}: expected rigid transforms, last row 0 0 0 1")
    return poses


def _check_pair(estimate: np.ndarray, truth: np.ndarray) -> None:
    if len(estimate) != len(truth):
        raise ValueError(f"expected as many poses as the truth has, {len(truth)}, got {len(estimate)}")


def _motion(poses: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(S, 4, 4): from the pose at ``last`` (S,) to that at ``first`` (S,)."""
    return np.linalg.inv(poses[first]) @ poses[last]
