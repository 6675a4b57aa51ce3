"""pcc.tasks.base: frames are checked before a program sees them."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.errors import InvalidCloud, MissingField, PccError, TaskError
from pcc.pointcloud import PointCloud
from pcc.tasks import Task, checked_frames

POINT = np.ones((1, 3), np.float32)


class CountPoints(Task[list[int], list[int]]):
    """A detector's shape without a detector: one figure a frame, and intensity needed."""

    name = "count"
    required_fields = ("intensity",)

    def run(self, frames):
        return [len(frame) for frame in checked_frames(frames, self.required_fields)]

    def score(self, result, truth):
        return {"wrong_percent": 100 * float(np.mean(np.not_equal(result, truth)))}

    def as_truth(self, result):
        return result


def test_a_task_of_three_methods_runs():
    frames = [PointCloud(POINT, {"intensity": np.zeros(1)}), PointCloud(POINT[[0, 0]], {"intensity": np.zeros(2)})]
    task = CountPoints()
    assert task.run(iter(frames)) == [1, 2]
    assert task.score([1, 3], task.as_truth([1, 2])) == {"wrong_percent": 50}


def test_a_missing_field_is_named():
    frames = [PointCloud(POINT, {"intensity": np.zeros(1)}), PointCloud(POINT, {"label": np.zeros(1)})]
    with pytest.raises(MissingField, match="frame 1: expected the fields intensity, got label"):
        CountPoints().run(frames)
    assert issubclass(MissingField, TaskError)
    assert issubclass(TaskError, PccError)


@pytest.mark.parametrize(
    ("xyz", "reason"), [(POINT[:0], "at least one point"), (POINT * np.nan, "finite"), (POINT * np.inf, "finite")]
)
def test_bad_frames_are_refused(xyz, reason):
    with pytest.raises(InvalidCloud, match=f"frame 1: .*{reason}"):
        list(checked_frames([PointCloud(POINT), PointCloud(xyz)]))


def test_frames_are_taken_one_by_one():
    """Nothing is read ahead: the second frame is bad and the first one is handed on."""
    assert len(next(checked_frames([PointCloud(POINT), PointCloud(POINT[:0])]))) == 1
