"""What a codec costs: parameters, kMAC per input point, wall time and peak memory, by calls in fresh processes.

A peak of memory belongs to a process, not to a call: in a process that has done other work it is the other work's.
So ``measure`` starts an interpreter of its own for each call, hands it one function and its arguments, and takes back
the value, the wall time of the call and the process's highest resident set. It is no profiler, and it does not
count the interpreter's start or imports as time of the call; what the call itself imports, it pays for.

    measure(function, *args)  --request-->  pcc.metrics.child  --answer-->  Measured
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcc.errors import PccError


@dataclass(frozen=True)
class Complexity:
    """The cost of one codec on one cloud; None: not known or not applicable.

    Attributes:
        parameters: weights of the networks that a decoder needs.
        kmac_per_point: thousands of multiply-accumulates of the decoder's networks per *input* point.
        encode_s, decode_s: wall seconds of the call alone, from points in memory to bytes in memory and back; of a
            program, from its start to its end.
        encode_total_s, decode_total_s: with reading the input file and writing the output file.
        encode_user_s, decode_user_s: CPU seconds of a program; None for codecs that are none.
        encode_peak_bytes, decode_peak_bytes: highest resident set of the process, interpreter included, or of the
            program.
    """

    parameters: int | None
    kmac_per_point: float | None
    encode_s: float
    decode_s: float
    encode_total_s: float
    decode_total_s: float
    encode_user_s: float | None
    decode_user_s: float | None
    encode_peak_bytes: int
    decode_peak_bytes: int


@dataclass(frozen=True)
class Measured:
    """One call in a process of its own.

    Attributes:
        value: what the function returned.
        wall_s: wall seconds of the call.
        peak_bytes: highest resident set of the process during the call.
        base_bytes: resident set before the call: interpreter, imports and arguments.
    """

    value: Any
    wall_s: float
    peak_bytes: int
    base_bytes: int


class ChildFailed(PccError):
    """The function raised, or its process died; the message is the child's."""


def measure(function: Callable[..., Any], *args: Any, timeout_s: float | None = None) -> Measured:
    """Calls ``function(*args)`` in a fresh interpreter.

    Args:
        function: importable by name (not a lambda, not of ``__main__``); it and ``args`` are pickled.
        timeout_s: seconds after which the process is ended.

    Raises:
        PccError: the function raised one.
        ChildFailed: it raised something else, its process died, or its time ran out.
    """
    with tempfile.TemporaryDirectory(prefix="pcc-measure-") as folder:
        request, answer = Path(folder, "request"), Path(folder, "answer")
        request.write_bytes(pickle.dumps((function, args)))
        status = _run_child(request, answer, timeout_s)
        if not answer.exists():
            raise ChildFailed(f"{function.__name__}: the process {status}")
        error, *measured = pickle.loads(answer.read_bytes())
    if error is not None:
        raise error if isinstance(error, PccError) else ChildFailed(error)
    return Measured(*measured)


def _run_child(request: Path, answer: Path, timeout_s: float | None) -> str:
    """Runs the child; says how it ended."""
    command = [sys.executable, "-m", "pcc.metrics.child", str(request), str(answer)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return f"was ended after {timeout_s} s"
    lines = done.stderr.strip().splitlines()
    return f"ended with status {done.returncode}" + (f": {lines[-1]}" if lines else "")
