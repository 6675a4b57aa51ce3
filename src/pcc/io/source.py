"""Where a reader reads from: a real, seekable file with a name for messages.

Pipes, standard input and objects in memory are copied to an unnamed temporary file first, so that every reader may map,
seek and measure.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pcc.io.limits import ReaderLimits

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """An open file at its start.

    Attributes:
        file: Seekable, with a file descriptor.
        name: What messages call it.
        num_bytes: Its size.
    """

    file: BinaryIO
    name: str
    num_bytes: int


@contextmanager
def open_source(path: str | Path | BinaryIO, limits: ReaderLimits) -> Iterator[Source]:
    """The file ``path``, or the rest of an open one.

    Raises:
        OSError: it cannot be opened.
        LimitExceeded: what comes out of a pipe exceeds ``limits.max_bytes``.
    """
    if not isinstance(path, str | Path):
        with _copied(path, getattr(path, "name", "the input"), limits) as source:
            yield source
        return
    with open(path, "rb") as file:
        if file.seekable():
            yield Source(file, str(path), _size(file))
            return
        with _copied(file, str(path), limits) as source:
            yield source


@contextmanager
def _copied(file: BinaryIO, name: object, limits: ReaderLimits) -> Iterator[Source]:
    import tempfile  # takes a while, and few need it

    with tempfile.TemporaryFile() as copy:
        while block := file.read(_BLOCK):
            limits.check_bytes(name, copy.tell() + len(block))
            copy.write(block)
        yield Source(copy, str(name), _size(copy))


def _size(file: BinaryIO) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size
