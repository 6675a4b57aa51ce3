"""A reader of `.pcc` files, written from docs/bitstream.md and nothing else: it shares no line with the package.

It reads one frame, with fields and multiplicities, and hands the octree payload to `written_decoder`. Section numbers
are those of the document.
"""

from __future__ import annotations

import bz2
import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.conformance.written_decoder import Corrupt, File, coordinates, decode

MAGIC = bytes.fromhex("89504343 0d0a1a0a")
INTEGERS = [f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")]
DTYPES = ["bool", *INTEGERS, "float16", "float32", "float64"]


class Bytes:
    """Section 1: primitives, read from the front."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise Corrupt("truncated")
        self.at += size
        return self.data[self.at - size : self.at]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)

    def u(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def f64(self) -> float:
        return struct.unpack("<d", self.take(8))[0]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.u(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                if value >= 1 << 64 or (byte == 0 and shift > 7):
                    raise Corrupt("varint")
                return value
            if shift == 70:
                raise Corrupt("varint")

    def svarint(self) -> int:
        value = self.varint()
        return -(value + 1) // 2 if value % 2 else value // 2

    def end(self) -> None:
        if self.rest():
            raise Corrupt("bytes left over")


def crc32c(data: bytes) -> int:
    """Section 1, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def chunks(data: bytes) -> list[tuple[str, bytes]]:
    """Section 2: tags and payloads of the required chunks."""
    b, found = Bytes(data), []
    head = b.take(11)
    if head[:8] != MAGIC or head[8:] != b"\x01\x00\x00" or b.u(4) != crc32c(head):
        raise Corrupt("preamble")
    while b.at < len(data):
        start = b.at
        tag, payload = b.take(1).decode("ascii"), b.take(b.varint())
        if b.u(4) != crc32c(data[start : b.at - 4]):
            raise Corrupt(f"chunk {tag}")
        if tag.isupper():
            found.append((tag, payload))
    return found


def column(b: Bytes, n: int, dtype: np.dtype) -> np.ndarray:
    """Section 7."""
    transform, size = b.u(1), dtype.itemsize
    if transform & 2:
        num_entries = b.varint()
        if not 1 <= num_entries <= min(n, 65536):
            raise Corrupt("palette")
        entries = words(b, num_entries, size, True)
        indices = words(b, n, 1 if num_entries <= 256 else 2, bool(transform & 1))
        result = [entries[i] for i in indices]
    else:
        result = words(b, n, size, bool(transform & 1))
    data = b"".join(w.to_bytes(size, "little") for w in result)
    return np.frombuffer(data, np.dtype(f"<u{size}") if dtype.kind == "b" else dtype.newbyteorder("<")).astype(dtype)


def words(b: Bytes, n: int, size: int, differences: bool) -> list[int]:
    planes = [plane(b, n) for _ in range(size)]
    result, value = [], 0
    for i in range(n):
        d = int.from_bytes(bytes(p[i] for p in planes), "little")
        value += (d // 2 if d % 2 == 0 else -(d + 1) // 2) if differences else d - value
        value %= 1 << 8 * size
        result.append(value)
    return result


def plane(b: Bytes, n: int) -> bytes:
    method = b.u(1)
    if method == 0:
        return b.take(n)
    if method == 1:
        return b.take(1) * n
    if method not in (2, 3):
        raise Corrupt("method")
    data = b.take(b.varint())
    data = zlib.decompress(data, -15) if method == 2 else bz2.decompress(data)
    if len(data) != n:
        raise Corrupt("plane")
    return data


@dataclass(frozen=True)
class Header:
    """Section 3; ``grid`` are the bytes that the digest covers, with those of axes; then flags 8, 16 and 32.

    ``axes`` are num, den, offset and single of x, y and z, or None; ``extended`` says that there is an extension.
    """

    grid: bytes
    dtype: np.dtype
    num: float
    den: float
    origin: list[int]
    depth: int
    num_points: int
    num_voxels: int
    adaptive: bool
    calibrated: bool
    inferred: bool
    extended: bool = False
    low_bits: int = 0
    num_raw: int = 0
    exact: bool = False
    axes: tuple[tuple[float, float, float, int], ...] | None = None

    @property
    def num_placed(self) -> int:
        return self.num_points - self.num_raw


def header(payload: bytes) -> Header:
    b = Bytes(payload)
    kind, flags = b.u(1), b.u(1)
    if kind or flags > 127 or (flags & 32 and not flags & 2):
        raise Corrupt("newer")
    dtype, num, den = np.dtype(DTYPES[b.u(1)]), b.f64(), b.f64()
    origin = [b.svarint() for _ in range(3)]
    grid = payload[2 : b.at]
    depth, num_points, num_voxels = b.u(1), b.varint(), b.varint()
    if flags & 4:
        b.varint()
    if flags & 1:
        b.svarint()
    more, low_bits, num_raw, axes = b.varint() if flags & 64 else 0, 0, 0, None
    if flags & 64 and not 1 <= more <= 15:
        raise Corrupt("extension")
    if more & 1:
        low_bits = b.u(1)
    if more & 2:
        num_raw = b.varint()
    if more & 8:
        start = b.at
        axes = tuple((b.f64(), b.f64(), b.f64(), b.u(1)) for _ in range(3))
        grid += payload[start : b.at]
        if axes[0][:2] != (num, den) or any(not 0 < v < np.inf for a in axes for v in a[:2]):
            raise Corrupt("axes")
        if any(not np.isfinite(a[2]) or a[3] > 1 for a in axes):
            raise Corrupt("offsets")
    b.end()
    integer = dtype.kind in "biu" and num == den == 1 and axes is None
    if (more & 1 and not 1 <= low_bits <= 43) or depth + low_bits > (64 if integer else 53):
        raise Corrupt("low bits")
    if (more & 2 and not 1 <= num_raw <= num_points) or (more & 4 and dtype.kind != "f"):
        raise Corrupt("raw points, or exact integers")
    if flags & 56 and num_voxels < 2:
        raise Corrupt("no octree")
    if not min(num_points - num_raw, 1) <= num_voxels <= min(num_points - num_raw, 8**depth):
        raise Corrupt("voxels")
    how = flags & 8 > 0, flags & 16 > 0, flags & 32 > 0, flags & 64 > 0, low_bits, num_raw, more & 4 > 0, axes
    return Header(grid, dtype, num, den, origin, depth, num_points, num_voxels, *how)


def positions(codes: list[int], h: Header) -> np.ndarray:
    """Section 3: (V, 3) of the voxels."""
    dtype, num, den = h.dtype, h.num, h.den
    k = np.array([coordinates(code, h.depth) for code in codes], np.int64).reshape(-1, 3) + np.array(h.origin)
    if dtype.kind in "biu" and num == den == 1:
        return k.astype(dtype)
    with np.errstate(over="ignore"):
        values = k.astype(np.float64) * num / den
        if dtype.kind == "f" and not np.isfinite(values.astype(dtype)).all():
            raise Corrupt("a position that is no number")
    if dtype.kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(np.rint(values), info.min, info.max).astype(dtype)


def multiplicities(payloads: list[bytes], h: Header) -> np.ndarray:
    """Section 5: (V,) int64 points a voxel."""
    counts = np.ones(h.num_voxels, np.int64)
    if payloads:
        m = Bytes(payloads[0])
        counts += column(m, h.num_voxels, np.dtype("uint32")).astype(np.int64)
        m.end()
    if counts.sum() != h.num_placed:
        raise Corrupt("multiplicities")
    return counts


def field(payload: bytes, num_points: int) -> tuple[str, np.ndarray, bytes]:
    """Section 6: name, values, and what the digest covers."""
    a = Bytes(payload)
    name = a.take(a.varint()).decode()
    dtype, width = np.dtype(DTYPES[a.u(1)]), a.varint()
    spec = payload[: a.at]
    num_columns = (width - 1 if width else 1) if num_points else 0
    columns = [column(a, num_points, dtype) for _ in range(num_columns)]
    a.end()
    shape = (num_points, width - 1) if width else (num_points,)
    values = np.stack(columns, 1).reshape(shape) if columns else np.zeros(shape, dtype)
    return name, values, spec + values.astype(dtype.newbyteorder("<")).tobytes()


def read(data: bytes, models: Mapping[bytes, File]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Positions (N, 3) and fields of a file of one frame, the digest checked."""
    frame = chunks(data)
    tags = [tag for tag, _ in frame]
    if tags != sorted(tags, key="HGMAD".index) or any(tags.count(tag) != 1 for tag in "HD"):
        raise Corrupt("order of chunks")
    payloads = {tag: [payload for t, payload in frame if t == tag] for tag in "HGMAD"}
    h = header(payloads["H"][0])
    codes = geometry(payloads["G"], h, models)
    counts = multiplicities(payloads["M"], h)
    sha = hashlib.sha256(h.grid + h.num_points.to_bytes(8, "little"))
    sha.update(np.repeat(np.array(codes, "<u8"), counts).tobytes())
    fields = {}
    for payload in payloads["A"]:
        name, values, covered = field(payload, h.num_points)
        fields[name] = values
        sha.update(covered)
    if sha.digest()[:16] != payloads["D"][0]:
        raise Corrupt("digest")
    return np.repeat(positions(codes, h), counts, axis=0), fields


def geometry(payloads: list[bytes], h: Header, models: Mapping[bytes, File]) -> list[int]:
    """Section 4."""
    if not payloads:
        return [0] * h.num_voxels
    g, levels = Bytes(payloads[0]), (1 << h.depth) - 1
    mask = g.varint() if h.adaptive else 0
    if h.adaptive and not 0 < mask <= levels:
        raise Corrupt("mask")
    file, level_offset = (None, 0) if mask == levels else (models[g.take(16)], g.u(1))
    calibrations = g.take((levels & ~mask).bit_length()) if h.calibrated else b""
    if h.calibrated and (file is None or any(c != 0x88 and mask >> l & 1 for l, c in enumerate(calibrations))):
        raise Corrupt("calibrations")
    inferred = ()
    if h.inferred:
        inferred = tuple((g.u(1), (g.u(1) + 128) % 256 - 128) for _ in range(g.u(1)))
        fits = 1 <= len(inferred) <= h.depth and file is not None and file.config.get("lossy_scale") is not None
        if mask or not fits or min(lean for _, lean in inferred) < -127:
            raise Corrupt("inferred levels")
    return decode(g.rest(), h.depth, h.num_voxels, file, level_offset, mask, calibrations, inferred)
