"""Where the time of lossless geometry goes, and how far each station is from what this machine can do.

    python benchmarks/lossless.py CLOUD [--model auto] [--voxel-size M] [--threads N] [--rounds N] [--isa avx512]
                                        [--clock cpu] [--json FILE]

From the file to the stream and back: time, the work that a station must do at least (`stations.py`), its rate, and the
limit that it meets first, of those measured in the same run (`limits.py`). Stations are timed by wrapping the calls
that the codec really makes, so nothing is measured that does not run. Each time is the least of all rounds, so it is
that of a process which has the memory already; new MB is what a first run touches for the first time, at the cost that
the head of the output says (a huge page counts as one small one). Whole commands are timed by `benchmarks/commands.py`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import pkgutil
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import limits
from rich.console import Console
from rich.table import Table
from stations import STATIONS, Station, Work

import pcc
from pcc import ops
from pcc.inference.registry import find_model

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
PAGE_BYTES = resource.getpagesize()


class Watch:
    """One run with every station wrapped.

    Args:
        clock: seconds.
        aside: do work beside the run: count each call's work and replay the parts of stations. Then the times of
            stations mean nothing, but those of parts do.

    Attributes:
        seconds, faults, work: by station.
    """

    def __init__(self, clock: Callable[[], float], *, aside: bool) -> None:
        self.clock, self.aside = clock, aside
        self.seconds: dict[str, float] = defaultdict(float)
        self.faults: dict[str, int] = defaultdict(int)
        self.work: dict[str, Work] = defaultdict(Work)
        self._within: list[list[float]] = []  # time and faults of the stations within those that are running

    def run(self, call: Callable[[], Any]) -> Any:
        with ExitStack() as stack:
            for station in STATIONS:
                for name in station.calls:
                    stack.enter_context(mock.patch(name, self._wrap(station, pkgutil.resolve_name(name))))
            return self._timed("other", call)

    def _wrap(self, station: Station, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = self._timed(station.name, lambda: function(*args, **kwargs))
            if self.aside:
                self._look_aside(station, function, result, args, kwargs)
            return result

        return wrapped

    def _timed(self, name: str, call: Callable[[], Any]) -> Any:
        self._within.append([0.0, 0])
        faults, start = _faults(), self.clock()
        try:
            return call()
        finally:
            seconds, faults = self.clock() - start, _faults() - faults
            inner = self._within.pop()
            self.seconds[name] += seconds - inner[0]
            self.faults[name] += faults - int(inner[1])
            if self._within:
                self._within[-1][0] += seconds
                self._within[-1][1] += faults

    def _look_aside(self, station: Station, function: Any, result: Any, args: Any, kwargs: Any) -> None:
        self.work[station.name] += station.work(result, *args, **kwargs)
        if station.part:
            self.work[station.part.name] += station.part.work(result, *args, **kwargs)
            start = self.clock()
            station.part.replay(function, *args, **kwargs)
            self.seconds[station.part.name] += self.clock() - start


def _give_memory_back() -> None:
    """To the system, so that the next run is a first one; where the C library cannot, it shows as little new memory."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


@dataclass
class Row:
    """A line of the table."""

    station: str
    ms: float
    work: Work
    fresh_bytes: int
    limit: str = ""  # "memory", "products" or "table rows": what takes longest at the machine's best
    least_ms: float = 0.0  # at that limit


def measure(call: Callable[[], Any], rounds: int, clock: Callable[[], float], best: limits.Limits) -> list[Row]:
    """The stations of a call, the least of all rounds each, and their total."""
    seconds: dict[str, float] = {}
    work: dict[str, Work] = {}
    parts = {s.part.name for s in STATIONS if s.part}
    _give_memory_back()
    first = Watch(clock, aside=False)
    first.run(call)
    for number in range(2 * rounds):
        watch = Watch(clock, aside=number % 2 == 0)
        watch.run(call)
        for name, value in watch.seconds.items():
            if watch.aside == (name in parts):
                seconds[name] = min(value, seconds.get(name, value))
        work = watch.work or work
    faults = first.faults
    rows = []
    for station in STATIONS:
        if station.name not in seconds:
            continue
        own = seconds[station.name]
        if station.part:
            part = min(seconds[station.part.name], own)
            rows.append(_row(station.part.name, part, work[station.part.name], 0, best))
            own -= part
        rows.append(_row(station.rest or station.name, own, work[station.name], faults[station.name], best))
    rows.append(_row("other", seconds["other"], Work(), faults["other"], best))
    total = Row("total", sum(r.ms for r in rows), Work(), sum(r.fresh_bytes for r in rows))
    total.least_ms = sum(r.least_ms for r in rows)
    return [*rows, total]


