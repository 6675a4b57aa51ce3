"""One column of values, any numeric dtype, as compressed byte planes; lossless to the bit.

    values -> words (uint of the same size) -> [palette indices] -> [differences] -> planes -> bytes

Differences of consecutive words suit what varies slowly along the Morton order (colours, times); a palette suits few
distinct values of many bits (an intensity in 1/100 as float32: 65 kB instead of 215 kB a KITTI frame). Which of the
four combinations is used is decided on a sample. It knows nothing of names and points: see ``fields``.
"""

from __future__ import annotations

import numpy as np

from pcc.codec.planes import SAMPLE_BYTES, best_compressor, decode_plane, encode_plane, sample
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream

DELTA, PALETTE = 1, 2
MAX_PALETTE = 1 << 16
MAX_SAMPLE_PALETTE = 4096
PALETTE_OVERHEAD = 8  # bytes that a palette costs beside its entries


def encode_column(values: np.ndarray) -> bytes:
    """(N,) values, N >= 1: a transform byte, the palette if there is one, the planes."""
    words = to_words(values)
    palette = _find_palette(words)
    plain, indexed = _cheapest(words), _cheapest(palette[1]) if palette is not None else None
    if palette is None or indexed is None or plain[0] <= indexed[0] + palette[0].nbytes / 2 + PALETTE_OVERHEAD:
        return bytes([plain[1]]) + _encode_words(words, plain[1])
    head = varint(len(palette[0])) + _encode_words(palette[0], DELTA)
    return bytes([PALETTE | indexed[1]]) + head + _encode_words(palette[1], indexed[1])


def estimate_column(values: np.ndarray) -> float:
    """About the bytes that ``encode_column`` makes of (N,) values without a palette, from a sample."""
    return _cheapest(to_words(values))[0]


def decode_column(reader: Reader, dtype: np.dtype, size: int) -> np.ndarray:
    """The (size,) values of ``dtype`` that ``encode_column`` wrote, size >= 1.

    Raises:
        CorruptStream: the data is damaged.
    """
    transform, word = reader.u8(), _word(dtype)
    if transform & ~(DELTA | PALETTE):
        raise CorruptStream(f"unknown column transform {transform}; a newer pcc may know it")
    delta = transform & DELTA
    if not transform & PALETTE:
        return from_words(_decode_words(reader, word, size, delta), dtype)
    num_entries = reader.varint()
    if not 1 <= num_entries <= min(size, MAX_PALETTE):
        raise CorruptStream(f"palette: {num_entries} entries of {size} values")
    entries = _decode_words(reader, word, num_entries, DELTA)
    indices = _decode_words(reader, _index_dtype(num_entries), size, delta)
    if indices.max() >= num_entries:
        raise CorruptStream("palette: an index is out of range")
    return from_words(entries[indices], dtype)


def to_words(values: np.ndarray) -> np.ndarray:
    """The bits of (N,) values as little-endian unsigned integers of the same size."""
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return little.view(_word(values.dtype))


def from_words(words: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The inverse of ``to_words``; every bit pattern is a value (a bool is true unless 0)."""
    if dtype.kind == "b":
        return words != 0
    return np.ascontiguousarray(words).view(dtype.newbyteorder("<")).astype(dtype, copy=False)


def differences(words: np.ndarray) -> np.ndarray:
    """Each word minus the one before (the first minus 0), modulo 2^bits, signs folded: 0, -1, 1 ... -> 0, 1, 2 ..."""
    step = words.copy()
    step[1:] -= words[:-1]
    signed = step.view(_signed(words.dtype))
    return ((signed << 1) ^ (signed >> (8 * words.itemsize - 1))).view(words.dtype)


def sums(folded: np.ndarray) -> np.ndarray:
    """The inverse of ``differences``."""
    one = folded.dtype.type(1)
    step = (folded >> one) ^ (~(folded & one) + one)
    return np.cumsum(step, dtype=folded.dtype)


def _word(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"<u{dtype.itemsize}")


def _signed(word: np.dtype) -> np.dtype:
    return np.dtype(f"<i{word.itemsize}")


def _index_dtype(num_entries: int) -> np.dtype:
    return np.dtype("<u1") if num_entries <= 256 else np.dtype("<u2")


def _find_palette(words: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Distinct words, ascending, and (N,) indices into them; None if there are too many to be worth it."""
    if words.itemsize == 1 or len(np.unique(sample(words))) > MAX_SAMPLE_PALETTE:
        return None
    entries, indices = np.unique(words, return_inverse=True)
    index = _index_dtype(len(entries))
    if len(entries) > MAX_PALETTE or index.itemsize >= words.itemsize:
        return None
    return entries, indices.astype(index)


def _cheapest(words: np.ndarray) -> tuple[float, int]:
    """Estimated bytes and transform (0 or DELTA) of the cheaper way to code ``words``."""
    part = sample(words, SAMPLE_BYTES)
    scale = len(words) / len(part)
    costs = [sum(_plane_cost(plane) for plane in _planes(w)) * scale for w in (part, differences(part))]
    return min(costs), DELTA if costs[1] < costs[0] else 0


def _plane_cost(plane: np.ndarray) -> int:
    return 0 if (plane == plane[0]).all() else best_compressor(plane)[1]


def _planes(words: np.ndarray) -> list[np.ndarray]:
    """The bytes of (N,) words, lowest first: (N,) uint8 each."""
    table = words.view(np.uint8).reshape(len(words), -1)
    return [np.ascontiguousarray(table[:, i]) for i in range(table.shape[1])]


def _encode_words(words: np.ndarray, transform: int) -> bytes:
    return b"".join(encode_plane(plane) for plane in _planes(differences(words) if transform else words))


def _decode_words(reader: Reader, word: np.dtype, size: int, transform: int) -> np.ndarray:
    table = np.empty((size, word.itemsize), np.uint8)
    for i in range(word.itemsize):
        table[:, i] = decode_plane(reader, size)
    words = table.view(word).ravel()
    return sums(words) if transform else words
