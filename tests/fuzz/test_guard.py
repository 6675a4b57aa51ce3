"""crash, hang, memory, error and wrong are told apart; values and pcc's own errors are no findings."""

from __future__ import annotations

import os
import signal
import sys
import threading

import numpy as np
import pytest

from pcc.errors import CorruptStream
from tests.fuzz.guard import guarded
from tests.fuzz.structures import WHOLE
from tests.fuzz.target import Target

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def sound(data: bytes) -> None:
    assert data == b"input"


def refused(data: bytes) -> None:
    raise CorruptStream("not a stream")


def crash(data: bytes) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def abort(data: bytes) -> None:
    os.abort()


def silent_exit(data: bytes) -> None:
    os._exit(0)


def leave(data: bytes) -> None:
    sys.exit(1)


def busy(data: bytes) -> None:
    while True:
        pass


def asleep(data: bytes) -> None:
    threading.Event().wait()


def greedy(data: bytes) -> None:
    np.ones(1 << 30, np.uint8)


def failing(data: bytes) -> None:
    raise KeyError("xyz")


def differing(data: bytes) -> None:
    raise AssertionError("1 is not 2")


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (sound, None), (refused, None), (crash, "crash"), (abort, "crash"), (silent_exit, "crash"), (leave, "error"),
        (busy, "hang"), (asleep, "hang"), (greedy, "memory"), (failing, "error"), (differing, "wrong"),
    ],
)  # fmt: skip
def test_classes(run, kind):
    """The class of a finding = what happened."""
    finding = guarded(Target(run, dict, WHOLE, seconds=0.2, num_bytes=1 << 27), b"input")
    assert (finding and finding.kind) == kind


def test_signature_is_that_of_the_place():
    """Other words at the same place are the same finding."""
    target = Target(failing, dict, WHOLE, seconds=1)
    found = guarded(target, b"")
    assert found is not None
    assert found.signature == "error test_guard.py:failing KeyError"
    assert found.text.endswith("'xyz'")
