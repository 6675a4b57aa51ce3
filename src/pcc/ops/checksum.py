"""CRC-32C, which guards headers and chunks of a stream against damage (not against forgery).

Castagnoli's polynomial, reflected 0x82F63B78, initial value and final XOR 0xFFFFFFFF (RFC 3720, appendix B.4):
``crc32c(b"123456789") == 0xE3069283``. It is not zlib's CRC-32.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext

_POLYNOMIAL = 0x82F63B78


def crc32c(data: bytes | bytearray | memoryview | np.ndarray, value: int = 0) -> int:
    """The checksum of bytes.

    Args:
        data: bytes-like, or an array of any dtype and shape, whose values in C order are read as bytes.
        value: the checksum of what came before: ``crc32c(b, crc32c(a)) == crc32c(a + b)``.

    Returns:
        0..2^32 - 1.
    """
    return int(_ext.crc32c(_bytes(data), value))


def crc32c_reference(data: bytes | bytearray | memoryview | np.ndarray, value: int = 0) -> int:
    """`crc32c`, bit by bit."""
    crc = ~value & 0xFFFFFFFF
    for byte in _bytes(data):
        crc ^= int(byte)
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return ~crc & 0xFFFFFFFF


def _bytes(data: bytes | bytearray | memoryview | np.ndarray) -> np.ndarray:
    array = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
