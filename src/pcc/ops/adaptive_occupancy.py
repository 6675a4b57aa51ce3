"""Occupancies under probabilities that follow the cloud itself, without a network.

It codes the levels that no network predicts well (`pcc.codec.fallback` chooses them): random points, scans far
sparser or noisier than anything trained on. What a node's decisions are predicted from is its own level: which
neighbours exist, and the occupancies of the three lower face neighbours, which are coded before it. It is an op, not a
coder: the words are `pcc.ops.rans`'s.

    occupancy --encode--> (p1, symbols) --> RansEncoder.put_binary          RansDecoder --decode--> occupancy

Definition (docs/arithmetic.md, section 12). A *context* holds two estimates of the probability of a one, ``fast`` and
``slow``, out of 2^22, both 2^21 at first, and a count n, 0 at first:

    frequency = clamp((fast + slow) >> 9, 1, 16383)
    after a symbol b, with r = 131072 div (2 n + 3) and t = b (2^22 - 1):
        fast += ((t - fast) * max(r, 2048)) >> 16;  slow += ((t - slow) * r) >> 16;  n = min(n + 1, 510)

Before the first node of a level, n = min(n, 30) in every context; nothing else is forgotten between levels.

A node's first decision is whether it has one child (context: ``CROWDS`` of its number of neighbours). If so, three
decisions give the child's octant, the bits of x, y, z (context: the bits so far, and whether the neighbours on either
side of that axis exist). If not, the occupancy follows bit by bit, octant 0 first (context: the bits so far, the three
face neighbours that touch the octant, and whether two of the four edge and corner neighbours do); bits that follow
from "at least two" are not coded. A face neighbour counts if it exists; a lower one, if its child at the face does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from pcc import _ext
from pcc.errors import CorruptStream
from pcc.ops._arrays import Array, check, empty
from pcc.ops.neighbours import NUM_DIRECTIONS
from pcc.ops.rans import RansDecoder
from pcc.ops.tables import TOTAL

MOST_DECISIONS = 9  # of a node
CROWDS = (0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, *[7] * 13)  #: by number of neighbours, 0..26


class AdaptiveOccupancy:
    """The contexts of one stream; its levels go through in order, and each is predicted from those before."""

    def __init__(self) -> None:
        self._impl = _ext.AdaptiveOccupancy()

    def copy(self) -> AdaptiveOccupancy:
        """The same contexts, to learn apart from now on."""
        other = AdaptiveOccupancy()
        other._impl = self._impl.copy()
        return other

    def encode(self, neighbours: Array, occupancy: Array) -> tuple[Array, Array]:
        """The decisions of a level, with which the contexts learn it.

        Args:
            neighbours: (N, 27) int32 rows of this level, -1 where empty; directions as in `pcc.ops.neighbours`.
            occupancy: (N,) uint8, not 0.

        Returns:
            ``(p1, symbols)``: (D,) uint16 frequencies of a one in 1..16383, (D,) uint8; 1 <= D / N <= 9.

        Raises:
            TypeError, ValueError: an argument does not fit; the contexts are then of no further use.
        """
        occupancy = check(occupancy, "occupancy", "uint8", (None,))
        room = MOST_DECISIONS * len(occupancy)
        p1, symbols = empty(occupancy, (room,), np.uint16), empty(occupancy, (room,), np.uint8)
        count = self._impl.encode(_checked(neighbours, len(occupancy)), occupancy, p1, symbols)
        return p1[:count], symbols[:count]

    def estimate_bits(self, neighbours: Array, occupancy: Array, every: int = 1) -> float:
        """About the size of a level in bits; the contexts stay as they are.

        Args:
            neighbours, occupancy: as for ``encode``.
            every: look at one block of 256 nodes in this many, spread over the level.
        """
        occupancy = check(occupancy, "occupancy", "uint8", (None,))
        return float(self._impl.estimate_bits(_checked(neighbours, len(occupancy)), occupancy, every))

    def decode(self, decoder: RansDecoder, neighbours: Array) -> Array:
        """The (N,) uint8 occupancies of a level, none of them 0; its decisions are one call of ``decoder``.

        Raises:
            CorruptStream: the stream ended too early, in this call or before.
            TypeError, ValueError: the neighbours do not fit.
        """
        neighbours = _checked(neighbours, None)
        occupancy = empty(neighbours, (len(neighbours),), np.uint8)
        try:
            self._impl.decode(decoder._impl, neighbours, occupancy)
        except _ext.CorruptStream as error:
            raise CorruptStream(str(error)) from None
        return occupancy


def _checked(neighbours: Array, num_nodes: int | None) -> Array:
    return check(neighbours, "neighbours", "int32", (num_nodes, NUM_DIRECTIONS))


class Reference:
    """The definition in the module's docstring, a node at a time in Python integers."""

    def __init__(self) -> None:
        self.contexts: dict[tuple[int | str, ...], list[int]] = defaultdict(lambda: [1 << 21, 1 << 21, 0])

    def encode(self, neighbours: np.ndarray, occupancy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `AdaptiveOccupancy.encode`."""
        coded: list[tuple[int, int]] = []
        known = iter(self._symbols(occupancy))

        def code(frequency: int) -> int:
            coded.append((frequency, next(known)))
            return coded[-1][1]

        decoded = self.level(neighbours, code)
        assert np.array_equal(decoded, occupancy)
        pairs = np.array(coded, np.uint16).reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].astype(np.uint8)

    def level(self, neighbours: np.ndarray, code: Callable[[int], int]) -> np.ndarray:
        """The (N,) uint8 occupancies of a level; ``code`` gives the symbol for a frequency of a one."""
        for context in self.contexts.values():
            context[2] = min(context[2], 30)
        occupancy = np.zeros(len(neighbours), np.uint8)
        for node, row in enumerate(neighbours.tolist()):
            occupancy[node] = self._node(row, occupancy, code)
        return occupancy

    def _node(self, near: list[int], occupancy: np.ndarray, code: Callable[[int], int]) -> int:
        if self._decide(("single", CROWDS[sum(r >= 0 for r in near) - 1]), code):
            octant = 1
            for low, high in ((4, 22), (10, 16), (12, 14)):
                octant = octant << 1 | self._decide(("half", octant, near[low] >= 0, near[high] >= 0), code)
            return 1 << (octant & 7)
        bits = 0
        for o in range(8):
            if (o == 6 and bits == 0) or (o == 7 and bits.bit_count() == 1):
                return bits | 0xFF << o & 0xFF
            bits |= self._decide(("many", o, bits, *_surroundings(o, near, occupancy)), code) << o
        return bits

    def _decide(self, key: tuple[int | str, ...], code: Callable[[int], int]) -> int:
        context = self.contexts[key]
        fast, slow, n = context
        symbol = code(min(max((fast + slow) >> 9, 1), TOTAL - 1))
        rate, target = 131072 // (2 * n + 3), symbol * ((1 << 22) - 1)
        context[:] = (
            fast + ((target - fast) * max(rate, 2048) >> 16),
            slow + ((target - slow) * rate >> 16),
            min(n + 1, 510),
        )
        return symbol

    @staticmethod
    def _symbols(occupancy: np.ndarray) -> list[int]:
        """The decisions of all nodes, from their occupancies alone."""
        symbols = []
        for value in occupancy.tolist():
            bits = [value >> o & 1 for o in range(8)]
            if sum(bits) == 1:
                octant = bits.index(1)
                symbols += [1, octant >> 2, octant >> 1 & 1, octant & 1]
            else:
                certain = 6 if not any(bits[:6]) else 7 if sum(bits[:7]) == 1 else 8
                symbols += [0, *bits[:certain]]
        return symbols


def _surroundings(octant: int, near: list[int], occupancy: np.ndarray) -> tuple[bool, ...]:
    """Whether the face neighbours at ``octant`` count, along x, y, z, and whether two of its rim exist."""
    faces, steps = [], [(1 if octant & bit else -1) for bit in (4, 2, 1)]
    for weight, step, bit in zip((9, 3, 1), steps, (4, 2, 1), strict=True):
        row = near[13 + step * weight]
        faces.append(row >= 0 and (step > 0 or bool(occupancy[row] >> (octant | bit) & 1)))
    x, y, z = steps
    rim = [near[13 + 9 * a + 3 * b + c] for a, b, c in ((x, y, 0), (x, 0, z), (0, y, z), (x, y, z))]
    return (*faces, sum(row >= 0 for row in rim) >= 2)
