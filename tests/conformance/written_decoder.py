"""A decoder of octree payloads, written from docs/arithmetic.md and nothing else: it shares no line with the package.

It proves that the document is enough, and it is the plainest statement of the arithmetic that runs: a dictionary for
neighbours, Python integers for the coder, int64 for every sum. It is slow, and trusts its program file. Section
numbers are those of the document.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from decimal import Decimal, localcontext

import numpy as np

M, L = 1 << 14, 1 << 16
RANKS = np.array([0, 4, 5, 1, 6, 2, 3, 7])
OFFSETS = [(dx, dy, dz) for dx in (-1, 0, 1) for dy in (-1, 0, 1) for dz in (-1, 0, 1)]
Tensors = dict[str, np.ndarray]
DTYPES = {"I8": "<i1", "U8": "<u1", "I32": "<i4"}


class Corrupt(Exception):
    """The stream is not one that an encoder wrote."""


def exp2_table() -> list[int]:
    """T of section 7, from its definition."""
    with localcontext() as context:
        context.prec = 40
        return [int((Decimal(2) ** (30 - Decimal(j) / 256)).to_integral_value()) for j in range(256)]


T = exp2_table()


class File:
    """Section 3: tensors as int64, and the configuration."""

    def __init__(self, data: bytes) -> None:
        (size,) = struct.unpack_from("<Q", data)
        entries = json.loads(data[8 : 8 + size])
        metadata = entries.pop("__metadata__")
        self.config = json.loads(metadata["config"])
        self.tensors = {}
        for name, entry in entries.items():
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            values = np.frombuffer(data[start:end], DTYPES[entry["dtype"]]).astype(np.int64)
            self.tensors[name] = values.reshape(entry["shape"])
        if metadata["format"] == "pcc-occupancy-1":
            self.from_format_1()
        elif metadata["format"] != "pcc-occupancy-2":
            raise ValueError(metadata["format"])
        self.config.setdefault("lone_hidden", 0)

    def from_format_1(self) -> None:
        """Section 3, the first format."""
        if self.config["checkerboard"] is not True:
            raise ValueError("checkerboard")
        self.config |= {"colours": 2, "groups": 8, "by_colour": False, "lone_hidden": 0}
        for name in [name for name in self.tensors if "head" in name and name.endswith("scalars")]:
            head = name.removesuffix("scalars")
            shift1, shift2, bias3, multiplier3, shift3 = self.tensors[name]
            self.tensors[name] = np.array([shift1, shift2, shift3])
            self.tensors[f"{head}bias3"] = np.array([bias3])
            self.tensors[f"{head}multiplier3"] = np.array([multiplier3])
            self.tensors[f"{head}weight3"] = self.tensors[f"{head}weight3"][:, None]

    def scale(self, levels_to_go: int, level_offset: int) -> tuple[str, int]:
        """Section 2: the prefix of the weight set's tensors, and the row."""
        most = (self.config.get("lossy_scale") or self.config["max_scale"] + 1) - 1
        scale, scales = min(levels_to_go + level_offset, most), self.config["scales"]
        i = max(i for i, first in enumerate(scales) if first <= scale)
        return f"set{i}.", scale - scales[i]


def lossy_scale(file: File, t: int, share: int, first: bool) -> tuple[str, int]:
    """Section 24: as ``File.scale``."""
    start = file.config["lossy_scale"]
    scale = start + 8 * (min(t, 3) - 1) + min(share.bit_length(), 7) if first else start + 24 + min(t, 8) - 1
    i = max(i for i, s in enumerate(file.config["scales"]) if s <= scale)
    return f"set{i}.", scale - file.config["scales"][i]


