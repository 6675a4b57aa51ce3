"""pcc.tasks.odometry: KISS-ICP finds a synthetic drive's path; order does not matter; bad frames are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pcc.datasets.motion import sweep_share
from pcc.errors import InvalidCloud, TaskError
from pcc.pointcloud import PointCloud
from pcc.tasks.odometry import KissOdometry, new_kiss_icp
from pcc.tasks.trajectory import driven
from tests.drives import drive_frames, planar_poses, skewed

LENGTHS = (1.0, 2.0)
STEP_M = 0.5


@pytest.fixture(scope="module")
def drive():
    """(frames, true poses) of 8 frames; the scanner rests during each sweep."""
    pytest.importorskip("kiss_icp", reason="KISS-ICP is not installed (extra eval)")
    poses = planar_poses(8, STEP_M)
    return drive_frames(poses), poses


@pytest.fixture(scope="module")
def still():
    """Odometry for frames without motion in them."""
    return KissOdometry(LENGTHS, 1, deskew=False)


def test_it_finds_the_path(drive, still):
    """A path of 3.5 m within 5 %, its first pose the identity."""
    frames, truth = drive
    poses = still.run(iter(frames))
    assert poses.shape == (8, 4, 4)
    assert np.array_equal(poses[0], np.eye(4))
    assert driven(poses)[-1] == pytest.approx(driven(truth)[-1], rel=0.05)
    scores = still.score(poses, truth)
    assert scores["translation_percent"] < 5
    assert scores["absolute_error_m"] < 0.05
    assert scores["num_segments"] == 8


def test_scores_tell_a_wrong_path(drive, still):
    """Frames in reverse, or one frame eight times, are no drive ahead."""
    frames, truth = drive
    right = still.score(still.run(frames), truth)
    assert still.score(still.run(frames[::-1]), truth)["translation_percent"] > 50
    assert still.score(still.run(frames[:1] * 8), truth)["translation_percent"] > 50 > right["translation_percent"]


def test_the_same_points_give_the_same_path(drive, still):
    """run(frames in any order of points) = run(frames), bit for bit; a shuffle by seed is another run."""
    frames, _ = drive
    poses = still.run(frames)
    mixed = [frame.take(np.random.default_rng(3).permutation(len(frame))) for frame in frames]
    assert np.array_equal(still.run(mixed), poses)
    shuffled = KissOdometry(LENGTHS, 1, deskew=False, shuffle_seed=1)
    assert not np.array_equal(shuffled.run(frames), poses)
    assert np.array_equal(shuffled.run(frames), shuffled.run(mixed))


def test_negative_zeros_are_zeros(drive):
    """A codec may lose the sign of a zero; the azimuth of (-1, -0) must not be another than that of (-1, 0)."""
    frames, _ = drive
    behind = np.array([[-5, 0, 0], [-7, 0, 1]], np.float32)
    task = KissOdometry(LENGTHS, 1)
    paths = []
    for sign in (1, -1):
        extended = [PointCloud(np.concatenate([frame.xyz, behind * [1, sign, 1]])) for frame in frames]
        paths.append(task.run(extended))
    assert np.array_equal(*paths)


def test_motion_is_taken_out_of_the_sweep(drive):
    """What KISS-ICP makes of a sweep at 1 m a sweep is what a still scanner saw, from half a metre further on.

    So azimuths are turned into times the right way round, and the end of the sweep is where this version moves points.
    """
    still = drive[0][0]
    seen, motion = skewed(still, 1.0).xyz.astype(np.float64), planar_poses(2, 1.0, 0.0)[1]
    preprocessor = new_kiss_icp(KissOdometry()).preprocessor
    moved = preprocessor.preprocess(seen, sweep_share(seen), motion)
    seam = np.abs(sweep_share(still.xyz)) > 0.45  # points there were seen at the begin, at the end, or both
    assert np.abs(moved - still.xyz + [0.5, 0, 0])[~seam].max() < 0.01
    assert np.abs(seen - still.xyz)[~seam].max() > 0.4


def test_poses_are_those_of_mid_sweep():
    """A scanner that speeds up from 0.2 to 1 m a sweep: the end of the sweep runs away from its middle by 0.4 m."""
    speeds = np.linspace(0.2, 1.0, 9)
    poses = np.tile(np.eye(4), (9, 1, 1))
    poses[1:, 0, 3] = np.cumsum((speeds[1:] + speeds[:-1]) / 2)
    poses[:, 0, 3] -= 2.5  # around the middle of the yard
    frames = [skewed(frame, speed) for frame, speed in zip(drive_frames(poses), speeds, strict=True)]
    task = KissOdometry((2.0, 3.0), 1)
    assert task.score(task.run(frames), poses)["translation_percent"] < 4


def test_few_frames(drive, still):
    """None is an error; one has a pose and no score."""
    frames, truth = drive
    with pytest.raises(TaskError, match="at least one frame"):
        still.run([])
    alone = still.run(frames[:1])
    assert np.array_equal(alone, np.eye(4)[None])
    with pytest.raises(ValueError, match="no segment"):
        still.score(alone, truth[:1])
    with pytest.raises(ValueError, match="as many poses"):
        still.score(alone, truth)


def test_bad_frames(drive, still):
    frames, _ = drive
    holes = frames[1].xyz.copy()
    holes[3, 1] = np.nan
    for bad in (PointCloud(holes), PointCloud(holes[:0])):
        with pytest.raises(InvalidCloud, match="frame 1"):
            still.run([frames[0], bad])
    with pytest.raises(TaskError, match="frame 0: expected metres as floats, got int32"):
        still.run([PointCloud(np.ones((4, 3), np.int32))])


def test_missing_program(monkeypatch):
    monkeypatch.setitem(sys.modules, "kiss_icp", None)
    monkeypatch.setitem(sys.modules, "kiss_icp.config", None)
    monkeypatch.setitem(sys.modules, "kiss_icp.config.config", None)
    with pytest.raises(TaskError, match=r"pip install '\.\[eval\]'"):
        KissOdometry().run([PointCloud(np.ones((4, 3)))])


def test_nothing_is_printed(drive, still, capfd):
    still.run(drive[0][:2])
    assert capfd.readouterr() == ("", "")
