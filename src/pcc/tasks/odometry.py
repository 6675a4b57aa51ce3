"""LiDAR odometry with KISS-ICP (Vizzo et al., RA-L 2023): frames in, the sensor's trajectory out.

KISS-ICP registers each frame to a local map of voxels and nothing else: no loops are closed, no intensity is read. So
its drift shows what a codec did to the geometry. Made for raw frames of a scanner that turns clockwise ten times
a second, as KITTI's:

- Motion is taken out of each sweep (``deskew``). The time of a point is its azimuth's (``pcc.datasets.motion``), so a
  decoded cloud needs no time stamps. Frames whose motion was corrected before, as KITTI odometry's, want it off.
- KISS-ICP 1.3 moves points to the *end* of the sweep by the motion of the frame before; the poses given here are those
  of the middle, where KITTI's camera and inertial unit are read: half of that same motion back. (Half of the motion
  just found would not undo what was done to the points: rotation errors on drive 0005 are half as large again.) It
  knows no motion at its first two frames, and what they leave in the map disturbs the next few; that is its own.
- KISS-ICP keeps the first points that fall into a voxel, so the order of points matters to it. Here they are sorted
  first: the same set of points gives the same trajectory, and the order that a codec leaves is no part of the error.
- One thread: sums come out the same in every run.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pcc.datasets.motion import sweep_share
from pcc.errors import TaskError
from pcc.extras import install
from pcc.pointcloud import PointCloud
from pcc.tasks.base import Task, checked_frames
from pcc.tasks.trajectory import KITTI_LENGTHS_M, KITTI_STEP, absolute_error_m, half_motion, relative_error


@dataclass(frozen=True)
class KissOdometry(Task[np.ndarray, np.ndarray]):
    """KISS-ICP with its own defaults, but for the options below. Results and truths are (N, 4, 4) poses.

    Attributes:
        lengths_m, step: of the segments that relative errors are measured over (``pcc.tasks.trajectory``).
        deskew: take the sensor's motion out of each sweep.
        max_range_m, min_range_m: points outside are not used; a voxel of the map is a hundredth of ``max_range_m``.
        shuffle_seed: None sorts points; a seed shuffles them after that. Runs with different seeds show how much
            of a difference is chance.
    """

    lengths_m: Sequence[float] = KITTI_LENGTHS_M
    step: int = KITTI_STEP
    deskew: bool = True
    max_range_m: float = 100.0
    min_range_m: float = 0.0
    shuffle_seed: int | None = None

    name: ClassVar[str] = "odometry"
    package: ClassVar[str | None] = "kiss-icp"

    def run(self, frames: Iterable[PointCloud]) -> np.ndarray:
        """(N, 4, 4) float64 poses at mid-sweep, metres, relative to the first frame. Raises as ``Task.run``."""
        odometry = new_kiss_icp(self)
        poses = [self._register(odometry, i, frame) for i, frame in enumerate(checked_frames(frames))]
        if not poses:
            raise TaskError("odometry: expected at least one frame, got none")
        return np.linalg.inv(poses[0]) @ np.array(poses)

    def score(self, result: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """Relative errors over ``lengths_m``, absolute error after rigid alignment, both of (N, 4, 4) poses."""
        relative = relative_error(result, truth, self.lengths_m, self.step)
        return {
            "translation_percent": relative.translation_percent,
            "rotation_deg_per_100m": relative.rotation_deg_per_100m,
            "absolute_error_m": absolute_error_m(result, truth),
            "num_segments": float(relative.num_segments),
        }

    def as_truth(self, result: np.ndarray) -> np.ndarray:
        """A trajectory is one."""
        return result

    def _register(self, odometry: Any, index: int, frame: PointCloud) -> np.ndarray:
        """The pose (4, 4) of the next frame at mid-sweep, in the axes of KISS-ICP's map."""
        points = self._arranged(index, frame)
        if not self.deskew:
            odometry.register_frame(points, np.empty(0))
            return odometry.last_pose
        taken_out = odometry.last_delta.copy()
        odometry.register_frame(points, sweep_share(points))
        return odometry.last_pose @ np.linalg.inv(half_motion(taken_out))

    def _arranged(self, index: int, frame: PointCloud) -> np.ndarray:
        """(N, 3) float64 metres, sorted, then shuffled if asked for.

        Raises:
            TaskError: the coordinates are integers, which are voxels or millimetres but no metres.
        """
        if frame.xyz.dtype.kind != "f":
            raise TaskError(f"frame {index}: expected metres as floats, got {frame.xyz.dtype}")
        points = frame.xyz[np.lexsort(frame.xyz.T)].astype(np.float64) + 0.0  # -0.0 as 0.0: azimuths tell them apart
        if self.shuffle_seed is None:
            return points
        return np.random.default_rng([self.shuffle_seed, index]).permutation(points)


def new_kiss_icp(options: KissOdometry) -> Any:
    """A fresh ``KissICP``; every option is given, for it would read those left out from the environment."""
    try:
        config = importlib.import_module("kiss_icp.config.config")
        settings = importlib.import_module("kiss_icp.config.parser").KISSConfig(
            data=config.DataConfig(max_range=options.max_range_m, min_range=options.min_range_m, deskew=options.deskew),
            mapping=config.MappingConfig(voxel_size=options.max_range_m / 100),
            registration=config.RegistrationConfig(max_num_threads=1),
            adaptive_threshold=config.AdaptiveThresholdConfig(),
        )
        return importlib.import_module("kiss_icp.kiss_icp").KissICP(settings)
    except ImportError as error:
        raise TaskError(f"odometry: KISS-ICP is not installed: {install('eval')}") from error
