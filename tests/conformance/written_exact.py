"""Positions beyond voxels, written from docs/bitstream.md, sections 3, 7 and 16 to 18, and nothing else.

Low bits, exact floats and raw points, point by point in Python integers; it shares no line with the package.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

from tests.conformance.written_container import DTYPES, Bytes, Header, column, plane, positions
from tests.conformance.written_decoder import Corrupt, coordinates

FORMATS = {"float16": "<e", "float32": "<f", "float64": "<d"}


def bits(b: Bytes, n: int) -> list[int]:
    """Section 7: packed bits."""
    data = plane(b, (n + 7) // 8)
    return [data[i // 8] >> (7 - i % 8) & 1 for i in range(n)]


def check_extension(payload: Mapping[str, bytes], h: Header) -> None:
    """Section 3: the chunks that an extension announces are there, and no others."""
    announced = {"W": h.low_bits > 0, "E": h.exact, "X": h.num_raw > 0}
    if any((tag in payload) != there for tag, there in announced.items()):
        raise Corrupt("extension")
    if ("W" in payload or "E" in payload) and not h.num_placed:
        raise Corrupt("no placed points")
    if ("W" in payload and {"L", "F"} & set(payload)) or ("E" in payload and "F" in payload):
        raise Corrupt("together")


def placed(payload: Mapping[str, bytes], h: Header, codes: list[int]) -> np.ndarray:
    """Positions (P, 3) of points with these codes."""
    if h.low_bits == 0 and h.axes is None and not h.exact:
        return positions(codes, h)
    index = [list(coordinates(code, h.depth)) for code in codes]
    if h.low_bits:
        b = Bytes(payload["W"])
        low = [[0] * 3 for _ in codes]
        for axis in range(3):
            for j in range(h.low_bits):
                for i, bit in enumerate(bits(b, len(codes))):
                    low[i][axis] |= bit << j
        b.end()
        index = [
            [(k << h.low_bits) | l for k, l in zip(ks, ls, strict=True)] for ks, ls in zip(index, low, strict=True)
        ]
    index = [[k + start for k, start in zip(ks, h.origin, strict=True)] for ks in index]
    if h.exact:
        return exact(Bytes(payload["E"]), index, h)
    if h.dtype.kind in "biu" and h.num == h.den == 1 and h.axes is None:
        wrapped = [[k % (1 << 64) for k in ks] for ks in index]
        return np.array(wrapped, np.uint64).reshape(-1, 3).astype(h.dtype)
    columns = [[value(h, axis, k[axis], h.dtype) for k in index] for axis in range(3)]
    return np.array(columns, h.dtype).T.reshape(-1, 3)


def raw_points(payload: bytes, h: Header) -> np.ndarray:
    """Section 18."""
    b = Bytes(payload)
    columns = [column(b, h.num_raw, h.dtype) for _ in range(3)]
    b.end()
    return np.stack(columns, 1)


def value(h: Header, axis: int, i: float, dtype: np.dtype) -> np.generic:
    """Section 3: the value at index i, the origin included."""
    num, den, offset, single = h.axes[axis] if h.axes else (h.num, h.den, 0.0, 0)
    kind = np.float32 if single else np.float64
    with np.errstate(over="ignore"):
        v = kind(i) * kind(num) / kind(den)
        if offset != 0:
            v = v + kind(offset)
        if dtype.kind == "f":
            return dtype.type(v)
    info = np.iinfo(dtype)
    return dtype.type(min(max(int(np.rint(v)), info.min), info.max))


def key(v: np.generic) -> int:
    """Section 17."""
    data = struct.pack(FORMATS[v.dtype.name], v) if v == v else v.tobytes()
    word, top = int.from_bytes(data, "little"), 8 * len(data) - 1
    return word if not word >> top else (word ^ ((1 << top) - 1)) - (1 << top + 1)


def float_of(k: int, dtype: np.dtype) -> np.generic:
    """The float with a key, which is taken modulo 2^bits."""
    size = 8 * dtype.itemsize
    word = k % (1 << size)
    if word >> (size - 1):
        word ^= (1 << (size - 1)) - 1
    return np.frombuffer(word.to_bytes(dtype.itemsize, "little"), dtype.newbyteorder("<")).astype(dtype)[0]


def exact(b: Bytes, index: list[list[int]], h: Header) -> np.ndarray:
    """Section 17."""
    dtype = np.dtype(DTYPES[b.u(1)])
    if dtype.kind != "f" or dtype.itemsize > h.dtype.itemsize:
        raise Corrupt("dtype")
    columns = [exact_axis(b, [k[axis] for k in index], h, axis, dtype) for axis in range(3)]
    b.end()
    return np.array(columns, dtype).T.reshape(-1, 3).astype(h.dtype)


def exact_axis(b: Bytes, index: list[int], h: Header, axis: int, dtype: np.dtype) -> list[np.generic]:
    method = b.u(1)
    on_grid = [value(h, axis, i, dtype) for i in index]
    if method == 0:
        return on_grid
    if method == 1:
        words = column(b, len(index), np.dtype(f"u{dtype.itemsize}")).tolist()
        residuals = [d // 2 if d % 2 == 0 else -(d + 1) // 2 for d in words]
        return [float_of(key(v) + r, dtype) for v, r in zip(on_grid, residuals, strict=True)]
    if method > 3:
        raise Corrupt("method")
    off = bits(b, len(index)) if method == 3 else [1] * len(index)
    rows = [n for n, bit in enumerate(off) if bit]
    first = [key(value(h, axis, index[n] - 0.5, dtype)) for n in rows]
    sizes = [(key(value(h, axis, index[n] + 0.5, dtype)) - k) % (1 << 64) for n, k in zip(rows, first, strict=True)]
    widths = [(size - 1).bit_length() if size else 0 for size in sizes]
    within = [0] * len(rows)
    for j in range(max(widths, default=0)):
        members = [m for m, width in enumerate(widths) if width > j]
        for m, bit in zip(members, bits(b, len(members)), strict=True):
            within[m] |= bit << j
    found = list(on_grid)
    for n, k, w in zip(rows, first, within, strict=True):
        found[n] = float_of(k + w, dtype)
    return found
