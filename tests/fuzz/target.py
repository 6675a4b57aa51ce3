"""A fuzz target: what is done with an input, and which ends are good ones.

``run`` returns, or raises an error of ``pcc.errors``; anything else is a finding:

| class | what happened |
|---|---|
| crash | the process died: a signal, an abort, an exit |
| hang | more CPU time than the budget, or no end at all |
| memory | more memory than the budget |
| error | an exception that is none of pcc's own |
| wrong | two ways to the same values differ (AssertionError) |
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pcc.errors import PccError
from tests.fuzz.structures import Structure

PACKAGE = f"{Path('src') / 'pcc'}/"


@dataclass(frozen=True, eq=False)
class Target:
    """One interface that strangers' bytes reach.

    Attributes:
        run: of one input; raises only where that is a finding.
        seeds: name -> bytes, sound inputs; made when asked for.
        structure: of its inputs.
        seconds: of CPU time that any input may take.
        num_bytes: of memory that any input may take, besides what the process has already.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], Mapping[str, bytes]]
    structure: Structure
    seconds: float = 5.0
    num_bytes: int = 1 << 30


@dataclass(frozen=True)
class Finding:
    """Its class, the line of pcc that it comes from (as far as one can tell), and what was said."""

    kind: str
    where: str
    text: str

    @property
    def signature(self) -> str:
        """Equal for what is most likely the same fault."""
        return f"{self.kind} {self.where}"


def finding_of(error: BaseException) -> Finding | None:
    """What an exception out of a target is; None for pcc's own errors."""
    if isinstance(error, PccError):
        return None
    kinds = {MemoryError: "memory", AssertionError: "wrong"}
    kind = next((name for of, name in kinds.items() if isinstance(error, of)), "error")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if PACKAGE in f.filename]
    last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    file = last.filename.rpartition(PACKAGE)[2] if frames else Path(last.filename).name
    return Finding(kind, f"{file}:{last.name} {type(error).__name__}", f"{file}:{last.lineno}: {error}"[:500])
