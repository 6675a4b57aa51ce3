"""Cells of a spinning LiDAR, written from docs/arithmetic.md, sections 15 to 22: networks, contexts, mixtures.

It shares no line with the package, is slow, and trusts its program file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.conformance.written_decoder import DTYPES, Corrupt, M, Rans, T, frequencies, requantise, round_shift
from tests.conformance.written_sensor import Cells

Place = tuple[int, int]
PASSES = [
    ((0, 8), (0, 64), "columns", 32, 8),
    ((0, 8), (32, 64), "columns", 32, 8),
    ((0, 8), (16, 32), "columns", 16, 8),
    ((4, 8), (0, 16), "rows", 4, 16),
    ((0, 4), (8, 16), "columns", 8, 4),
    ((2, 4), (0, 8), "rows", 2, 8),
    ((0, 2), (4, 8), "columns", 4, 2),
    ((1, 2), (0, 4), "rows", 1, 4),
    ((0, 1), (2, 4), "columns", 2, 1),
    ((0, 1), (1, 2), "columns", 1, 1),
]
COLUMNS = [
    *((0, -1), (0, 1), (0, -3), (0, 3), (0, -5), (0, 5), (-1, -1), (-1, 1), (-1, -3)),
    *((-1, 3), (1, -1), (1, 1), (1, -3), (1, 3), (-2, -1), (-2, 1), (2, -1), (2, 1)),
]
ROWS = [
    *((-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1), (-1, -2), (-1, 2), (1, -2)),
    *((1, 2), (-3, 0), (3, 0), (-3, -1), (-3, 1), (3, -1), (3, 1), (-5, 0), (5, 0)),
]
LISTS = {
    "columns": ((0, 1, 6, 7, 10, 11), (0, 1, 6, 7), ((0, 2), (1, 3))),
    "rows": ((0, 1, 2, 3, 4, 5), (0, 1, 2, 3), ((0, 10), (1, 11))),
}
LOGISTIC = [round(2**24 / (1 + math.exp(16 - i / 32))) for i in range(1025)]


class LatticeFile:
    """Section 15: tensors as int64, layers by network."""

    def __init__(self, data: bytes) -> None:
        size = int.from_bytes(data[:8], "little")
        entries = json.loads(data[8 : 8 + size])
        metadata = entries.pop("__metadata__")
        if metadata["format"] != "pcc-lattice-1":
            raise ValueError(metadata["format"])
        self.kernels = json.loads(metadata["config"])["kernels"]
        self.tensors = {}
        for name, entry in entries.items():
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            values = np.frombuffer(data[start:end], DTYPES[entry["dtype"]]).astype(np.int64)
            self.tensors[name] = values.reshape(entry["shape"])

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Section 20: outputs (N, O) of inputs (N, F); ``network`` is pass{p}.range or pass{p}.reflectance."""
        last = 0
        while f"{network}{last + 1}.weight" in self.tensors and last < 5:
            last += 1
        beyond = self.tensors[f"{network}0.weight"].shape[0] - x.shape[1]
        x = np.concatenate([x, np.full((len(x), beyond), 128)], 1)
        for j in range(last + 1):
            weight, bias, multiplier, shift = (
                self.tensors[f"{network}{j}.{part}"] for part in ("weight", "bias", "multiplier", "shift")
            )
            sums = bias + x @ weight
            if j < last:
                x = requantise(sums, multiplier, int(shift[0]))
        return np.clip(round_shift(sums * multiplier, int(shift[0])), -3584, 3584)


@dataclass(frozen=True)
class Bins:
    """Section 16."""

    range_step: int
    group: int
    bits: int

    @property
    def width(self) -> int:
        return 4 * self.range_step * self.group

    def half(self, b: int) -> int:
        return 2 * self.group * b - (self.group - 1)

    def range(self, b: int) -> int:
        return min(self.half(b) * 2 * self.range_step, (1 << 24) - 1)

    def edge(self, j: int) -> int:
        """Section 21."""
        return self.width * j - (self.group - 1) * 2 * self.range_step - self.width // 2


class Image:
    """Sections 16 and 19: ranges, shades and what is known of the cells."""

    def __init__(self, cells: Cells) -> None:
        rows, columns = self.shape = cells.shape
        self.range = np.zeros(self.shape, np.int64)
        self.shade = np.zeros(self.shape, np.int64)
        self.deviation = np.array([[cells.deviation(r, c) for c in range(columns)] for r in range(rows)])

    def at(self, values: np.ndarray, r: int, c: int) -> int:
        """Columns go round; nothing lies beyond the rows."""
        return int(values[r, c % self.shape[1]]) if 0 <= r < self.shape[0] else 0

    def of_pass(self, p: int) -> list[Place]:
        (first_row, row_step), (first_column, column_step), *_ = PASSES[p]
        columns = range(first_column, self.shape[1], column_step)
        return [(r, c) for r in range(first_row, self.shape[0], row_step) for c in columns]


