"""A file that appears complete or not at all: written beside its place, then moved there in one step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file open for writing that becomes ``path`` when the block ends without an error.

    The temporary file lies in the same folder (a move between file systems is not atomic) and is removed on any
    error, so a crash of the block leaves an older ``path`` untouched. A symbolic link stays one: its target is
    replaced. What is no file (``/dev/null``, a pipe) is written to directly.

    Raises:
        OSError: ``path`` is a folder, or cannot be written; names ``path``, not the temporary file.
    """
    path = Path(path).resolve() if Path(path).is_symlink() else Path(path)
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            yield file
        return
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with _create(temporary, path) as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _create(temporary: Path, path: Path) -> BinaryIO:
    try:
        return open(temporary, "xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
