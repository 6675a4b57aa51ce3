"""Finished cells on disk, so that none is run again unless its inputs changed.

A cell's key is a digest of all that decides its result: the bytes of the cloud, the peak, the setting, the codec's
identity (options, versions, models, programs), the repeats, and the machine, since times belong to one. A cell is one
JSON file of that name, written whole or not at all.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from pcc.anchors import Anchor, Setting
from pcc.evaluation.cell import Cell
from pcc.evaluation.machine import Machine
from pcc.evaluation.sources import Source
from pcc.io import atomic_file
from pcc.metrics.complexity import Complexity
from pcc.metrics.distortion import Distortion

VERSION = 1  # of what a cell holds; another one is run again
_NESTED: dict[str, type] = {"setting": Setting, "distortion": Distortion, "complexity": Complexity, "machine": Machine}


class CellStore:
    """The cells in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str) -> Cell | None:
        """The cell of ``key``; None if there is none, or it cannot be read."""
        try:
            return from_record(json.loads(self._path(key).read_text()))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, key: str, cell: Cell) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(self._path(key)) as file:
            file.write((json.dumps(dataclasses.asdict(cell), indent=1) + "\n").encode())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def cell_key(source: Source, setting: Setting, codec: Anchor, machine: Machine, repeats: int) -> str:
    """The key of a cell that is to be run.

    Raises:
        AnchorError: the codec is not here.
        OSError: the cloud is not there.
    """
    decides = {
        "version": VERSION,
        "cloud": file_digest(source.path),
        "peak": source.peak,
        "setting": dataclasses.asdict(setting),
        "codec": codec.identity(),
        "machine": [machine.cpu, machine.cores, machine.threads, machine.isa],
        "repeats": repeats,
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]


def from_record(record: dict[str, Any]) -> Cell:
    """A cell from its JSON.

    Raises:
        TypeError, KeyError: it is not one of this version.
    """
    return Cell(
        **{name: _NESTED[name](**value) if name in _NESTED and value else value for name, value in record.items()}
    )


def file_digest(path: Path) -> str:
    """SHA-256 of a file, remembered while its size and time stay."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@cache
def _digest(path: Path, size: int, time_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