class Rans:
    """Section 8."""

    def __init__(self, data: bytes) -> None:
        if not data or not 1 <= data[0] <= 64 or len(data) < 1 + 4 * data[0] or len(data) % 2 == 0:
            raise Corrupt("coder: lanes or length")
        self.states = list(struct.unpack_from(f"<{data[0]}I", data, 1))
        if min(self.states) < L:
            raise Corrupt("coder: a first state")
        self.calibration = 0x88
        self.words = iter(struct.unpack(f"<{(len(data) - 1) // 2 - 2 * data[0]}H", data[1 + 4 * data[0] :]))

    def call(self, logits: np.ndarray) -> list[int]:
        return [self.bit(i, frequencies([0, logit])) for i, logit in enumerate(logits.tolist())]

    def bit(self, i: int, f: list[int]) -> int:
        """Symbol i of a call."""
        lane = i % len(self.states)
        x = self.states[lane]
        s = x % M
        bit = int(s >= f[0])
        x = f[bit] * (x // M) + s - bit * f[0]
        if x < L:
            word = next(self.words, None)
            if word is None:
                raise Corrupt("coder: a word is missing")
            x = (x << 16) + word
        self.states[lane] = x
        return bit

    def finish(self) -> None:
        if any(x != L for x in self.states) or next(self.words, None) is not None:
            raise Corrupt("coder: the end")


def frequencies(row: list[int]) -> list[int]:
    """Section 7."""
    m = row.index(max(row))
    w = [T[(row[m] - l) % 256] >> ((row[m] - l) // 256) for l in row]
    r = ((M - len(row)) << 48) // sum(w)
    f = [1 + ((v * r) >> 48) for v in w]
    f[m] += M - sum(f)
    return f


def round_shift(v: np.ndarray, s: int) -> np.ndarray:
    return (v + (1 << (int(s) - 1))) >> int(s)


def requantise(a: np.ndarray, m: np.ndarray, s: int, r: np.ndarray | int = 0, m_r: int = 0) -> np.ndarray:
    """Section 4."""
    return np.clip(round_shift(a * m + r * int(m_r), s), 0, 255)


def near(codes: list[int], level: int) -> np.ndarray:
    """Section 1: (N, 27) rows, -1 where there is no node."""
    points = [coordinates(code, level) for code in codes]
    rows = {point: n for n, point in enumerate(points)}
    return np.array([[rows.get((x + dx, y + dy, z + dz), -1) for dx, dy, dz in OFFSETS] for x, y, z in points])


def coordinates(code: int, level: int) -> tuple[int, ...]:
    return tuple(sum((code >> (3 * i + axis) & 1) << i for i in range(level)) for axis in (2, 1, 0))


def gather(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(N, 27, K): the neighbours' values, 0 where there is no node."""
    return np.where(rows[:, :, None] >= 0, values[rows], 0)


def expand(t: Tensors, set_: str, row: int, above: np.ndarray | None, octants: np.ndarray) -> np.ndarray:
    """Section 5; ``above`` (N, C) are the parents' features."""
    a = t[f"{set_}expand.bias"][row, octants]
    if above is not None:
        a = a + np.einsum("ni,nic->nc", above, t[f"{set_}expand.weight"][octants])
    return requantise(a, t[f"{set_}expand.multiplier"], t[f"{set_}expand.scalars"][0])


def residual_blocks(t: Tensors, set_: str, blocks: int, x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Section 5."""
    for b in range(blocks):
        y = x
        for name in (f"{set_}conv{2 * b}", f"{set_}conv{2 * b + 1}"):
            a = t[f"{name}.bias"] + np.einsum("ndi,dic->nc", gather(y, rows), t[f"{name}.weight"])
            shift, m_r = t[f"{name}.scalars"]
            y = requantise(a, t[f"{name}.multiplier"], shift, x, m_r if name.endswith(str(2 * b + 1)) else 0)
        x = y
    return x


def absorb(t: Tensors, set_: str, f: np.ndarray, occ: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Section 5, absorb."""
    bits = gather(occ[:, None] >> np.arange(8) & 1, rows)
    a = t[f"{set_}absorb.bias"] + np.einsum("ndo,doc->nc", bits, t[f"{set_}absorb.weight"])
    shift, m_r = t[f"{set_}absorb.scalars"]
    return requantise(a, t[f"{set_}absorb.multiplier"], shift, f, m_r)


def passes(config: dict) -> list[tuple[int, int]]:
    """Section 6: (group, colour) in coding order."""
    groups, colours = range(config["groups"]), range(config["colours"])
    if config["by_colour"]:
        return [(g, c) for c in colours for g in groups]
    return [(g, c) for g in groups for c in colours]


def visible_bits(
    occ: np.ndarray, rows: np.ndarray, colour: np.ndarray, order: list[tuple[int, int]], index: int, size: int
) -> np.ndarray:
    """Section 6: (R, 27, 8) bits of the neighbours in ``rows`` (R, 27) that passes before number ``index`` coded."""
    coded = {p for p in order[:index]}
    seen = np.array([[(o // size, c) in coded for o in range(8)] for c in colour.tolist()])
    return gather((occ[:, None] >> np.arange(8) & 1) * seen, rows)


def logits(t: Tensors, head: str, bias1: np.ndarray, bits: np.ndarray, f: np.ndarray) -> np.ndarray:
    """Section 6: (R, T); ``bits`` are (R, 27, 8), or (R, 1, 8) of the nodes themselves."""
    shift1, shift2, shift3 = (int(v) for v in t[f"{head}scalars"])
    context = t[f"{head}context"].reshape(bits.shape[1], 8, -1)
    context = np.einsum("ndo,doh->nh", bits, context) << t[f"{head}context_shift"]
    z = requantise(bias1 + f @ t[f"{head}weight1"] + context, t[f"{head}multiplier1"], shift1)
    z = requantise(t[f"{head}bias2"] + z @ t[f"{head}weight2"], t[f"{head}multiplier2"], shift2)
    a = t[f"{head}bias3"] + z @ t[f"{head}weight3"]
    return np.clip(round_shift(a * t[f"{head}multiplier3"], shift3), -3584, 3584)


def group_bits(
    coder: Rans, tree: np.ndarray, occ: np.ndarray, group: int, size: int, partly: tuple[int, int] | None = None
) -> np.ndarray:
    """Sections 6 and 9: the occupancies (R,) with the bits of a group; ``tree`` (R, T) are its logits.

    ``partly``: threshold and lean of section 24.
    """
    v = np.zeros(len(occ), np.int64)
    for j in range(size):
        l = tree[np.arange(len(occ)), 2**j - 1 + v]
        if partly is None:
            l = calibrated(l, coder.calibration)
        certain = (occ + (v << group * size) == 0) & (group * size + j == 7)
        l = np.where(certain, 3584, l)
        bit = np.zeros(len(occ), np.int64)
        coded = np.ones(len(occ), bool)
        if partly is not None:
            bit, coded = (l > -8 * partly[1]).astype(np.int64), (np.abs(l) < partly[0]) & ~certain
        bit[coded] = coder.call(l[coded])
        v += bit << j
    return occ + (v << group * size)


def calibrated(l: np.ndarray, c: int) -> np.ndarray:
    """Section 6, calibration with the code c."""
    return np.clip(((l * (8 + c // 16) + 8) >> 4) + 32 * (c % 16 - 8), -3584, 3584)


def occupancies(
    file: File, coder: Rans, set_: str, row: int, f: np.ndarray, octants: np.ndarray, rows: np.ndarray,
    inferred: tuple[int, int] | None = None,
) -> np.ndarray:  # fmt: skip
    """Section 9, the loop over passes; ``inferred``: share and lean of section 24."""
    occ, size = np.zeros(len(f), np.int64), 8 // file.config["groups"]
    colour, order = RANKS[octants] * file.config["colours"] // 8, passes(file.config)
    if file.config["lone_hidden"]:
        lone = (rows >= 0).sum(1) == 1
        occ[lone] = lone_occupancies(file.tensors, coder, set_, row, f[lone])
        colour[lone] = -1
    for index, (g, c) in enumerate(order):
        head, nodes = f"{set_}head{g}.", np.flatnonzero(colour == c)
        bits = visible_bits(occ, rows[nodes], colour, order, index, size)
        tree = logits(file.tensors, head, file.tensors[f"{head}bias1"][row, c], bits, f[nodes])
        partly = None
        if inferred is not None:
            partly = max(0, 16 * inferred[0] - 2560 * index // len(order)), inferred[1]
        occ[nodes] = group_bits(coder, tree, occ[nodes], g, size, partly)
    return occ


def lone_occupancies(t: Tensors, coder: Rans, set_: str, row: int, f: np.ndarray) -> np.ndarray:
    """Section 6, lone nodes; ``f`` (R, C) are their features."""
    occ = np.zeros(len(f), np.int64)
    for g in range(2):
        head = f"{set_}lone{g}."
        seen = occ[:, None] >> np.arange(8) & 1  # bits 0..3 in the second pass
        tree = logits(t, head, t[f"{head}bias1"][row, 0], seen[:, None], f)
        occ = group_bits(coder, tree, occ, g, 4)
    return occ


class Adaptive:
    """Section 12: the contexts of a frame; a key is a context's kind and values."""

    def __init__(self, coder: Rans) -> None:
        self.coder, self.contexts, self.decisions = coder, {}, 0

    def level(self, rows: np.ndarray) -> np.ndarray:
        self.decisions = 0
        self.contexts = {key: (fast, slow, min(c, 30)) for key, (fast, slow, c) in self.contexts.items()}
        occ = np.zeros(len(rows), np.int64)
        for n, near_n in enumerate(rows.tolist()):
            at = {offset: near_n[d] for d, offset in enumerate(OFFSETS)}
            occ[n] = self.node(at, occ)
        return occ

    def node(self, at: dict[tuple[int, int, int], int], occ: np.ndarray) -> int:
        k = sum(row >= 0 for row in at.values()) - 1
        if self.decide("single", sum(k >= least for least in (1, 2, 3, 5, 7, 10, 14))):
            octant = ()
            for axis in np.eye(3, dtype=int):
                down, up = (at[tuple(int(side * a) for a in axis)] >= 0 for side in (-1, 1))
                octant = (*octant, self.decide("half", octant, down, up))
            return 1 << (4 * octant[0] + 2 * octant[1] + octant[2])
        bits: list[int] = []
        for o in range(8):
            certain = o >= 6 and sum(bits) == o - 6  # in bits 0..5 none, or in bits 0..6 one
            bits.append(1 if certain else self.decide("many", tuple(bits), *touching(o, at, occ)))
        return sum(bit << o for o, bit in enumerate(bits))

    def decide(self, *key: object) -> int:
        fast, slow, c = self.contexts.get(key, (1 << 21, 1 << 21, 0))
        one = min(max((fast + slow) >> 9, 1), 16383)
        bit = self.coder.bit(self.decisions, [M - one, one])
        t, r = bit * ((1 << 22) - 1), 131072 // (2 * c + 3)
        fast, slow = fast + ((t - fast) * max(r, 2048) >> 16), slow + ((t - slow) * r >> 16)
        self.contexts[key] = fast, slow, min(c + 1, 510)
        self.decisions += 1
        return bit


def touching(o: int, at: dict[tuple[int, int, int], int], occ: np.ndarray) -> tuple[bool, ...]:
    """Section 12, the four values of a context of *many*."""
    x, y, z = (1 if o & bit else -1 for bit in (4, 2, 1))
    values = []
    for bit, face in ((4, (x, 0, 0)), (2, (0, y, 0)), (1, (0, 0, z))):
        row = at[face]
        values.append(row >= 0 and (bool(o & bit) or bool(occ[row] >> (o + bit) & 1)))
    others = sum(at[offset] >= 0 for offset in ((x, y, 0), (x, 0, z), (0, y, z), (x, y, z)))
    return (*values, others >= 2)


def decode(
    payload: bytes,
    depth: int,
    num_voxels: int,
    file: File | None,
    level_offset: int,
    mask: int = 0,
    calibrations: bytes = b"",
    inferred: tuple[tuple[int, int], ...] = (),
) -> list[int]:
    """Section 9: the codes of the voxels; ``mask`` are the adaptive levels, ``calibrations`` codes or empty.

    ``inferred``: shares and leans of the last levels (section 24).
    """
    coder = Rans(payload)
    adaptive = Adaptive(coder)
    codes, above = [0], None
    for level in range(depth):
        octants, rows = np.array(codes) % 8, near(codes, level)
        if ahead := mask >> level != (1 << depth - level) - 1:
            set_, row = file.scale(depth - level, level_offset)
            partly = inferred[level - depth] if depth - level <= len(inferred) else None
            if partly is not None:
                first = depth - level == len(inferred)
                set_, row = lossy_scale(file, depth - level + level_offset, partly[0], first)
            blocks = file.config["blocks"][int(set_[3:-1])]
            f = residual_blocks(file.tensors, set_, blocks, expand(file.tensors, set_, row, above, octants), rows)
            coder.calibration = calibrations[level] if calibrations else 0x88
        if mask >> level & 1:
            occ = adaptive.level(rows)
        else:
            occ = occupancies(file, coder, set_, row, f, octants, rows, partly)
        children = list(down(codes, occ))
        if occ.min() == 0 or len(children) > num_voxels:
            raise Corrupt("an empty node, or too many")
        if level < depth - 1 and ahead:
            above = absorb(file.tensors, set_, f, occ, rows)[[n for _, n in children]]
        codes = [code for code, _ in children]
    coder.finish()
    if len(codes) != num_voxels:
        raise Corrupt("number of voxels")
    return codes


def down(codes: list[int], occ: np.ndarray) -> Iterator[tuple[int, int]]:
    """Codes and parents' rows of the children."""
    for n, code in enumerate(codes):
        for o in range(8):
            if occ[n] >> o & 1:
                yield 8 * code + o, n