def _row(name: str, seconds: float, work: Work, faults: int, best: limits.Limits) -> Row:
    row = Row(name, 1e3 * seconds, work, faults * PAGE_BYTES)
    least = {
        "memory": work.num_bytes / best.memory_bytes,
        "products": work.products / best.products,
        "table rows": work.table_bytes / best.table_bytes,
    }
    row.limit = max(least, key=lambda key: least[key]) if any(least.values()) else ""
    row.least_ms = 1e3 * max(least.values())
    return row


def _cells(row: Row, best: limits.Limits) -> list[str]:
    """Work, rate, limit and how much of it, in the unit of the limit."""
    amount, limit, unit = {
        "memory": (row.work.num_bytes, best.memory_bytes, "B"),
        "products": (row.work.products, best.products, "MAC"),
        "table rows": (row.work.table_bytes, best.table_bytes, "B"),
        "": (0, 0, ""),
    }[row.limit]
    fresh = f"{row.fresh_bytes / 1e6:.1f}" if row.fresh_bytes else ""
    if not row.limit:
        share = f"{100 * row.least_ms / row.ms:.0f} %" if row.least_ms else ""
        return [row.station, f"{row.ms:.2f}", "", "", "", share, fresh]
    rate = f"{amount / row.ms / 1e6:.1f}" if row.ms else "-"
    share = f"{100 * row.least_ms / row.ms:.0f} %" if row.ms else "-"
    work = f"{amount / 1e9:.2f} G{unit}" if amount >= 1e8 else f"{amount / 1e6:.2f} M{unit}"
    return [row.station, f"{row.ms:.2f}", work, f"{rate} G{unit}/s", f"{limit / 1e9:.0f} {row.limit}", share, fresh]


def show(console: Console, title: str, rows: list[Row], best: limits.Limits) -> None:
    table = Table(title=title, title_justify="left")
    for column in ("station", "ms", "work", "rate", "limit", "of it", "new MB"):
        table.add_column(column, justify="left" if column in ("station", "limit") else "right", no_wrap=True)
    for row in rows[:-1]:
        table.add_row(*_cells(row, best))
    table.add_section()
    table.add_row(*_cells(rows[-1], best))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", type=Path)
    parser.add_argument("--model", default="auto", help="a name, a file, adaptive, or auto")
    parser.add_argument("--voxel-size", type=float)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--isa", choices=ops.available_isas())
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall", help="cpu: of all threads together")
    parser.add_argument("--json", type=Path, help="write the table there, too")
    args = parser.parse_args()
    ops.set_num_threads(args.threads)
    if args.isa:
        ops.set_isa(args.isa)
    clock = CLOCKS[args.clock]
    named = args.model if args.model in ("auto", "adaptive") else find_model(args.model)
    options = {"model": named, "voxel_size": args.voxel_size, "fields": "none"}
    best = limits.measure(clock, ops.num_threads())
    ops.keep_memory()  # as the command line does
    data = pcc.encode(pcc.read_points(args.cloud), **options)
    model = None if isinstance(named, str) else named
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.ply"
        down = measure(lambda: pcc.encode(pcc.read_points(args.cloud), **options), args.rounds, clock, best)
        up = measure(lambda: pcc.write_points(target, pcc.decode(data, model=model)), args.rounds, clock, best)
    num_points = len(pcc.read_points(args.cloud))
    console = Console(width=110)
    console.print(
        f"{args.cloud.name}: {num_points} points, {len(data)} bytes, {8 * len(data) / max(1, num_points):.4f} bpp\n"
        f"{ops.isa()}, {ops.num_threads()} threads, {args.clock} time, least of {args.rounds} rounds\n"
        f"limits: memory {best.memory_bytes / 1e9:.1f} GB/s copied (read and written), "
        f"{best.read_bytes / 1e9:.1f} read; "
        f"new memory {best.small_page_bytes / 1e9:.1f} GB/s ({1e9 / best.small_page_bytes:.2f} ms a MB), "
        f"{best.huge_page_bytes / 1e9:.1f} in huge pages; "
        f"{best.products / 1e9:.0f} GMAC/s; table rows {best.table_bytes / 1e9:.0f} GB/s",
        soft_wrap=True,
    )
    show(console, "encode", down, best)
    show(console, "decode", up, best)
    if args.json:
        record = {"cloud": args.cloud.name, "num_points": num_points, "num_bytes": len(data), "isa": ops.isa()}
        record |= {"threads": ops.num_threads(), "clock": args.clock, "limits": asdict(best)}
        record |= {"encode": [asdict(row) for row in down], "decode": [asdict(row) for row in up]}
        args.json.write_text(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
