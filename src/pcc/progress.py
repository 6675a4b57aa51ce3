"""How far long work has come, on stderr: a bar on a terminal, elsewhere a line every few seconds.

Work that ends before the first line is due shows none. Results go to stdout and never pass through here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO, TypeVar

EVERY_S = 5.0

Item = TypeVar("Item")
Advance = Callable[[float, str], None]


def track(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yields ``items`` and shows how many of them are done."""
    with progress(len(items), what) as advance:
        for i, item in enumerate(items):
            yield item
            advance(i + 1, what)


@contextmanager
def progress(total: float, what: str, done: float = 0) -> Iterator[Advance]:
    """A function to call with what is done by now, and of what.

    Args:
        total: what is done at the end: a count, or 1.0 for fractions.
        done: before this work.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield Lines(total, what, done).advance
        return
    from rich import progress as rich
    from rich.console import Console
    from rich.markup import escape

    columns: list[str | rich.ProgressColumn] = ["{task.description}", rich.BarColumn(), "{task.percentage:>3.0f} %"]
    columns += ["{task.completed:.0f}/{task.total:.0f}"] if isinstance(total, int) else []
    columns += [rich.TimeElapsedColumn(), rich.TimeRemainingColumn()]
    console, on_terminal = Console(stderr=True), sys.stdout.isatty()
    with rich.Progress(*columns, console=console, transient=True, redirect_stdout=on_terminal) as bar:
        task = bar.add_task(escape(what), total=total)
        bar.update(task, completed=done)
        yield lambda now, of: bar.update(task, completed=now, description=escape(of))


@dataclass
class Lines:
    """Lines for a log, the first after ``every_s`` seconds: "encode: 12 of 90 (13 %), 2.4/s, 33 s left".

    Attributes:
        first: what was done before; the rate counts from there.
        clock: seconds; out: None is stderr.
    """

    total: float
    what: str
    first: float = 0
    every_s: float = EVERY_S
    clock: Callable[[], float] = time.monotonic
    out: TextIO | None = None
    start: float = field(init=False)
    due: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.clock()
        self.due = self.start + self.every_s

    def advance(self, done: float, what: str) -> None:
        """Writes a line if it is due."""
        now, out = self.clock(), self.out or sys.stderr
        if now < self.due or out is None:  # stderr may have been closed before we started
            return
        self.due = now + self.every_s
        out.write(f"{what or self.what}: {self._line(done, now - self.start)}\n")
        out.flush()

    def _line(self, done: float, seconds: float) -> str:
        share = done / self.total if self.total else 1.0
        counted = isinstance(self.total, int)
        parts = [f"{done:,.0f} of {self.total:,} ({share:.0%})" if counted else f"{share:.0%}"]
        rate = (done - self.first) / seconds if seconds > 0 else 0.0
        if rate > 0:
            parts += [f"{rate:,.1f}/s" if rate >= 1 else f"{1 / rate:,.1f} s each"] if counted else []
            parts += [f"{duration((self.total - done) / rate)} left"]
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """ "42 s", "3 min 20 s", "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
