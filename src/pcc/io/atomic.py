"""A file that appears complete or not at all: written beside its place, then moved there in one step.

The temporary file of ``out.ply`` is ``.out.ply.0.tmp``, or the next number while another writer has that one. A writer
holds a lock on its own, which the system takes away when the process ends, however it ends. So a temporary file that
nobody has locked belongs to nobody: whoever writes the same output next removes it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and nothing that was left behind is removed
    fcntl = None  # type: ignore[assignment]

MAX_WRITERS = 100
_SWEPT = 4  # numbers that are looked at for files left behind
_MAX_NAME_BYTES = 240
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_OLD = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file open for writing that becomes ``path`` when the block ends without an error.

    It is on the disk before it takes its place, and the temporary file is removed on any error, so a crash of the
    block, the process or the machine leaves an older ``path`` untouched. The temporary file lies in the same folder: a
    move between file systems is not atomic. A symbolic link stays one: its target is replaced. What is no file
    (``/dev/null``, a pipe) is written to directly.

    Raises:
        OSError: ``path`` is a folder, or cannot be written; names ``path``, not the temporary file.
    """
    path = Path(path).resolve() if Path(path).is_symlink() else Path(path)
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            yield file
        return
    for number in range(_SWEPT):
        _remove_left_behind(_temporary(path, number))
    temporary, created = _create(path)
    with created as file:  # locked: until it is closed, nobody else renames or removes the temporary file
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def _temporary(path: Path, number: int) -> Path:
    name = os.fsdecode(os.fsencode(path.name)[:_MAX_NAME_BYTES])
    return path.with_name(f".{name}.{number}.tmp")


def _create(path: Path) -> tuple[Path, BinaryIO]:
    """A new temporary file of ``path``, locked."""
    for number in range(MAX_WRITERS):
        temporary = _temporary(path, number)
        try:
            file = open(os.open(temporary, _NEW, 0o666), "wb")  # noqa: SIM115 (the caller closes it)
        except FileExistsError:
            continue
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        if _lock(file.fileno()) and _is_still(temporary, file.fileno()):
            return temporary, file
        file.close()  # another took it for one left behind, in the moment before it was locked
    raise OSError(errno.EBUSY, f"{MAX_WRITERS} temporary files of this output are in use", str(path))


def _remove_left_behind(temporary: Path) -> None:
    """Removes a temporary file whose writer has ended."""
    if fcntl is None:
        return
    with suppress(OSError):
        descriptor = os.open(temporary, _OLD)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(temporary, descriptor):
                temporary.unlink()
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether nobody else has the lock. Where the file system has no locks nobody removes anything either."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether ``path`` names the open file."""
    try:
        there, here = os.stat(path, follow_symlinks=False), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _sync_folder(folder: Path) -> None:
    """Puts the new name on the disk, where the system lets a folder be opened and synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
