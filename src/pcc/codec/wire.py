"""Numbers as bytes: the few primitives that header, container and fields share.

Little-endian throughout. A varint is unsigned LEB128 of at most 64 bits in its shortest form; a signed varint maps
0, -1, 1, -2 ... to 0, 1, 2, 3 ... first. Writers are functions that give bytes, the one reader checks every bound.
"""

from __future__ import annotations

import struct

from pcc.errors import CorruptStream

MAX_VARINT_BYTES = 10


def varint(value: int) -> bytes:
    """``value`` in 0..2^64-1 as 1 to 10 bytes."""
    if not 0 <= value < 1 << 64:
        raise ValueError(f"value: expected 0 to 2^64 - 1, got {value}")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed_varint(value: int) -> bytes:
    """``value`` in -2^63..2^63-1 as 1 to 10 bytes."""
    return varint(2 * value if value >= 0 else -2 * value - 1)


def text(value: str) -> bytes:
    """The length in bytes as a varint, then UTF-8."""
    encoded = value.encode()
    return varint(len(encoded)) + encoded


class Reader:
    """Reads primitives from the front of a buffer; past its end, or a form no writer makes, is CorruptStream."""

    def __init__(self, data: bytes | memoryview, position: int = 0) -> None:
        self.data = memoryview(data)
        self.position = position

    @property
    def remaining(self) -> int:
        return len(self.data) - self.position

    def take(self, size: int) -> memoryview:
        """The next ``size`` bytes, not copied."""
        if size > self.remaining:
            raise CorruptStream(f"truncated: {size} bytes expected at byte {self.position}, {self.remaining} left")
        self.position += size
        return self.data[self.position - size : self.position]

    def skip(self, size: int) -> None:
        """As ``take``, without reading."""
        if size > self.remaining:
            self.take(size)
        self.position += size

    def rest(self) -> memoryview:
        return self.take(self.remaining)

    def u8(self) -> int:
        if self.position >= len(self.data):
            self.take(1)
        self.position += 1
        return self.data[self.position - 1]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def f64(self) -> float:
        return float(struct.unpack("<d", self.take(8))[0])

    def varint(self) -> int:
        value = 0
        for i in range(MAX_VARINT_BYTES):
            byte = self.u8()
            value |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                if value >> 64 or (byte == 0 and i > 0):
                    break
                return value
        raise CorruptStream(f"malformed number before byte {self.position}")

    def signed_varint(self) -> int:
        value = self.varint()
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def text(self) -> str:
        try:
            return bytes(self.take(self.varint())).decode()
        except UnicodeDecodeError as error:
            raise CorruptStream(f"malformed text before byte {self.position}") from error

    def finish(self, what: str) -> None:
        """The end is reached, or CorruptStream."""
        if self.remaining:
            raise CorruptStream(f"{what}: {self.remaining} bytes too many")
