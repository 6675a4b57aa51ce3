"""Shared by the commands: exit codes, inputs and outputs as files or folders, progress, one line an error."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcc.commands.stdio import STDIO, check_inputs, check_output, is_one_file
from pcc.errors import CorruptStream, LimitExceeded, ModelMismatch, PccError
from pcc.extras import missing
from pcc.progress import track

MAX_THREADS = 4096

OK, USAGE, CORRUPT, LIMIT, MODEL = 0, 2, 3, 4, 5
STREAM_SUFFIX = ".pcc"

# What a command may raise because of its input or its surroundings; anything else is a bug and keeps its traceback.
EXPECTED = (PccError, ValueError, OSError, ImportError, MemoryError)


def exit_code(error: BaseException) -> int:
    """0 ok, 2 usage or input, 3 corrupt, 4 limit, 5 model missing."""
    if isinstance(error, CorruptStream):
        return CORRUPT
    if isinstance(error, LimitExceeded | MemoryError):
        return LIMIT
    return MODEL if isinstance(error, ModelMismatch) else USAGE


def complain(error: BaseException, where: object = "") -> int:
    """One line on stderr; gives the exit code."""
    text = one_line(error)
    prefix = f"{where}: " if where and str(where) not in text else ""
    sys.stderr.write(printable(f"pcc: {prefix}{text}") + "\n")
    return exit_code(error)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Python's warnings as one line each on stderr, without file, class and source."""

    def show_plainly(message: Warning | str, *place: Any, **to: Any) -> None:
        sys.stderr.write(f"pcc: {' '.join(str(message).split())}\n")

    with warnings.catch_warnings():
        warnings.showwarning = show_plainly
        yield


def one_line(error: BaseException) -> str:
    """What an error says."""
    return " ".join(_message(error).split()) or type(error).__name__


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return (missing(error) if isinstance(error, ImportError) else None) or str(error)


@dataclass(frozen=True)
class Job:
    """One file to read and one to write."""

    source: Path
    target: Path


def find_inputs(inputs: Sequence[Path], suffixes: Iterable[str]) -> list[tuple[Path, Path]]:
    """Files with their path below the folder that was named: the folder's files with a known suffix, or the file.

    Standard input (``-``) is a file named ``stdin``.

    Raises:
        ValueError: an input does not exist, or a folder holds nothing to work on.
    """
    check_inputs(inputs)
    wanted, found = set(suffixes), []
    for item in inputs:
        if item == STDIO:
            found.append((item, Path("stdin")))
        elif item.is_dir():
            files = sorted(p for p in item.rglob("*") if p.is_file() and p.suffix.lower() in wanted)
            if not files:
                raise ValueError(f"{item}: no file with a suffix among {', '.join(sorted(wanted))} in this folder")
            found += [(p, p.relative_to(item)) for p in files]
        elif item.exists():
            found.append((item, Path(item.name)))
        else:
            raise ValueError(f"{item}: no such file or folder")
    return found


def plan(inputs: Sequence[Path], output: Path | None, suffixes: Iterable[str], target_suffix: str) -> list[Job]:
    """Where each input goes. Without ``output``: beside the input.

    Raises:
        ValueError: two inputs would go to one file, or an input would be overwritten.
    """
    check_output(inputs, output)
    found = find_inputs(inputs, suffixes)
    one = is_one_file(inputs)
    is_file = output is not None and one and (output == STDIO or _names_a_file(output))
    if output is not None and not one and _names_a_file(output, target_suffix):
        raise ValueError(f"{output}: expected a folder for {len(found)} inputs, this names a file")
    jobs = []
    for source, below in found:
        if output is None:
            target = source.with_suffix(target_suffix)
        else:
            target = output if is_file else output / below.with_suffix(target_suffix)
        jobs.append(Job(source, target))
    _check_targets(jobs)
    return jobs


def _names_a_file(output: Path, suffix: str | None = None) -> bool:
    """Whether an output that may not exist yet is a file: by its ``suffix``, or by any."""
    if output.exists():
        return not output.is_dir()
    return output.suffix != "" if suffix is None else output.suffix.lower() == suffix


def _check_targets(jobs: Sequence[Job]) -> None:
    sources = {job.source.resolve() for job in jobs if job.source != STDIO}
    targets: set[Path] = set()
    for job in jobs:
        if job.target == STDIO:
            continue
        target = job.target.resolve()
        if target in sources:
            raise ValueError(f"{job.target}: an input is never overwritten; choose another output")
        if target in targets:
            raise ValueError(f"{job.target}: two inputs would be written here; encode them apart")
        targets.add(target)


def run_all(items: Sequence[Any], work: Callable[[Any], None], name: Callable[[Any], object]) -> int:
    """``work`` on every item, with progress shown for several; an error of one does not stop the others.

    Returns:
        0, or the exit code of the first error.
    """
    first = OK
    for item in track(items, "pcc") if len(items) > 1 else items:
        try:
            work(item)
        except BrokenPipeError:  # nobody reads the results any more
            raise
        except EXPECTED as error:
            code = complain(error, name(item))
            first = first or code
    return first


def show(record: dict[str, Any], text: str | Sequence[str], as_json: bool, output: Path | None = None) -> None:
    """One result on stdout: a JSON object on one line (infinities as strings: JSON has none), or text.

    On stderr where standard output is the ``output`` that the result is about. Names that are not UTF-8 are escaped.

    Args:
        text: its lines; in a string line feeds end them, and so could a name's.
    """
    stream = sys.stderr if output == STDIO else sys.stdout
    lines = text.split("\n") if isinstance(text, str) else text
    shown = json.dumps(_jsonable(record), allow_nan=False) if as_json else "\n".join(map(printable, lines))
    if stream is None:  # it was closed before we started
        return
    encoding = stream.encoding or "utf-8"
    stream.write((shown + "\n").encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()  # a reader sees each result when it is there, and a closed pipe is noticed here


def printable(line: str) -> str:
    """With escapes for what does not print: a name in a file may hold line feeds, or commands to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def prepare(threads: int) -> None:
    """Bounds the threads of all kernels, 0 means all cores; and lets arrays use the memory of those before them."""
    from pcc import ops

    if not 0 <= threads <= MAX_THREADS:
        raise ValueError(f"threads: expected 0 (all) to {MAX_THREADS}, got {threads}")
    ops.set_num_threads(threads)
    ops.keep_memory()
