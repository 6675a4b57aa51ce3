"""Byte planes: decode(encode(plane)) = plane; bombs and damage end in CorruptStream."""

from __future__ import annotations

import bz2
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec.planes import BZIP2, DEFLATE, FILL, STORE, decode_plane, encode_plane
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream


def check(plane: np.ndarray) -> bytes:
    data = encode_plane(plane)
    reader = Reader(data)
    assert decode_plane(reader, len(plane)).tobytes() == plane.tobytes()
    reader.finish("plane")
    return data


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_survive(data):
    """decode(encode(p)) = p, and never more than one byte longer."""
    assert len(check(np.frombuffer(data, np.uint8))) <= len(data) + 1


def test_literal_forms():
    assert check(np.full(1000, 7, np.uint8)) == bytes([FILL, 7])
    assert check(np.array([3, 1, 2], np.uint8)) == bytes([STORE, 3, 1, 2])


@pytest.mark.parametrize("kind", ["noise", "skewed", "cyclic", "half"])
def test_large_planes_survive(rng, kind):
    """Larger than the sample that chooses the compressor."""
    size = 100_003
    plane = {
        "noise": rng.integers(0, 256, size),
        "skewed": rng.geometric(0.2, size) % 256,
        "cyclic": np.arange(size) % 256,
        "half": np.concatenate([np.zeros(size // 2), rng.integers(0, 256, size - size // 2)]),
    }[kind].astype(np.uint8)
    data = check(plane)
    assert (data[0] == STORE) == (kind == "noise")


@pytest.mark.parametrize("method", [DEFLATE, BZIP2])
def test_a_plane_that_unpacks_to_another_size_is_corrupt(method):
    """Also when it would unpack to a thousand times its size: only what was promised is unpacked."""
    plain = bytes(10_000_000)
    packed = zlib.compress(plain, wbits=-15) if method == DEFLATE else bz2.compress(plain)
    data = bytes([method]) + varint(len(packed)) + packed
    for size in (1, 9_999_999, 10_000_001):
        with pytest.raises(CorruptStream):
            decode_plane(Reader(data), size)
    assert not decode_plane(Reader(data), len(plain)).any()


@pytest.mark.parametrize("method", [DEFLATE, BZIP2])
def test_damaged_and_truncated_planes_are_corrupt_or_other_bytes(method, rng):
    plain = (np.arange(5000) % 50).astype(np.uint8).tobytes()
    packed = zlib.compress(plain, wbits=-15) if method == DEFLATE else bz2.compress(plain)
    for changed in [packed[:n] for n in range(len(packed))] + [packed + b"x", b"x" + packed]:
        with pytest.raises(CorruptStream):
            decode_plane(Reader(bytes([method]) + varint(len(changed)) + changed), len(plain))


def test_unknown_methods_and_short_stores_are_corrupt():
    with pytest.raises(CorruptStream, match="method 9"):
        decode_plane(Reader(b"\x09\x00"), 1)
    with pytest.raises(CorruptStream):
        decode_plane(Reader(bytes([STORE, 1, 2])), 3)
