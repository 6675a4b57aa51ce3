"""Positions in a sensor's lattice, written from docs/arithmetic.md, sections 13, 14 and 16.

It shares no line with the package: Python integers, one point after the other.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from tests.conformance.written_decoder import Corrupt

Vector = tuple[int, int, int]


def rounded(v: int, s: int) -> int:
    """round_shift, section 4."""
    return (v + (1 << (s - 1))) >> s


@dataclass(frozen=True)
class Table:
    """docs/bitstream.md, section 11.1."""

    steps: int
    range_step: int
    radial: int
    slope: list[list[int]]
    offset: list[list[int]]
    shift: list[int]

    def checked(self) -> Table:
        fits = 1 <= self.steps <= 1 << 20 and 1 <= self.range_step <= 1023 and self.radial < 2
        for rows, most in ((self.slope, 1 << 34), (self.offset, 1 << 26), ([self.shift], 1 << 20)):
            fits = fits and all(abs(value) <= most for row in rows for value in row)
        if not fits or not 1 <= len(self.slope) <= 256 or any(row == [0, 0, 0] for row in self.slope):
            raise Corrupt("sensor's table")
        return self

    @property
    def digest(self) -> bytes:
        numbers = [self.steps, self.range_step, len(self.slope), self.radial]
        numbers += [value for rows in (self.slope, self.offset) for row in rows for value in row] + self.shift
        return hashlib.sha256(b"".join(value.to_bytes(8, "little", signed=True) for value in numbers)).digest()[:16]

    @property
    def max_index(self) -> int:
        most = min(1 << 20, ((1 << 24) - 1) // (4 * self.range_step))
        for slope, offset in zip(self.slope, self.offset, strict=True):
            left = (1 << 44) - (sum(map(abs, offset)) << 12)
            most = min(most, left // sum(map(abs, slope)))
        return most - 1

    @cached_property
    def turns(self) -> list[tuple[int, int]]:
        return [turn(u, self.steps) for u in range(self.steps)]

    def position(self, l: int, u: int, h: int) -> tuple[Vector, Vector]:
        """Section 13: voxel and place."""
        q = [rounded(h * s + 2 * (o << 12), 13) for s, o in zip(self.slope[l], self.offset[l], strict=True)]
        if self.radial and q[0] > abs(q[1]):
            q[0] -= q[1] ** 2 // (2 * q[0])
        cos, sin = self.turns[u]
        exact = (q[0] * cos - q[1] * sin, q[0] * sin + q[1] * cos, q[2] << 30)
        x, y, z = (value + (1 << 41) for value in exact)
        return (x >> 42, y >> 42, z >> 42), ((x >> 34) % 256, (y >> 34) % 256, (z >> 34) % 256)


@lru_cache(maxsize=2)
def coarse() -> list[tuple[int, int]]:
    angles = [2 * math.pi * k / 1024 for k in range(1024)]
    return [(round(2**30 * math.cos(a)), round(2**30 * math.sin(a))) for a in angles]


def turn(u: int, steps: int) -> tuple[int, int]:
    t = (u << 32) // steps
    k, r = t >> 22, t % (1 << 22)
    phi = (r * 431777206545) >> 36
    c = (1 << 32) - (phi**2 >> 33)
    s = phi - ((((phi**2 >> 32) * phi) // 6) >> 32)
    big_c, big_s = coarse()[k]
    return rounded(big_c * c - big_s * s, 32), rounded(big_s * c + big_c * s, 32)


@dataclass(frozen=True)
class Cells:
    """Section 16: where the cells of a turn lie."""

    table: Table
    firings: list[int]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.table.shift), len(self.firings)

    def firing(self, r: int, c: int) -> int:
        steps, columns = self.table.steps, len(self.firings)
        roll = (2 * self.table.shift[r] * columns + steps) // (2 * steps)
        return (c - roll) % columns

    def azimuth(self, r: int, c: int) -> int:
        return (self.firings[self.firing(r, c)] + self.table.shift[r]) % self.table.steps

    def deviation(self, r: int, c: int) -> int:
        steps, columns = self.table.steps, len(self.firings)
        away = (32 * columns * self.azimuth(r, c) + steps) // (2 * steps) - 16 * c
        return min(max((away + 8 * columns) % (16 * columns) - 8 * columns, -1024), 1024)


@dataclass(frozen=True)
class Twist:
    """Section 14."""

    velocity: Vector
    rotation: Vector

    def corrected(self, p: Vector, wrap: int, e: Vector = (0, 0, 0)) -> Vector:
        """fixed, 2^-24 voxel."""
        if max(map(abs, p)) >= 1 << 20:
            raise Corrupt("a raw position out of reach")
        s = azimuth(p[0], p[1]) + (wrap << 31)
        n = rotation([rounded((s * w) >> 8, 23) for w in self.rotation])
        fixed = []
        for i in range(3):
            moved = sum(n[i][j] * p[j] for j in range(3)) + rounded((s * self.velocity[i]) >> 8, 9)
            moved += sum(n[i][j] * e[j] for j in range(3)) >> 24
            fixed.append((p[i] << 24) + e[i] + rounded(moved, 16))
        return fixed[0], fixed[1], fixed[2]


def azimuth(x: int, y: int) -> int:
    major, minor = max(abs(x), abs(y), 1), min(abs(x), abs(y))
    k = (minor << 8) // major
    g = (((minor << 8) - k * major) << 36) // ((major << 8) + k * minor)
    angle = g - ((((g**2 >> 36) * g) >> 36) // 3)
    t = round(math.atan(k / 256) * 2**36 / (2 * math.pi)) + ((angle * 683565276) >> 32)
    t = (1 << 34) - t if abs(y) > abs(x) else t
    t = (1 << 35) - t if x < 0 else t
    return rounded(-t if y < 0 else t, 5)


def rotation(a: list[int]) -> list[list[int]]:
    b = [rounded(v, 9) for v in a]
    t = sum(v**2 for v in b) >> 31
    sine = series(t, (357913941, 17895697, 426088, 5918, 54))
    cosine = series(t, (89478485, 2982616, 53261, 592, 4))
    m = [a[i] - ((sine * b[i]) >> 22) for i in range(3)]
    o = [[((u * v) >> 23) - ((cosine * ((u * v) >> 31)) >> 22) for v in b] for u in b]
    return [
        [-o[1][1] - o[2][2], o[0][1] - m[2], o[0][2] + m[1]],
        [o[0][1] + m[2], -o[0][0] - o[2][2], o[1][2] - m[0]],
        [o[0][2] - m[1], o[1][2] + m[0], -o[0][0] - o[1][1]],
    ]


def series(t: int, c: tuple[int, ...]) -> int:
    h = c[4]
    for k in (3, 2, 1, 0):
        h = c[k] - ((t * h) >> 31)
    return (t * h) >> 31


def whole(fixed: Vector) -> tuple[Vector, Vector]:
    """Section 14: voxel and place."""
    x, y, z = (value + (1 << 23) for value in fixed)
    return (x >> 24, y >> 24, z >> 24), ((x >> 16) % 256, (y >> 16) % 256, (z >> 16) % 256)


def rounding(p: Vector) -> Vector:
    """Section 14, floats: e of a raw voxel."""
    x, y, z = (int(np.rint(np.float64(np.float32(v / 1000)) * 16777216000)) - (v << 24) for v in p)
    return x, y, z


def float_of(fixed: int, residual: int) -> np.float32:
    """Section 14, floats."""
    predicted = np.float32(np.float64(fixed) / 16777216000)
    key = (key_of(int(predicted.view(np.int32))) + residual + (1 << 31)) % (1 << 32) - (1 << 31)
    return np.int32(key_of(key)).view(np.float32)


def key_of(bits: int) -> int:
    """A float's 32 bits, signed, as its key, and back."""
    return bits if bits >= 0 else -1 - (bits & 0x7FFFFFFF)
