"""The contract of a perception task: one program and one score, for original and for decoded frames alike.

    frames --run--> result --score(truth)--> named figures
                      |                        ^
                      +-------as_truth---------+   of the undamaged run, for the decoded ones

A codec may give points back in another order, merged or moved. So a result stands on its own and refers to no row of
an input: a detector's is the boxes of each frame, a segmenter's is positions *with* their labels, and its ``score``
carries labels over by the nearest neighbour. A score by rows would measure the order and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

import numpy as np

from pcc.errors import InvalidCloud, MissingField
from pcc.pointcloud import PointCloud

Result = TypeVar("Result")
Truth = TypeVar("Truth")


class Task(ABC, Generic[Result, Truth]):
    """A perception program with its own constant options.

    Attributes:
        name: names rows of tables.
        required_fields: what every frame must carry besides positions, such as ``intensity``.
        package: the distribution whose version belongs in the record.
    """

    name: ClassVar[str]
    required_fields: ClassVar[tuple[str, ...]] = ()
    package: ClassVar[str | None] = None

    @abstractmethod
    def run(self, frames: Iterable[PointCloud]) -> Result:
        """The program over all ``frames``, each taken once and in their order; they may be made as they are taken.

        Raises:
            MissingField: a frame lacks one of ``required_fields``.
            InvalidCloud: a frame is empty or not finite.
            TaskError: the program is missing or failed.
        """

    @abstractmethod
    def score(self, result: Result, truth: Truth) -> dict[str, float]:
        """Figures with their unit in the name; all finite.

        Raises:
            ValueError: result and truth do not belong together, or there is nothing to score.
        """

    @abstractmethod
    def as_truth(self, result: Result) -> Truth:
        """What other results are scored against when ``result`` is the undamaged run's, such as its confident boxes."""


def checked_frames(frames: Iterable[PointCloud], required_fields: Sequence[str] = ()) -> Iterator[PointCloud]:
    """``frames`` one by one, each checked before it is handed on.

    Raises:
        MissingField: a frame lacks a required field.
        InvalidCloud: a frame has no points, or coordinates that are not finite.
    """
    for i, frame in enumerate(frames):
        missing = [name for name in required_fields if name not in frame.fields]
        if missing:
            present = ", ".join(frame.fields) or "none"
            raise MissingField(f"frame {i}: expected the fields {', '.join(required_fields)}, got {present}")
        if len(frame) == 0:
            raise InvalidCloud(f"frame {i}: expected at least one point, got none")
        if not np.isfinite(frame.xyz).all():
            raise InvalidCloud(f"frame {i}: expected finite coordinates; PointCloud.finite() leaves the others out")
        yield frame
