"""Small JSON files of strangers, read in bounded time and memory: tables of sensors, cards and headers of models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20


def parse_json(text: str | bytes) -> Any:
    """What ``text`` holds.

    Raises:
        ValueError: it is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """What the file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, larger than ``max_bytes``, not UTF-8, not JSON, or nested too deeply.
    """
    if path.exists() and not path.is_file():  # a pipe would block, a device never end
        raise ValueError("expected a regular file")
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"expected at most {max_bytes:,} bytes")
    return parse_json(content.decode("utf-8"))
