"""crc32c = the bit by bit reference, and crc(b, crc(a)) = crc(a + b)."""

import numpy as np
import pytest

from pcc.ops.checksum import crc32c, crc32c_reference


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_values(isa, data, expected):
    """The check value and the vectors of RFC 3720, B.4."""
    assert crc32c(data) == expected == crc32c_reference(data)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 4097])
def test_equals_reference(isa, rng, size):
    data = rng.integers(0, 256, size, dtype=np.uint8).tobytes()
    assert crc32c(data) == crc32c_reference(data)


def test_continues(isa, rng):
    data = rng.integers(0, 256, 100_003, dtype=np.uint8).tobytes()
    assert crc32c(data[501:], crc32c(data[:501])) == crc32c(data)


def test_any_buffer(isa):
    """bytes, bytearray, memoryview and arrays of any shape give the same sum."""
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    want = crc32c(array.tobytes())
    assert crc32c(array) == crc32c(bytearray(array.tobytes())) == crc32c(memoryview(array.tobytes())) == want


def test_every_flipped_bit_shows(isa):
    data = bytearray(b"point cloud")
    sums = {crc32c(data)}
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        sums.add(crc32c(data))
        data[bit // 8] ^= 1 << bit % 8
    assert len(sums) == 1 + 8 * len(data)
