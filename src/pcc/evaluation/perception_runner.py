"""Perception beside rate: tasks on the undamaged frames of a sequence, then on those of every codec.

    frames ------------------------> task.run --> result --+--> score against the ground truth
    frames --codec, setting--> ... > task.run --> result --+--> the same, and against the undamaged result

The ground truth says how well the task does; the undamaged run says what the codec changed, also where the truth is
too coarse to show it. A cell that fails is listed with its reason and never enters a table as a number.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcc.anchors import Anchor, Setting
from pcc.anchors.bypass import Bypass
from pcc.errors import TaskError
from pcc.evaluation.codec_specs import describe_setting
from pcc.evaluation.machine import Machine, this_machine, versions
from pcc.evaluation.passage import Passage
from pcc.evaluation.stream_cache import StreamCache
from pcc.progress import progress
from pcc.tasks import Task

UNDAMAGED = "bypass"
FRAME_RATE_HZ = 10.0  # of KITTI's scanner


@dataclass(frozen=True, eq=False)
class Case:
    """A task and what is true of the frames that it will see.

    Attributes:
        truth: as ``task.score`` takes it.
        truth_source: where it comes from and how good it is, for the record.
    """

    task: Task
    truth: Any
    truth_source: str


@dataclass(frozen=True)
class TaskRow:
    """One task on one codec's decoded frames.

    Attributes:
        num_points, num_points_out: of all input and of all decoded frames.
        bpp: bits of all streams per input point.
        order: "kept" or "changed": whether points came back row by row.
        fields: "kept" or "not coded": the frames' fields, on KITTI the reflectance.
        scores: against the ground truth.
        against_undamaged: against the result on the undamaged frames; empty for these themselves.
    """

    task: str
    codec: str
    setting: str
    num_frames: int
    num_points: int
    num_points_out: int
    num_bytes: int
    bpp: float
    megabits_per_second: float
    order: str
    fields: str
    scores: dict[str, float]
    against_undamaged: dict[str, float]


@dataclass(frozen=True)
class TaskFailure:
    """A cell without a result."""

    task: str
    codec: str
    setting: str
    error: str


@dataclass(frozen=True)
class TaskEvaluation:
    """All rows in the order of tasks, then codecs, the undamaged frames first; and their conditions.

    Attributes:
        tasks: name, options, version and source of the truth of each.
        frames: names of the files.
    """

    rows: list[TaskRow]
    failures: list[TaskFailure]
    tasks: list[dict[str, Any]]
    frames: list[str]
    frame_rate_hz: float
    machine: Machine


def evaluate_tasks(
    frames: Sequence[Path],
    cases: Sequence[Case],
    codecs: Sequence[tuple[Anchor, Setting]],
    streams: Path | None = None,
    *,
    frame_rate_hz: float = FRAME_RATE_HZ,
) -> TaskEvaluation:
    """Runs every task on the undamaged frames and on those of every codec.

    Args:
        frames: files in the order of time.
        streams: folder where streams are kept, so that a run that was broken off goes on where it was; None keeps none.

    Raises:
        ValueError: there are no frames.
        Exception: a task fails on the undamaged frames, for there is nothing to compare with then.
    """
    if not frames:
        raise ValueError("frames: expected at least one, got none")
    rows: list[TaskRow] = []
    failures: list[TaskFailure] = []
    with progress(len(cases) * (1 + len(codecs)) * len(frames), "frames") as advance:
        count = itertools.count(1)
        for case in cases:
            run = _Run(frames, case, frame_rate_hz, lambda what: advance(next(count), what))
            rows.append(run.undamaged())
            for codec, setting in codecs:
                try:
                    rows.append(run.row(Passage(codec, setting, StreamCache(streams)), codec.name))
                except Exception as error:  # whatever a foreign codec or program does is its own cell's affair
                    reason = f"{type(error).__name__}: {error}"
                    failures.append(TaskFailure(case.task.name, codec.name, describe_setting(setting), reason))
    records = [_record(case) for case in cases]
    return TaskEvaluation(rows, failures, records, [path.name for path in frames], frame_rate_hz, this_machine())


class _Run:
    """One task over all codecs; remembers the undamaged result."""

    def __init__(
        self, frames: Sequence[Path], case: Case, frame_rate_hz: float, advance: Callable[[str], None]
    ) -> None:
        self.frames, self.case, self.frame_rate_hz, self.advance = frames, case, frame_rate_hz, advance
        self.reference: Any = None

    def undamaged(self) -> TaskRow:
        """The row that others are compared with: the arrays as they are, order and fields included."""
        fields = "all" if self.case.task.required_fields else "none"
        return self.row(Passage(Bypass("raw"), Setting(fields=fields)), UNDAMAGED)

    def row(self, passage: Passage, name: str) -> TaskRow:
        task = self.case.task
        result = task.run(passage.frames(self.frames, lambda: self.advance(f"{task.name} · {name}")))
        if passage.num_frames != len(self.frames):
            raise TaskError(f"{task.name}: expected to take {len(self.frames)} frames, took {passage.num_frames}")
        against = {} if self.reference is None else task.score(result, self.reference)
        scores = task.score(result, self.case.truth)
        if name == UNDAMAGED:
            self.reference = task.as_truth(result)
        return TaskRow(
            task=task.name, codec=name, setting=describe_setting(passage.setting),
            num_frames=passage.num_frames, num_points=passage.num_points, num_points_out=passage.num_points_out,
            num_bytes=passage.num_bytes, bpp=passage.bpp,
            megabits_per_second=passage.megabits_per_second(self.frame_rate_hz),
            order="kept" if passage.order_kept else "changed", fields="kept" if passage.fields_kept else "not coded",
            scores=scores, against_undamaged=against,
        )  # fmt: skip


def _record(case: Case) -> dict[str, Any]:
    task = case.task
    options: dict[str, Any] = dataclasses.asdict(task) if dataclasses.is_dataclass(task) else {}
    version = versions((task.package,)) if task.package else {}
    return {"name": task.name, "options": options, "version": version, "truth": case.truth_source}
