"""Programs of others, run with their time and peak of memory measured, and ended when they take too long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pcc.errors import AnchorError

# The system counts the memory of who starts a program as the program's, so a small process starts it.
_LAUNCHER = """
import os, subprocess, sys, time
with open(sys.argv[1], "wb") as log:
    start = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
print(process.returncode, wall_s, usage.ru_utime, usage.ru_stime, usage.ru_maxrss)
"""
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class ProgramRun:
    """One run of a program.

    Attributes:
        log: what it wrote to its standard output and error, together.
        wall_s: from its start to its end, its own reading and writing of files included.
        user_s, system_s: CPU seconds of all its threads.
        peak_bytes: its highest resident set; never below the 10 MB or so of the process that starts it.
    """

    log: str
    wall_s: float
    user_s: float
    system_s: float
    peak_bytes: int


def run_program(
    command: Sequence[str | Path], timeout_s: float | None = None, environment: Mapping[str, str] | None = None
) -> ProgramRun:
    """Runs ``command`` to its end.

    Args:
        command: the program and its arguments.
        timeout_s: None waits for ever.
        environment: the variables that it sees; None: those of this process.

    Raises:
        AnchorError: it cannot be started, fails, or takes longer than ``timeout_s``; the message has its last line.
        ValueError: the command is empty.
    """
    if not command:
        raise ValueError("command: expected a program and its arguments, got nothing")
    name = Path(command[0]).name
    with tempfile.TemporaryDirectory(prefix="pcc-run-") as folder:
        log = Path(folder, "log")
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(log), *map(str, command)]
        process = subprocess.Popen(
            launcher,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=environment,
        )
        try:
            answer, complaint = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise AnchorError(f"{name}: ended after {timeout_s:g} s") from None
        finally:
            _end(process)
        text = log.read_text(errors="replace") if log.exists() else ""
    if process.returncode != 0:
        raise AnchorError(f"{name}: cannot be started: {_last_line(complaint)}")
    status, wall_s, user_s, system_s, peak = answer.split()
    if int(status) != 0:
        raise AnchorError(f"{name}: ended with status {status}: {_last_line(text)}")
    return ProgramRun(text, float(wall_s), float(user_s), float(system_s), int(peak) * _RSS_UNIT)


def _end(process: subprocess.Popen) -> None:
    """Ends the launcher and its program, if they still run."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"
