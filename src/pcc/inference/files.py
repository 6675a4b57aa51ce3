"""A model's file and the card beside it, whatever program the file holds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pcc.errors import ModelMismatch
from pcc.io.json_file import parse_json, read_json

DIGEST_BYTES = 16


def read_card(path: Path) -> dict[str, Any]:
    """The JSON card beside a model; empty if there is none.

    Raises:
        ModelMismatch: it is not a JSON object.
    """
    path = path.with_suffix(".json")
    if not path.is_file():
        return {}
    try:
        card = read_json(path)
    except (OSError, ValueError) as error:
        raise ModelMismatch(f"{path}: not a model's card: {error}") from error
    if not isinstance(card, dict):
        raise ModelMismatch(f"{path}: not a model's card: expected an object, got {type(card).__name__}")
    return card


def digest_of(content: bytes) -> bytes:
    """What streams name a program by, from the bytes of its file."""
    return hashlib.sha256(content).digest()[:DIGEST_BYTES]


def read_metadata(content: bytes) -> dict[str, str]:
    """The metadata in the header of a sound safetensors file: a length of 8 bytes, then JSON."""
    header = parse_json(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header.get("__metadata__", {})


def read_model(path: Path) -> bytes:
    """The bytes of a model's file.

    Raises:
        ModelMismatch: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMismatch(f"{path}: cannot read the model ({error.strerror})") from error
