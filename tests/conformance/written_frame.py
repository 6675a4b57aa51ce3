"""Frames in a sensor's lattice, written from docs/bitstream.md, sections 2, 8 and 11 to 15, and nothing else.

It shares no line with the package. Floats and orders of the input are read beside an octree too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.conformance.written_container import (
    DTYPES,
    Bytes,
    Header,
    chunks,
    column,
    field,
    geometry,
    header,
    multiplicities,
    positions,
)
from tests.conformance.written_decoder import Corrupt, Rans, coordinates, decode
from tests.conformance.written_lattice import (
    Bins,
    Image,
    LatticeFile,
    corrections,
    ranges,
    reflectances,
    row_feats,
)
from tests.conformance.written_sensor import Cells, Table, Twist, Vector, float_of, rounding, whole

U8, U32 = np.dtype("u1"), np.dtype("u4")
RANKS = {"H": 0, "G": 1, "L": 1, "M": 2, "F": 3, "A": 4, "R": 4, "B": 4, "O": 5, "D": 6}


def numbers(b: Bytes, n: int, dtype: np.dtype = U8) -> list[int]:
    return column(b, n, dtype).tolist()


def table(b: Bytes) -> Table:
    """Section 11.1."""
    steps, range_step, radial, lasers = b.varint(), b.varint(), b.u(1), b.varint()
    parts = []
    for width in (3, 3, 1):
        rows, last = [], [0] * width
        for _ in range(lasers):
            last = [value + b.svarint() for value in last]
            rows.append(last)
        parts.append(rows)
    return Table(steps, range_step, radial, parts[0], parts[1], [row[0] for row in parts[2]]).checked()


def embedded(data: bytes, digest: bytes) -> Table:
    """Section 11.1: the table of that digest in a file."""
    for tag, payload in chunks(data):
        if tag == "L" and payload[0] & 1:
            b = Bytes(payload)
            b.take(17)
            found = table(b)
            if found.digest == digest:
                return found
    raise LookupError(digest.hex())


def firings(b: Bytes, steps: int) -> list[int]:
    """Section 11.2."""
    count, first, usual, others = (b.varint() for _ in range(4))
    if not 1 <= count <= steps or max(first, usual) >= max(steps, 2) or others >= count:
        raise Corrupt("firings")
    gaps = []
    if others:
        for run, size in zip(numbers(b, others, U32), numbers(b, others, U32), strict=True):
            gaps += [usual] * min(run, count) + [size]
    if len(gaps) > count - 1:
        raise Corrupt("gaps")
    gaps += [usual] * (count - 1 - len(gaps))
    found = [first]
    for gap in gaps:
        found.append(found[-1] + gap)
    if min(gaps, default=1) < 1 or found[-1] >= steps:
        raise Corrupt("firings")
    return found


def motion(b: Bytes, points: int) -> tuple[Twist, list[int]]:
    """Section 11.3."""
    v = [b.svarint() for _ in range(6)]
    if max(map(abs, v)) >= 1 << 39:
        raise Corrupt("twist")
    wraps, at = [0] * points, -1
    for _ in range(b.varint()):
        gap = b.varint()
        at += gap // 2 + 1
        if at >= points:
            raise Corrupt("wrap")
        wraps[at] = 1 if gap % 2 else -1
    return Twist((v[0], v[1], v[2]), (v[3], v[4], v[5])), wraps


def apart(b: Bytes, points: int, depth: int) -> list[int]:
    """Section 11.4: codes."""
    if not points:
        return []
    voxels = b.varint()
    if not 1 <= voxels <= points:
        raise Corrupt("points apart")
    codes = decode(b.take(b.varint()), depth, voxels, None, 0, (1 << depth) - 1)
    counts = [1 + extra for extra in numbers(b, voxels, U32)] if points > voxels else [1] * voxels
    if sum(counts) != points:
        raise Corrupt("points apart")
    return [code for code, count in zip(codes, counts, strict=True) for _ in range(count)]


@dataclass(frozen=True)
class Lattice:
    """What L leaves for other chunks; ``order`` are the listed points in decoded order, ``fixed`` as listed."""

    file: LatticeFile
    cells: Cells
    image: Image
    bins: Bins
    feats: list[list[int]]
    places: list[tuple[int, int]]
    num_apart: int
    codes: list[int]
    order: list[int]
    fixed: list[Vector]


def lattice(payload: bytes, h: Header, data: bytes, models: Mapping[bytes, object], tables: list[Table]) -> Lattice:
    """Section 11."""
    b = Bytes(payload)
    flags = b.u(1)
    if flags > 15 or h.num_voxels < 2 or h.adaptive or h.calibrated or h.inferred:
        raise Corrupt("lattice")
    file = models[b.take(16)]
    if not isinstance(file, LatticeFile):
        raise Corrupt("no lattice program")
    sensor = table(b) if flags & 1 else None
    if sensor is None:
        digest = b.take(16)
        sensor = next((known for known in tables if known.digest == digest), None) or embedded(data, digest)
    cells = Cells(sensor, firings(b, sensor.steps))
    lasers, columns = cells.shape
    noise, fill = numbers(b, lasers), numbers(b, lasers)
    bins = Bins(sensor.range_step, b.varint(), b.u(1))
    fits = max(noise) < 64 and max(fill) < 16 and 1 <= bins.group <= 1 << 16 and 1 <= bins.bits <= 20
    if not fits or bins.group * bins.range_step << bins.bits > 1 << 24:
        raise Corrupt("statistics or bins")
    codes, raw_codes = b.take(12) if flags & 2 else None, b.take(12) if flags & 8 else None
    num_cells, num_apart = b.varint(), b.varint()
    if num_cells > lasers * columns or num_cells + num_apart != h.num_points:
        raise Corrupt("numbers of points")
    twist = motion(b, num_cells) if flags & 4 else None
    codes_apart = apart(b, num_apart, h.depth)
    coder, image, feats = Rans(b.rest()), Image(cells), row_feats(cells, noise, fill)
    found = ranges(file, coder, image, bins, feats)
    places = [(int(r), int(c)) for r, c in np.argwhere(found)]
    halves = [bins.half(int(found[place])) for place in places]
    if len(places) != num_cells or max(halves, default=0) > 2 * sensor.max_index + 2:
        raise Corrupt("cells")
    exact = [sensor.position(r, cells.azimuth(r, c), half) for (r, c), half in zip(places, halves, strict=True)]
    raw = corrected(coder, exact, raw_codes)
    moved = raw if twist is None else [whole(twist[0].corrected(p, w)) for (p, _), w in zip(raw, twist[1], strict=True)]
    voxels = [voxel for voxel, _ in corrected(coder, moved, codes)]
    coder.finish()
    all_codes = [code_of(voxel, h) for voxel in voxels] + codes_apart
    order = sorted(range(len(all_codes)), key=all_codes.__getitem__)
    if len(set(all_codes)) != h.num_voxels:
        raise Corrupt("voxels")
    ends = [absolute(code, h) for code in all_codes]
    fixed = [(x << 24, y << 24, z << 24) for x, y, z in ends]
    if twist is not None:
        for i, ((p, _), wrap) in enumerate(zip(raw, twist[1], strict=True)):
            fine = twist[0].corrected(p, wrap, rounding(p))
            if whole(fine)[0] == ends[i]:
                fixed[i] = fine
    return Lattice(file, cells, image, bins, feats, places, num_apart, all_codes, order, fixed)


def corrected(coder: Rans, points: list[tuple[Vector, Vector]], codes: bytes | None) -> list[tuple[Vector, Vector]]:
    """Section 11.6, steps 2 and 4."""
    if codes is None:
        return points
    delta = corrections(coder, [value for _, place in points for value in place], codes)
    sums = []
    for i, ((x, y, z), place) in enumerate(points):
        a, b, c = delta[3 * i : 3 * i + 3]
        sums.append(((x + a, y + b, z + c), place))
    return sums


def code_of(voxel: Vector, h: Header) -> int:
    k = [value - start for value, start in zip(voxel, h.origin, strict=True)]
    if min(k) < 0 or max(k) >> h.depth:
        raise Corrupt("outside of the cube")
    return sum((k[axis] >> i & 1) << (3 * i + 2 - axis) for i in range(h.depth) for axis in range(3))


def absolute(code: int, h: Header) -> Vector:
    x, y, z = (k + start for k, start in zip(coordinates(code, h.depth), h.origin, strict=True))
    return x, y, z


def levels(payload: bytes, l: Lattice) -> tuple[str, np.ndarray]:
    """Section 12: values as listed."""
    b = Bytes(payload)
    name, dtype, num, den = b.take(b.varint()).decode(), np.dtype(DTYPES[b.u(1)]), b.f64(), b.f64()
    low_bits, most, rows = b.u(1), b.u(1), len(l.feats)
    quartiles = np.array(numbers(b, 3 * rows)).reshape(3, rows)
    if not (0 < num < np.inf and 0 < den < np.inf) or low_bits > 1 or not 1 <= most < 128 or quartiles.max() > most:
        raise Corrupt("levels")
    far = numbers(b, l.num_apart) if l.num_apart else []
    largest = 2 * most + 1 if low_bits else most
    if dtype.kind not in "uif" or (dtype.kind in "ui" and ((num, den) != (1, 1) or largest > np.iinfo(dtype).max)):
        raise Corrupt("levels of another dtype")
    if max(far, default=0) > largest:
        raise Corrupt("a level too large")
    codes = b.take(10)
    coder = Rans(b.rest())
    feats = [[*row, *(int(q) * 255 // most for q in quartiles[:, r])] for r, row in enumerate(l.feats)]
    found = reflectances(l.file, coder, l.image, l.bins.width, feats, most, codes)
    near = [int(found[place]) for place in l.places]
    if low_bits:
        near = [2 * high + bit for high, bit in zip(near, coder.call(np.zeros(len(near), int)), strict=True)]
    coder.finish()
    return name, (np.array(near + far, np.float64) * num / den).astype(dtype)


def derived(payload: bytes, l: Lattice) -> tuple[str, np.ndarray]:
    """Section 13: values as listed."""
    b = Bytes(payload)
    name, dtype, shape, kind = b.take(b.varint()).decode(), np.dtype(DTYPES[b.u(1)]), b.varint(), b.u(1)
    if shape or kind > 1:
        raise Corrupt("derived field")
    values = column(b, l.cells.shape[kind], dtype)
    near = [values[l.cells.firing(r, c) if kind else r] for r, c in l.places]
    far = list(column(b, l.num_apart, dtype)) if l.num_apart else []
    b.end()
    return name, np.array(near + far, dtype)


def floats(payload: bytes, fixed: list[Vector]) -> np.ndarray:
    """Section 14, of points in decoded order."""
    b = Bytes(payload)
    words = [numbers(b, len(fixed), U32) for _ in range(3)]
    b.end()
    residuals = [[d // 2 if d % 2 == 0 else -(d + 1) // 2 for d in axis] for axis in words]
    return np.array([[float_of(p[i], residuals[i][n]) for i in range(3)] for n, p in enumerate(fixed)], np.float32)


def order_of(payload: bytes, n: int, l: Lattice | None) -> list[int]:
    """Section 15: the decoded places in the order of the input."""
    b = Bytes(payload)
    base, p = b.u(1), numbers(b, n, U32)
    b.end()
    if base > (4 if l else 0) or sorted(p) != list(range(n)):
        raise Corrupt("order")
    places = list(range(n))
    if base and l is not None:
        decoded = {listed: place for place, listed in enumerate(l.order)}
        down = -1 if base in (2, 4) else 1
        keys = [(down * r, c) if base < 3 else (l.cells.firing(r, c), down * r) for r, c in l.places]
        listed = sorted(range(len(keys)), key=keys.__getitem__) + list(range(len(keys), n))
        places = [decoded[i] for i in listed]
    return [places[i] for i in p]


def frame_of(data: bytes, number: int) -> list[tuple[str, bytes]]:
    """Section 2: tags and payloads of a frame."""
    every = chunks(data)
    starts = [i for i, (tag, _) in enumerate(every) if tag == "H"]
    frame = every[starts[number] : (*starts[1:], len(every))[number]]
    ranks = [RANKS[tag] for tag, _ in frame]
    if any(a > b or (a == b != 4) for a, b in pairwise(ranks)) or ranks[0] or ranks[-1] != 6:
        raise Corrupt("order of chunks")
    return frame


def octree_codes(payload: dict[str, bytes], h: Header, models: Mapping[bytes, object]) -> list[int]:
    """Sections 4 and 5: codes of all points."""
    of_tag = {tag: [payload[tag]] if tag in payload else [] for tag in "GM"}
    codes, counts = geometry(of_tag["G"], h, models), multiplicities(of_tag["M"], h)
    return [code for code, count in zip(codes, counts, strict=True) for _ in range(count)]


def any_field(tag: str, chunk: bytes, n: int, l: Lattice | None) -> tuple[str, np.ndarray, bytes]:
    """Sections 6, 12 and 13: name, values in decoded order, and what the digest covers; names below 128 bytes."""
    if tag == "A":
        return field(chunk, n)
    name, listed = levels(chunk, l) if tag == "R" else derived(chunk, l)
    values, letters = listed[l.order], name.encode()
    return name, values, bytes([len(letters), *letters, DTYPES.index(values.dtype.name), 0]) + values.tobytes()


def read(
    data: bytes, models: Mapping[bytes, object], tables: list[Table], number: int = 0
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Positions (N, 3) and fields of frame ``number`` of a file, the digest checked."""
    frame = frame_of(data, number)
    payload, h = dict(frame), header(frame[0][1])
    l = lattice(payload["L"], h, data, models, tables) if "L" in payload else None
    if l is not None and "M" in payload:
        raise Corrupt("multiplicities")
    codes = octree_codes(payload, h, models) if l is None else [l.codes[i] for i in l.order]
    xyz = positions(codes, h) if "F" not in payload else np.empty(0)
    sha = hashlib.sha256(h.grid + h.num_points.to_bytes(8, "little") + np.array(codes, "<u8").tobytes())
    fields = {}
    for tag, chunk in frame:
        if tag in "ARB":
            name, fields[name], covered = any_field(tag, chunk, h.num_points, l)
            sha.update(covered)
    if "F" in payload:
        fixed = [l.fixed[i] for i in l.order] if l else [tuple(v << 24 for v in absolute(code, h)) for code in codes]
        xyz = floats(payload["F"], fixed)
        sha.update(xyz.tobytes())
    order = order_of(payload["O"], h.num_points, l) if "O" in payload else list(range(h.num_points))
    if "O" in payload:
        sha.update(np.array(order, "<u4").tobytes())
    if sha.digest()[:16] != payload["D"]:
        raise Corrupt("digest")
    return xyz[order], {name: values[order] for name, values in fields.items()}