@dataclass(frozen=True)
class Context:
    """Section 19, of one cell."""

    feats: list[int]
    base: int
    d: list[int]
    guesses: list[int]


def neighbours(p: int, r: int, c: int) -> list[Place]:
    """Section 17."""
    _, _, kind, h, other = PASSES[p]
    row, column = (other, h) if kind == "columns" else (h, other)
    return [(r + row * a, c + column * b) for a, b in (COLUMNS if kind == "columns" else ROWS)]


def context(image: Image, p: int, r: int, c: int, width: int, row_feats: list[int]) -> Context:
    near, anchors, extensions = LISTS[PASSES[p][2]]
    there = neighbours(p, r, c)
    v = [image.at(image.range, *place) for place in there]
    base = base_of(v)
    d = [v[k] - base if v[k] else 0 for k in range(18)]
    guesses = [v[k] or base for k in anchors]
    guesses.append(2 * v[0] * v[1] // (v[0] + v[1]) if v[0] and v[1] else base)
    for i, j in extensions:
        line = min(max(v[i] + ((v[i] - v[j]) >> 1), 1), (1 << 24) - 1)
        guesses.append(line if v[i] and v[j] else base)
    feats = [compand(x) for x in d] + [255 if x else 0 for x in v]
    for k in near:
        away = image.at(image.deviation, *there[k]) - int(image.deviation[r, c])
        feats.append(128 + min(max(away, -127), 127) if v[k] else 128)
    feats += [compand(guess - base) for guess in guesses[4:]]
    o = width.bit_length() - 1
    feats += [level(base), min(255, 16 * o + ((width << 4) >> o) % 16), *row_feats]
    return Context(feats, base, d, guesses)


def base_of(v: list[int]) -> int:
    if v[0] and v[1]:
        return (v[0] + v[1]) >> 1
    if v[0] or v[1]:
        return v[0] + v[1]
    others = [x for x in v[2:] if x]
    return sum(others) // len(others) if others else 160000


def compand(d: int) -> int:
    v = abs(d) + 64
    q = 1 << (v.bit_length() - 1 - 5)
    m = (v // q) * q + (q - 1) / 2 - 64
    magnitude = min(round(20 * math.asinh(m / 128)), 127)
    return 128 + (magnitude if d > 0 else -magnitude if d < 0 else 0)


def level(v: int) -> int:
    v = max(v, 1 << 10)
    o = v.bit_length() - 1
    return min(255, 16 * (o - 10) + (v >> (o - 4)) % 16)


def row_feats(cells: Cells, noise: list[int], fill: list[int]) -> list[list[int]]:
    """Section 18: five for each row."""
    t = [(z << 12) // max(math.isqrt(x * x + y * y), 1) for x, y, z in cells.table.slope]
    gaps = [min(max(((b - a) * 3667) >> 12, 0), 255) for a, b in pairwise(t)]
    elevation = [min(max(128 + ((v * 172) >> 12), 0), 255) for v in t]
    columns = zip(elevation, [255, *gaps], [*gaps, 255], noise, fill, strict=True)
    return [[a, b, c, 4 * d, 17 * e] for a, b, c, d, e in columns]


@dataclass(frozen=True)
class Mixture:
    """Section 20: what a range's network says of a cell."""

    occupancy: int
    weight: list[int]
    mu: list[int]
    scale: list[int]


def mixture(y: list[int], seen: Context, kernels: int) -> Mixture:
    k = kernels + 7
    starts = []
    for i in range(kernels):
        kernel = y[3 * k + 1 + 18 * i : 3 * k + 19 + 18 * i]
        weighed = sum(w * min(max(d, -12800), 12800) for w, d in zip(kernel, seen.d, strict=True))
        starts.append(seen.base + ((weighed + 512) >> 10))
    starts += seen.guesses
    moves = [round(128 * math.sinh(abs(s) / 320)) * (1 if s > 0 else -1) for s in y[k : 2 * k]]
    return Mixture(y[3 * k], y[:k], [a + b for a, b in zip(starts, moves, strict=True)], y[2 * k : 3 * k])


def distribution(m: Mixture, bins: Bins, j: int) -> int:
    """Section 21: F."""
    total = mass = 0
    for mu, scale, weight in zip(m.mu, m.scale, m.weight, strict=True):
        c, distance = min(max(scale, 0), 3584), max(m.weight) - weight
        w = (T[distance % 256] >> (distance // 256)) >> 15
        z = ((bins.edge(j) - mu) * (T[c % 256] >> 14)) >> (4 + c // 256)
        z = min(max(z, -(1 << 20)), (1 << 20) - 1) + (1 << 20)
        i = z >> 11
        total += w * (LOGISTIC[i] + (((LOGISTIC[i + 1] - LOGISTIC[i]) * (z % 2048)) >> 11))
        mass += w
    return total + j * ((mass << 14) >> bins.bits)


def frequency(m: Mixture, bins: Bins, j: int, b: int) -> int:
    high = distribution(m, bins, j + (2 << b))
    every, upper = high - distribution(m, bins, j), high - distribution(m, bins, j + (1 << b))
    s = max(0, every.bit_length() - 17)
    return min(max(((upper >> s) << 14) // (every >> s), 1), 16383)


def ranges(file: LatticeFile, coder: Rans, image: Image, bins: Bins, feats: list[list[int]]) -> np.ndarray:
    """Section 22: the bins (R, C), 0 where empty; fills the image."""
    found = np.zeros(image.shape, np.int64)
    for p in range(10):
        cells = image.of_pass(p)
        if not cells:
            continue
        seen = [context(image, p, r, c, bins.width, feats[r]) for r, c in cells]
        y = file.run(f"pass{p}.range", np.array([s.feats for s in seen])).tolist()
        all_of = [mixture(*pair, file.kernels) for pair in zip(y, seen, strict=True)]
        occupied = coder.call(np.array([m.occupancy for m in all_of]))
        rows = [i for i, bit in enumerate(occupied) if bit]
        for first in range(0, len(rows), 2048):
            block = rows[first : first + 2048]
            numbers = [0] * len(block)
            for b in range(bins.bits - 1, -1, -1):
                for n, i in enumerate(block):
                    one = frequency(all_of[i], bins, numbers[n], b)
                    numbers[n] += coder.bit(n, [M - one, one]) << b
            if min(numbers) == 0:
                raise Corrupt("a point without a range")
            for n, i in enumerate(block):
                found[cells[i]] = numbers[n]
        for i in rows:
            image.range[cells[i]] = bins.range(int(found[cells[i]]))
    return found


def corrections(coder: Rans, places: list[int], codes: bytes) -> list[int]:
    """Section 22."""
    ends = (1, 2, 3, 4, 5, 6, 7, 8, 16, 32)
    classes = [sum(min(place, 255 - place) >= end for end in ends) for place in places]
    differs = coder.call(np.array([-16 * codes[k] for k in classes]))
    rows = [i for i, bit in enumerate(differs) if bit]
    away = coder.call(np.full(len(rows), -16 * codes[11]))
    found = [0] * len(places)
    for i, bit in zip(rows, away, strict=True):
        towards = -1 if places[i] < 128 else 1
        found[i] = -towards if bit else towards
    return found


def reflectances(
    file: LatticeFile, coder: Rans, image: Image, width: int, feats: list[list[int]], most: int
) -> np.ndarray:
    """Section 22: the levels (R, C) without their low bits."""
    found = np.zeros(image.shape, np.int64)
    image.shade[...] = 0
    for p in range(10):
        cells = [place for place in image.of_pass(p) if image.range[place]]
        if not cells:
            continue
        x = np.array([reflectance_inputs(image, p, r, c, width, feats[r]) for r, c in cells])
        tree = file.run(f"pass{p}.reflectance", x).tolist()
        v = [0] * len(cells)
        for j in range(7):
            for i, logits in enumerate(tree):
                v[i] += coder.bit(i, frequencies([0, logits[2**j - 1 + v[i] % 2**j]])) << j
        for place, value in zip(cells, v, strict=True):
            found[place] = int(f"{value:07b}"[::-1], 2)
            if found[place] > most:
                raise Corrupt("a level too large")
        for place in cells:
            image.shade[place] = int(found[place]) * 255 // most
    return found


def reflectance_inputs(image: Image, p: int, r: int, c: int, width: int, row: list[int]) -> list[int]:
    """Section 19."""
    seen, own = context(image, p, r, c, width, row), int(image.range[r, c])
    x = [*seen.feats, compand(own - seen.base)]
    x += [image.at(image.shade, *place) for place in neighbours(p, r, c)]
    for a, b in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        there = image.at(image.range, r + a, c + b)
        x.append(compand(there - own) if there else 128)
    return x
