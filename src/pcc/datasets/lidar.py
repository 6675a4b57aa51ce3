"""LiDAR frames for training as integers in millimetres, from folders of KITTI ``.bin`` files.

KITTI's raw frames lie on a grid of 1 mm, so nothing is lost; motion-corrected frames lie on no grid and are rounded.
Intensity is not read. Held-out frames are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pcc.datasets.good_files import read_good
from pcc.datasets.heldout import refuse_heldout
from pcc.datasets.motion import Twist, correct_motion, random_twist, read_rigid, read_twist
from pcc.errors import InvalidCloud
from pcc.io import read_points
from pcc.progress import track

MAX_RANGE_MM = 500_000


def find_frames(folders: Sequence[Path], every: int = 1, exclude: Sequence[str] = ()) -> list[Path]:
    """KITTI frames under the folders in the order of their names.

    Args:
        every: take each ``every``-th frame of a folder.
        exclude: ``folder/file`` names to leave out; held-out frames among others have to be named here.

    Raises:
        FileNotFoundError: a folder holds none.
    """
    frames: list[Path] = []
    for folder in folders:
        found = sorted(folder.rglob("*.bin"))[::every]
        if not found:
            raise FileNotFoundError(f"no KITTI .bin frames under {folder}")
        frames += [path for path in found if f"{path.parent.name}/{path.name}" not in exclude]
    return frames


def read_xyz(path: Path) -> np.ndarray:
    """(N, 3) float64 metres of a KITTI frame; points that are not finite or beyond ``MAX_RANGE_MM`` are left out.

    Raises:
        InvalidCloud: it is no KITTI frame, or no point is left.
    """
    xyz = read_points(path).xyz.astype(np.float64)
    xyz = xyz[(np.abs(xyz) * 1000 < MAX_RANGE_MM).all(1)]
    if len(xyz) == 0:
        raise InvalidCloud(f"{path}: no finite points")
    return xyz


def millimetres(xyz: np.ndarray) -> np.ndarray:
    """(N, 3) metres rounded to (N, 3) int32 millimetres."""
    return np.rint(xyz * 1000).astype(np.int32)


def raw_frames(paths: Sequence[Path]) -> list[np.ndarray]:
    """Frames as they are: (N, 3) int32 millimetres each; files that are none are skipped with a warning.

    Raises:
        HeldOutCloud: one is a test frame.
        InvalidCloud: all of them are no frames.
    """
    return read_good(track(paths, "reading frames"), read_frame)


def read_frame(path: Path) -> np.ndarray:
    """One frame: (N, 3) int32 millimetres.

    Raises:
        HeldOutCloud: it is a test frame.
        InvalidCloud: it is not a KITTI frame.
    """
    return millimetres(_read_training_xyz(path))


def corrected_frames(paths: Sequence[Path], oxts: Path, imu_to_velo: Path) -> list[np.ndarray]:
    """Frames of a raw drive with the car's motion taken out, as KITTI odometry publishes them.

    Args:
        paths: frames ``<number>.bin``.
        oxts: folder of the inertial unit's records ``<number>.txt``.
        imu_to_velo: KITTI's ``calib_imu_to_velo.txt``.

    Returns:
        (N, 3) int32 millimetres each, in the sensor's pose at mid-sweep.
    """
    rotation, translation = read_rigid(imu_to_velo)
    return read_good(
        track(paths, "correcting motion"),
        lambda path: _corrected(path, read_twist(oxts / f"{path.stem}.txt", rotation, translation)),
    )


def twisted_frames(paths: Sequence[Path], seed: int = 0) -> list[np.ndarray]:
    """Frames corrected by a motion drawn at random: what correction does to the pattern of the beams, at many places.

    The true motion is not known, so walls bend by up to a metre or so over the sweep; no point set for mapping.
    """
    rng = np.random.default_rng(seed)
    return read_good(track(paths, "twisting frames"), lambda path: _corrected(path, random_twist(rng)))


def _corrected(path: Path, twist: Twist) -> np.ndarray:
    return millimetres(correct_motion(_read_training_xyz(path), twist))


def _read_training_xyz(path: Path) -> np.ndarray:
    refuse_heldout(path)
    xyz = read_xyz(path)
    refuse_heldout(path, millimetres(xyz))
    return xyz
