"""The process that ``complexity.measure`` starts: one call, timed, with its peak of memory.

It reads a request that its parent wrote a moment before, and nothing else: pickles of other origin do not belong here.
"""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

from pcc.errors import PccError

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def reset_peak() -> int:
    """Sets the highest resident set back to the present one where the system can; the present (or highest) in bytes."""
    try:
        _RESET.write_text("5")
    except OSError:
        return peak_bytes()  # not Linux, or not allowed: the peak is the whole process's
    return peak_bytes()


def peak_bytes() -> int:
    """The highest resident set of this process.

    Linux's VmHWM belongs to this program alone; ``ru_maxrss`` also remembers the parent that started it, and is the
    fallback elsewhere.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def main(request: str, answer: str) -> None:
    """Answers with (error or None, value, wall seconds, peak bytes, base bytes); our own errors as they are."""
    error: PccError | str | None = None
    value = None
    function, args = pickle.loads(Path(request).read_bytes())
    base = reset_peak()
    start = time.perf_counter()
    try:
        value = function(*args)
    except PccError as raised:
        error = raised
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    wall = time.perf_counter() - start
    Path(answer).write_bytes(pickle.dumps((error, value, wall, peak_bytes(), base)))


if __name__ == "__main__":
    main(*sys.argv[1:])
