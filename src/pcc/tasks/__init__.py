"""Downstream perception behind one contract: ``Task.run(frames) -> result``, ``Task.score(result, truth) -> figures``.

Odometry comes with the extra ``eval``. A program that is missing raises ``TaskError``, which names what to install.
What codecs do to the scores is ``pcc.evaluation.perception_runner``'s affair; nothing here knows of codecs.
"""

from pcc.tasks.base import Task, checked_frames

__all__ = ["Task", "checked_frames"]
