"""One input in a process of its own, with bounds for its time and memory: nothing that it does harms the caller.

The process is a fork, so it starts in milliseconds, with modules and models that the parent has loaded. It has as much
more address space than the parent as the budget says, which counts a little more than memory: stacks of threads.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from tests.fuzz.target import Finding, Target, finding_of

STACKS = 256 << 20  # address space of threads, beside what the budget says
PATIENCE = 12  # times the CPU time: until a process that waits, or gets no core, is killed


def guarded(target: Target, data: bytes, *, stacks: int = STACKS) -> Finding | None:
    """What is wrong with the way that the target ends on ``data``; None where nothing is."""
    warm_up(target)
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's of forks beside threads; ours stand them
        child = os.fork()
    if not child:
        os.close(reader)
        _in_child(target, data, writer, stacks)
    os.close(writer)
    said = _read(reader, target.seconds * PATIENCE, child)
    _, status = os.waitpid(child, 0)
    if said:
        return Finding(**json.loads(said)) if said != b"null" else None
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return Finding("hang", "", f"no end after {target.seconds:g} s of CPU time")
    return Finding("crash", "", f"the process ended with status {os.waitstatus_to_exitcode(status)}")


@cache
def warm_up(target: Target) -> None:
    """Runs the seeds here, which are sound, so that children find loaded what they need."""
    for data in target.seeds().values():
        observe(target.run, data)


def _read(reader: int, seconds: float, child: int) -> bytes:
    """Everything that the child says until it ends; it is killed when that takes too long."""
    said, end = b"", time.monotonic() + seconds
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(end - time.monotonic(), 0))[0]:
            part = pipe.read(1 << 16)
            if not part:
                return said
            said += part
    os.kill(child, signal.SIGKILL)
    return b""


def _in_child(target: Target, data: bytes, writer: int, stacks: int) -> None:
    """Runs the target, says what came of it, and ends the process."""
    faulthandler.disable()  # a process that dies here has nothing to say to a terminal
    for descriptor in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    limit_process(target.seconds, target.num_bytes + stacks)
    start = time.process_time()
    finding = observe(target.run, data)
    if finding is None and time.process_time() - start > target.seconds:
        finding = Finding("hang", "", f"{time.process_time() - start:.1f} s of CPU time")
    os.write(writer, json.dumps(finding and asdict(finding)).encode())
    os._exit(0)


def observe(run: Callable[[bytes], None], data: bytes) -> Finding | None:
    """What is wrong with the end of ``run(data)``, as far as that can be told inside the process."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(data)
    except BaseException as error:  # SystemExit is a finding too
        return finding_of(error)
    return None


def limit_process(seconds: float, num_bytes: int) -> None:
    """From now on this process has so much CPU time and so much more memory; no core file."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    space = pages * resource.getpagesize() + num_bytes
    used = int(time.process_time())
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, used + int(seconds) + 2),
        (resource.RLIMIT_AS, space),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
