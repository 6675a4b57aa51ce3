"""A picture as PNG: 8-bit RGB, one IDAT, nothing optional (W3C, Portable Network Graphics, third edition)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 2  # colour type
_UP = 2  # filter: each row less the one above


def png_bytes(picture: np.ndarray) -> bytes:
    """The file of ``picture``, (H, W, 3) uint8, H and W positive.

    Raises:
        ValueError: the array is no such picture.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise ValueError(f"picture: expected (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    height, width, _ = picture.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)
    pixels = zlib.compress(_filtered(picture).tobytes(), 6)
    return SIGNATURE + b"".join(_chunk(*c) for c in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")))


def _filtered(picture: np.ndarray) -> np.ndarray:
    """(H, 1 + 3 W) uint8: each row behind the number of its filter."""
    rows = picture.reshape(len(picture), -1)
    lines = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    lines[:, 0] = _UP
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    return lines


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
