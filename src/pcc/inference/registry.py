"""Which models there are: those that ship in `pcc/weights`, and those in the folders of PCC_MODEL_PATH.

A stream names its model by digest; people name it by name. Programs are loaded once a process.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pcc.errors import ModelMismatch
from pcc.inference.files import digest_of, read_metadata, read_model
from pcc.inference.lattice_program import FORMAT as LATTICE
from pcc.inference.lattice_program import LatticeProgram
from pcc.inference.program import Program

Model = Program | LatticeProgram

SUFFIX = ".safetensors"


def model_folders() -> list[Path]:
    """Folders that are searched, first match wins."""
    extra = [Path(p) for p in os.environ.get("PCC_MODEL_PATH", "").split(os.pathsep) if p]
    return [*extra, Path(__file__).resolve().parent.parent / "weights"]


def model_paths() -> list[Path]:
    """All model files, in the order of the folders and by name."""
    return [path for folder in model_folders() if folder.is_dir() for path in sorted(folder.glob(f"*{SUFFIX}"))]


def find_model(name: str | Path) -> Model:
    """The model of that name, or the file.

    Raises:
        ModelMismatch: there is none; the message lists those that there are.
    """
    if str(name).endswith(SUFFIX):
        return load_program(Path(name).resolve())
    for path in model_paths():
        if path.stem == str(name):
            return load_program(path)
    known = ", ".join(sorted({path.stem for path in model_paths()})) or "none"
    raise ModelMismatch(f"no model named {name!r}; installed: {known} (PCC_MODEL_PATH adds folders)")


def find_model_by_digest(digest: bytes) -> Model:
    """The model that a stream needs.

    Raises:
        ModelMismatch: it is not installed; the message names its digest. Damaged files are passed over.
    """
    for path in model_paths():
        if _has_digest(path, digest):  # the others are not worth loading
            return load_program(path)
    unreadable = [str(path) for path in model_paths() if _is_damaged(path)]
    also = f"; not readable: {', '.join(unreadable)}" if unreadable else ""
    raise ModelMismatch(
        f"the stream needs the model {digest.hex()}, which is not installed "
        f"(`pcc models` lists what is; PCC_MODEL_PATH adds folders){also}"
    )


def name_of(digest: bytes) -> str | None:
    """The name of the model with this digest, as ``--model`` takes it; None where it is not installed."""
    return next((path.stem for path in model_paths() if _has_digest(path, digest)), None)


def load_program(path: Path) -> Model:
    """A program, read anew only when its file changed."""
    return _load(path, _stamp(path))


def _has_digest(path: Path, digest: bytes) -> bool:
    try:
        return _digest(path, _stamp(path)) == digest
    except ModelMismatch:
        return False


def _is_damaged(path: Path) -> bool:
    try:
        load_program(path)
    except ModelMismatch:
        return True
    return False


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise ModelMismatch(f"{path}: cannot read the model ({error.strerror})") from error


@lru_cache(maxsize=32)
def _load(path: Path, stamp: int) -> Model:
    return LatticeProgram(path) if _format(path) == LATTICE else Program(path)


def _format(path: Path) -> str | None:
    try:
        return read_metadata(read_model(path)).get("format")
    except (ValueError, AttributeError):  # no such file's head; the program says so
        return None


@lru_cache(maxsize=256)
def _digest(path: Path, stamp: int) -> bytes:
    return digest_of(read_model(path))
