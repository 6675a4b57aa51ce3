"""Arrays that take long to make, kept on disk under the digest of everything they depend on.

A changed recipe, seed or source file gives another key, so an entry is never stale and never rewritten; entries may
be deleted at any time. It knows nothing of what the arrays mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pcc.io import atomic_file


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(**parts) -> str:
    """The key of an entry that depends on ``parts`` (JSON values)."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def rng_of(key: str) -> np.random.Generator:
    """A generator seeded by a key: an entry does not depend on which others are made before it."""
    return np.random.default_rng(int(key, 16))


@dataclass(frozen=True)
class ArrayCache:
    """One ``.npy`` file a key in ``folder``; None keeps nothing."""

    folder: Path | None

    def get(self, key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array under ``key``; made and stored (atomically) when it is not there."""
        if self.folder is None:
            return make()
        path = self.folder / key[:2] / f"{key}.npy"
        if path.is_file():
            return np.load(path, allow_pickle=False)
        array = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            np.save(file, array)
        return array
