"""The order in which a level's occupancies are coded: what is coded together, and what is known by then.

A node's eight bits form ``groups`` of consecutive octants; nodes have one of ``colours`` colours, given by their octant
in their parent. Of a node's 26 neighbours 0 have its own colour with 8 colours, 4 with 4 colours and 12 with 2, none of
them across a face. A pass codes one group of the nodes of one colour. Group by group, all nodes' first octants come
before anyone's last; colour by colour, a node is coded whole before the next colour starts, which then sees it whole.

    colours 2, groups 8, group by group:  the checkerboard; colours 8, groups 2, colour by colour:  two nibbles a node

It is arithmetic.md, sections 1 and 6, and no more: what is coded with which probability is the network's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NUM_OCTANTS = 8
NUM_OFFSETS = 27
SELF = 13
OCTANTS_BY_RANK = (0, 3, 5, 6, 1, 2, 4, 7)  # octants of even parity first: no two of them share a face


@dataclass(frozen=True)
class CodingOrder:
    """See the module's docstring.

    Attributes:
        colours: 1, 2, 4 or 8.
        groups: 1, 2, 4 or 8.
        by_colour: colour by colour, not group by group.
    """

    colours: int = 2
    groups: int = 8
    by_colour: bool = False

    def __post_init__(self) -> None:
        if self.colours not in (1, 2, 4, 8) or self.groups not in (1, 2, 4, 8):
            raise ValueError(f"colours, groups: expected 1, 2, 4 or 8, got {self.colours}, {self.groups}")

    @property
    def group_size(self) -> int:
        """Octants of a group."""
        return NUM_OCTANTS // self.groups

    @cached_property
    def colour_of(self) -> np.ndarray:
        """(8,) uint8: the colour of a node by its octant."""
        ranks = np.argsort(OCTANTS_BY_RANK)
        return (ranks * self.colours // NUM_OCTANTS).astype(np.uint8)

    @property
    def passes(self) -> list[tuple[int, int]]:
        """(group, colour) in coding order."""
        if self.by_colour:
            return [(g, c) for c in range(self.colours) for g in range(self.groups)]
        return [(g, c) for g in range(self.groups) for c in range(self.colours)]

    @cached_property
    def first_group(self) -> np.ndarray:
        """(8, 27, 8) uint8: the first group in whose passes a node of octant a sees bit o of neighbour d.

        ``groups`` where no group sees it. A bit once seen stays so.
        """
        octants = np.arange(NUM_OCTANTS)
        place = np.empty((self.groups, self.colours), np.int64)  # of a pass in coding order
        for i, (g, c) in enumerate(self.passes):
            place[g, c] = i
        others = self.colour_of[octants[:, None] ^ [_parity_change(d) for d in range(NUM_OFFSETS)]]  # (8, 27)
        coded = place[octants // self.group_size, others[..., None]]  # (8, 27, 8)
        own = place[:, self.colour_of]  # (groups, 8), ascending: as many groups are blind as come no later than the bit
        return (own[:, :, None, None] <= coded).sum(0).astype(np.uint8)

    @cached_property
    def octant_masks(self) -> np.ndarray:
        """(8, groups, 27) uint8: the bits of each neighbour that a node in an octant sees."""
        seen = self.first_group[:, None] <= np.arange(self.groups)[:, None, None]
        return (seen << np.arange(NUM_OCTANTS)).sum(3).astype(np.uint8)

    def colour_masks(self) -> np.ndarray:
        """(groups, colours, 27) uint8: the bits of each neighbour that are known when a pass is coded.

        They are the same for all nodes of a colour, since colours are cosets: octants a and b of one colour have
        neighbours a ^ x and b ^ x of one colour.
        """
        octants = [int(np.flatnonzero(self.colour_of == c)[0]) for c in range(self.colours)]
        return np.ascontiguousarray(self.octant_masks[octants].transpose(1, 0, 2))


def _parity_change(d: int) -> int:
    """The octant bits that change from a node to its neighbour in direction d."""
    dx, dy, dz = d // 9 - 1, d // 3 % 3 - 1, d % 3 - 1
    return (dx & 1) << 2 | (dy & 1) << 1 | (dz & 1)


LONE_ORDER = CodingOrder(colours=1, groups=2)  # of nodes without neighbours: nothing but their own bits is ever seen
