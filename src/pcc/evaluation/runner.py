"""The evaluation loop: every cloud through every codec at every rate, several cells at a time where asked.

Finished cells are kept (`CellStore`) and not run again. A cell that fails is listed with its reason and keeps no other
from running; a codec that is not here, or knows no such rate, is listed as not run, with recorded figures in its place
where there are some for this very cloud. None of these ever enters a table as a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pcc.anchors import Anchor, Setting
from pcc.anchors.base import LOSSLESS
from pcc.anchors.rates import rate_points
from pcc.errors import Unsuitable
from pcc.evaluation.cell import Cell, run_cell
from pcc.evaluation.machine import Machine, this_machine
from pcc.evaluation.recorded import cloud_digest, published_cells, recorded_cell
from pcc.evaluation.sources import Source
from pcc.evaluation.store import CellStore, cell_key
from pcc.progress import progress


@dataclass(frozen=True)
class Failure:
    """A cell without a result, and why."""

    cloud: str
    codec: str
    rate: str
    error: str


def by_reason(failures: Iterable[Failure]) -> list[tuple[str, str, str]]:
    """(codec, reason, cells) of failures that share codec and reason."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for failure in failures:
        clouds = groups.setdefault((failure.codec, failure.error), {})
        clouds.setdefault(failure.cloud, []).append(failure.rate)
    return [
        (codec, error, "; ".join(f"{cloud} {', '.join(rates)}" for cloud, rates in clouds.items()))
        for (codec, error), clouds in groups.items()
    ]


@dataclass(frozen=True)
class Evaluation:
    """All cells of a run, in the order of clouds, codecs, rates, and the conditions they were measured under.

    Attributes:
        not_run: cells that no codec here can run.
        failures: cells that went wrong.
        workers: how many cells ran at a time; more than one disturbs the times.
        num_reused: cells that had been finished before.
    """

    cells: list[Cell]
    failures: list[Failure]
    machine: Machine
    not_run: list[Failure] = field(default_factory=list)
    workers: int = 1
    num_reused: int = 0


@dataclass(frozen=True)
class _Job:
    source: Source
    codec: Anchor
    setting: Setting


def evaluate(
    clouds: Sequence[Source],
    codecs: Sequence[Anchor],
    folder: Path,
    *,
    rates: Sequence[str | Mapping[str, Any]] = (LOSSLESS,),
    store: CellStore | None = None,
    workers: int = 1,
    repeats: int = 1,
    keep: bool = False,
    published: bool = False,
    pictures: Sequence[str] = (),
) -> Evaluation:
    """Runs all cells.

    Args:
        folder: for streams and decoded clouds, which stay there where ``keep`` says so.
        rates: see `rate_points`.
        store: of finished cells; None runs all.
        workers: cells at a time.
        repeats: calls of a codec in a process, for the best time of the call alone.
        pictures: names of the rates at which decoded clouds are drawn, coloured by their errors.
        published: add the published figures of codecs that cannot be run.

    Raises:
        ValueError: two codecs share a name, an unknown rate, or fewer than one repeat or worker.
    """
    names = [codec.name for codec in codecs]
    if len(set(names)) < len(names):
        raise ValueError(f"codecs: expected different names, got {', '.join(names)}")
    if not all(isinstance(number, int) and number >= 1 for number in (repeats, workers)):
        raise ValueError(f"repeats, workers: expected at least 1, got {repeats}, {workers}")
    jobs = [
        _Job(source, codec, setting)
        for source in clouds
        for codec in codecs
        for setting in rate_points(list(rates), source.setting, source.bits, codec.name, codec.knows_quality)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(folder, store, this_machine(), repeats, keep, frozenset(pictures))
    outcomes = _in_parallel(run, jobs, workers)
    cells = [outcome for outcome in outcomes if isinstance(outcome, Cell)]
    if published:
        cells += [cell for source in clouds for cell in published_cells(source, run.digest(source))]
    return Evaluation(
        cells=cells,
        failures=[outcome.failure for outcome in outcomes if isinstance(outcome, _Failed)],
        not_run=[outcome for outcome in outcomes if isinstance(outcome, Failure)],
        machine=run.machine,
        workers=workers,
        num_reused=run.num_reused,
    )


@dataclass(frozen=True)
class _Failed:
    failure: Failure


@dataclass
class _Run:
    folder: Path
    store: CellStore | None
    machine: Machine
    repeats: int
    keep: bool
    pictures: frozenset[str]
    num_reused: int = 0
    digests: dict[Path, str | None] = field(default_factory=dict)

    def outcome(self, job: _Job) -> Cell | Failure | _Failed:
        source, codec, setting = job.source, job.codec, job.setting
        where = source.name, codec.name, setting.rate
        try:
            if reason := _missing(codec, setting):
                recorded = recorded_cell(source, self.digest(source), codec.name, setting)
                return recorded or Failure(*where, reason)
            key = None if self.store is None else cell_key(source, setting, codec, self.machine, self.repeats)
            drawn = setting.rate in self.pictures
            if self.store and key and (cell := self.store.find(key)) and (not drawn or _has_its_picture(cell)):
                self.num_reused += 1
                return replace(_named(cell, source, codec), picture=cell.picture if drawn else "")
            cell = run_cell(
                source, setting, codec, self.folder, self.machine,
                repeats=self.repeats, keep=self.keep, picture=self._picture(job, key),
            )  # fmt: skip
            if self.store and key:
                self.store.keep(key, cell)
            return cell
        except Unsuitable as error:
            return Failure(*where, str(error))
        except Exception as error:  # whatever a foreign codec does is its own cell's affair
            return _Failed(Failure(*where, f"{type(error).__name__}: {error}"))

    def _picture(self, job: _Job, key: str | None) -> Path | None:
        if job.setting.rate not in self.pictures:
            return None
        if self.store and key:
            return self.store.folder / f"{key}.png"
        return self.folder / f"{job.source.name}.{job.codec.name}.{job.setting.rate}.png".replace("/", "_")

    def digest(self, source: Source) -> str | None:
        if source.path not in self.digests:
            self.digests[source.path] = cloud_digest(source)
        return self.digests[source.path]


def _missing(codec: Anchor, setting: Setting) -> str | None:
    if setting.quality is not None and not codec.knows_quality:
        return "knows no quality"
    return codec.missing(setting)


def _has_its_picture(cell: Cell) -> bool:
    """Lossless clouds have none: it would show nothing."""
    return cell.distortion.identical or Path(cell.picture).is_file()


def _named(cell: Cell, source: Source, codec: Anchor) -> Cell:
    """A finished cell under the names that it has in this evaluation."""
    return replace(
        cell,
        cloud=source.name,
        category=source.category,
        sequence=source.sequence,
        frame_rate_hz=source.frame_rate_hz,
        codec=codec.name,
    )


def _in_parallel(run: _Run, jobs: list[_Job], workers: int) -> list[Cell | Failure | _Failed]:
    """The outcomes, in the order of the jobs. An interruption lets running cells finish, and starts no more."""
    pool = ThreadPoolExecutor(workers)
    try:
        with progress(len(jobs), "cells") as advance:
            futures: dict[Future, _Job] = {pool.submit(run.outcome, job): job for job in jobs}
            for i, done in enumerate(as_completed(futures)):
                job = futures[done]
                advance(i + 1, f"{job.source.name} · {job.codec.name} · {job.setting.rate}")
            return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
