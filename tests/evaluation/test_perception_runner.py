"""pcc.evaluation.perception_runner: real odometry, real codecs; what a codec breaks shows in the row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from pcc.anchors import Setting
from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.datasets.drive import kitti_drive
from pcc.errors import InvalidCloud
from pcc.evaluation.ours import PccCodec
from pcc.evaluation.perception_runner import Case, evaluate_tasks
from pcc.io import write_points
from pcc.pointcloud import PointCloud
from pcc.tasks import Task, checked_frames
from pcc.tasks.odometry import KissOdometry
from tests.drives import drive_frames, planar_poses, write_drive


@dataclass(frozen=True)
class MeanIntensity(Task[list[float], list[float]]):
    """What a task that needs a field looks like."""

    name: ClassVar[str] = "intensity"
    required_fields: ClassVar[tuple[str, ...]] = ("intensity",)

    def run(self, frames):
        return [float(f.fields["intensity"].mean()) for f in checked_frames(frames, self.required_fields)]

    def score(self, result, truth):
        return {"error": float(np.abs(np.subtract(result, truth)).mean())}

    def as_truth(self, result):
        return result


@dataclass(frozen=True)
class FirstFrameOnly(MeanIntensity):
    """A program that stops early: its bits would be those of one frame."""

    name: ClassVar[str] = "first"

    def run(self, frames):
        return super().run([next(iter(frames))])


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """(frames, Case of odometry) of a drive of 6 frames."""
    pytest.importorskip("kiss_icp", reason="KISS-ICP is not installed (extra eval)")
    poses = planar_poses(6)
    drive = kitti_drive(**write_drive(tmp_path_factory.mktemp("drive"), drive_frames(poses), poses))
    return drive.frames, Case(KissOdometry((1.0, 2.0), 1, deskew=False), drive.poses, drive.truth)


def test_odometry_beside_rate(paths, tmp_path):
    """Lossless = undamaged, whatever its order; a coarse grid costs few bits and moves the path."""
    frames, case = paths
    codecs = [
        (PccCodec("adaptive"), Setting()),
        (PccCodec("adaptive"), Setting(max_error=1.0)),
        (Draco(), Setting(fields="all")),
    ]
    result = evaluate_tasks(frames, [case], codecs, tmp_path / "streams")
    undamaged, lossless, coarse = result.rows
    assert undamaged.codec == "bypass"
    assert undamaged.against_undamaged == {}
    assert undamaged.bpp > 96
    assert undamaged.scores["translation_percent"] < 5
    assert lossless.scores == undamaged.scores
    assert lossless.against_undamaged["absolute_error_m"] == pytest.approx(0, abs=1e-9)
    assert (undamaged.order, lossless.order) == ("kept", "changed")
    assert lossless.num_points_out == lossless.num_points == undamaged.num_points
    assert coarse.bpp < lossless.bpp < undamaged.bpp
    assert coarse.against_undamaged["absolute_error_m"] > 0.01
    assert coarse.setting == "max_error=1"
    assert coarse.megabits_per_second == pytest.approx(8 * coarse.num_bytes * 10 / 6 / 1e6)
    (failure,) = result.failures
    assert (failure.task, failure.codec, failure.setting) == ("odometry", "draco", "lossless, fields=all")
    assert "positions only" in failure.error
    assert result.tasks[0]["options"]["lengths_m"] == (1.0, 2.0)
    assert "OXTS" in result.tasks[0]["truth"]
    assert result.frames[0] == "0000000000.bin"


def test_streams_are_taken_up_again(paths, tmp_path):
    """The second run codes nothing: it reads, and its rows are the same."""
    frames, case = paths
    codecs = [(PccCodec("adaptive"), Setting(max_error=0.05))]
    first = evaluate_tasks(frames, [case], codecs, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(times) == len(frames)
    second = evaluate_tasks(frames, [case], codecs, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times
    assert first.rows == second.rows


def test_a_codec_that_mixes_up_frames_is_found_out(paths):
    """A decoder that returns points of another place: the path is another."""

    class Mirror(Bypass):
        def decompress(self, data):
            return PointCloud(super().decompress(data).xyz * np.float32([1, -1, 1]))

    frames, case = paths
    undamaged, mirrored = evaluate_tasks(frames, [case], [(Mirror("raw"), Setting())]).rows
    assert mirrored.against_undamaged["rotation_deg_per_100m"] > 50
    assert mirrored.scores["rotation_deg_per_100m"] > undamaged.scores["rotation_deg_per_100m"]


def test_tasks_that_need_fields(paths):
    """Two tasks in one run; a codec that drops intensity fails in the one that needs it, with the reason."""
    frames, case = paths
    truth = [0.0] * len(frames)
    cases = [case, Case(MeanIntensity(), truth, "none")]
    codecs = [(Bypass("zlib"), Setting(fields="all")), (Bypass("zlib"), Setting())]
    result = evaluate_tasks(frames, cases, codecs)
    assert [(row.task, row.codec, row.fields) for row in result.rows] == [
        ("odometry", "bypass", "not coded"),
        ("odometry", "zlib", "kept"),
        ("odometry", "zlib", "not coded"),
        ("intensity", "bypass", "kept"),
        ("intensity", "zlib", "kept"),
    ]
    assert result.rows[-1].against_undamaged == {"error": 0}
    (failure,) = result.failures
    assert failure.error.startswith("MissingField: frame 0")


def test_a_task_that_stops_early_has_no_rate(paths):
    with pytest.raises(Exception, match="expected to take 6 frames, took 1"):
        evaluate_tasks(paths[0], [Case(FirstFrameOnly(), [0.0], "none")], [])


def test_bad_frames(paths, tmp_path):
    """Nothing to compare with: the error of the undamaged run comes through."""
    _, case = paths
    with pytest.raises(ValueError, match="at least one"):
        evaluate_tasks([], [case], [])
    write_points(tmp_path / "0.bin", PointCloud(np.empty((0, 3), np.float32)))
    with pytest.raises(InvalidCloud, match="frame 0"):
        evaluate_tasks([tmp_path / "0.bin"], [case], [])
    write_points(tmp_path / "0.bin", PointCloud(np.full((5, 3), np.nan, np.float32)))
    with pytest.raises(InvalidCloud, match="finite"):
        evaluate_tasks([tmp_path / "0.bin"], [case], [])


def test_one_frame_has_no_score(paths):
    frames, case = paths
    alone = Case(case.task, case.truth[:1], case.truth_source)
    with pytest.raises(ValueError, match="no segment"):
        evaluate_tasks(frames[:1], [alone], [])


def test_rows_are_json(paths):
    row = evaluate_tasks(paths[0], [paths[1]], []).rows[0]
    assert json.loads(json.dumps(row.scores)) == row.scores
