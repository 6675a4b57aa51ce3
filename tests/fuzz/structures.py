"""What a format's bytes consist of, so that a mutation changes one part and lengths and checksums still fit.

``join(split(data)) == data`` for files that a writer makes, up to what is not looked at (dates in an archive). Garbage
is taken as it comes: ``split`` gives what can be made out, or nothing.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pcc.codec.container import write_chunk
from pcc.codec.header import PREAMBLE_BYTES, write_preamble

CHECKSUM_BYTES = 4
MAX_MEMBER_BYTES = 1 << 20


class Structure(NamedTuple):
    """Two inverse functions; parts are bytes."""

    split: Callable[[bytes], list[bytes]]
    join: Callable[[Sequence[bytes]], bytes]


def _split_stream(data: bytes) -> list[bytes]:
    """Each chunk: its tag and its payload."""
    parts, at = [], PREAMBLE_BYTES
    while at < len(data):
        tag, size, shift = data[at : at + 1], 0, 0
        at += 1
        while at < len(data) and shift < 35:
            byte, at = data[at], at + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        parts.append((tag if tag.isalpha() else b"A") + data[at : at + size])
        at += size + CHECKSUM_BYTES
    return parts


def _join_stream(parts: Sequence[bytes]) -> bytes:
    return write_preamble() + b"".join(write_chunk(part[:1], part[1:]) for part in parts if part[:1].isalpha())


def _split_archive(data: bytes) -> list[bytes]:
    """Each member: its name, a line feed, its content."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [m for m in archive.infolist() if m.file_size <= MAX_MEMBER_BYTES]
            return [m.filename.encode("utf-8", "replace") + b"\n" + archive.read(m) for m in members]
    except Exception:  # zipfile documents little of what it raises for garbage
        return []


def _join_archive(parts: Sequence[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that come twice are what we want
        for part in parts:
            name, _, content = part.partition(b"\n")
            archive.writestr(zipfile.ZipInfo(name.decode("utf-8", "replace")[:60000]), content)
    return file.getvalue()


def _split_after(mark: bytes) -> Callable[[bytes], list[bytes]]:
    """Header and body; the header ends with the line that begins so."""

    def split(data: bytes) -> list[bytes]:
        at = data.find(mark)
        end = data.find(b"\n", at) + 1 if at >= 0 else 0
        return [data[:end], data[end:]] if end else []

    return split


def _split_model(data: bytes) -> list[bytes]:
    """The JSON in the head of a safetensors file, and the tensors."""
    size = int.from_bytes(data[:8], "little")
    return [data[8 : 8 + size], data[8 + size :]] if len(data) > 8 and size <= len(data) else []


def _join_model(parts: Sequence[bytes]) -> bytes:
    return len(parts[0]).to_bytes(8, "little") + b"".join(parts) if parts else b""


STREAM = Structure(_split_stream, _join_stream)
ARCHIVE = Structure(_split_archive, _join_archive)
PLY = Structure(_split_after(b"end_header"), b"".join)
PCD = Structure(_split_after(b"DATA"), b"".join)
MODEL = Structure(_split_model, _join_model)
WHOLE = Structure(lambda data: [data], b"".join)
