"""Byte planes through the standard library's compressors, chosen by size with bounded effort.

A plane is what one byte of every value makes: the sign and exponent of neighbouring floats are alike, their low
bytes are noise, and apart from each other they compress better. Deflate with Huffman codes alone is the best and
fastest on noisy planes (differences of colours: 1.750 MB where bzip2 takes 1.822 and LZMA 1.888), bzip2 on
structured ones; LZMA was never the smallest and is left out. It knows bytes only; values are the columns' matter.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable

import numpy as np

from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream

STORE, FILL, DEFLATE, BZIP2 = range(4)
SAMPLE_BYTES = 1 << 15
SLICES = 4
TRIAL_BYTES, WORTH = 1 << 12, 0.95  # of packed bits, which are noise nearly always

Compressor = tuple[int, Callable[[bytes], bytes]]


def _deflate(data: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15, 9, strategy)
    return compressor.compress(data) + compressor.flush()


COMPRESSORS: tuple[Compressor, ...] = (
    (DEFLATE, lambda data: _deflate(data, zlib.Z_HUFFMAN_ONLY)),
    (DEFLATE, lambda data: _deflate(data, zlib.Z_FILTERED)),
    (BZIP2, lambda data: bz2.compress(data, 9)),
)


def sample(array: np.ndarray, size: int = SAMPLE_BYTES) -> np.ndarray:
    """At most ``size`` entries of ``array`` in a few evenly spaced runs: enough to compare compressors."""
    if len(array) <= size:
        return array
    run = size // SLICES
    starts = np.linspace(0, len(array) - run, SLICES).astype(int)
    return np.concatenate([array[start : start + run] for start in starts])


def encode_plane(plane: np.ndarray) -> bytes:
    """One plane, (N,) uint8 with N >= 1: a method byte, then the data (with its length where it is compressed)."""
    if (plane == plane[0]).all():
        return bytes([FILL, plane[0]])
    method, compress = best_compressor(plane)[0]
    data = compress(plane.tobytes())
    packed = bytes([method]) + varint(len(data)) + data
    return packed if len(packed) <= len(plane) else bytes([STORE]) + plane.tobytes()


def encode_bits(bits: np.ndarray) -> bytes:
    """(N,) 0 or 1 (any dtype), N >= 1, as a plane of packed bits, the first bit the highest; compressed if it pays."""
    packed = np.packbits(bits.astype(bool))
    part = sample(packed, TRIAL_BYTES).tobytes()
    if (packed != packed[0]).any() and len(zlib.compress(part, 1)) > WORTH * len(part):
        return bytes([STORE]) + packed.tobytes()
    return encode_plane(packed)


def best_compressor(plane: np.ndarray) -> tuple[Compressor, int]:
    """The compressor that makes a sample of ``plane`` smallest, and the bytes that it makes of the sample."""
    part = sample(plane).tobytes()
    sizes = [len(compress(part)) for _, compress in COMPRESSORS]
    best = int(np.argmin(sizes))
    return COMPRESSORS[best], sizes[best]


def decode_plane(reader: Reader, size: int) -> np.ndarray:
    """The (size,) uint8 plane that ``encode_plane`` wrote; never more than ``size`` bytes and a few are unpacked.

    Raises:
        CorruptStream: the data is damaged, or is not ``size`` bytes.
    """
    method = reader.u8()
    if method == FILL:
        return np.full(size, reader.u8(), np.uint8)
    if method == STORE:
        return np.frombuffer(reader.take(size), np.uint8)
    if method not in (DEFLATE, BZIP2):
        raise CorruptStream(f"unknown plane method {method}; a newer pcc may know it")
    data = bytes(reader.take(reader.varint()))
    plane = _inflate(data, size) if method == DEFLATE else _bunzip(data, size)
    return np.frombuffer(plane, np.uint8)


def decode_bits(reader: Reader, count: int) -> np.ndarray:
    """(count,) bool that ``encode_bits`` wrote, count >= 1."""
    return np.unpackbits(decode_plane(reader, (count + 7) // 8), count=count).view(bool)


def _inflate(data: bytes, size: int) -> bytes:
    decompressor = zlib.decompressobj(-15)
    try:
        plane = decompressor.decompress(data, size + 1)
    except zlib.error as error:
        raise CorruptStream(f"plane: {error}") from error
    return _exact(plane, size, decompressor.eof, decompressor.unused_data)


def _bunzip(data: bytes, size: int) -> bytes:
    decompressor, plane = bz2.BZ2Decompressor(), bytearray()
    try:
        while not decompressor.eof and len(plane) <= size:
            part = decompressor.decompress(data, size + 1 - len(plane))
            if not part and decompressor.needs_input:
                break
            plane += part
            data = b""
    except (OSError, ValueError) as error:
        raise CorruptStream(f"plane: {error}") from error
    return _exact(bytes(plane), size, decompressor.eof, decompressor.unused_data)


def _exact(plane: bytes, size: int, ended: bool, unused: bytes) -> bytes:
    if len(plane) != size or not ended or unused:
        raise CorruptStream(f"plane: expected exactly {size} bytes")
    return plane
