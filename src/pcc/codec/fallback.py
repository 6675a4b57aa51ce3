"""Which levels of an octree the adaptive model codes in the network's stead.

A cloud unlike anything that the network was trained on must not cost more than a plain adaptive octree coder would
need. So every level is coded by one of two: the network, or `pcc.ops.adaptive_occupancy`, which costs a twentieth of
the time. The stream carries a mask (docs/bitstream.md, section 4): bit l is set where level l is adaptive.

    ChosenLevels      the mask is known: a decoder, or an encoder that was told
    CheapestLevels    an encoder that finds the mask: codes with both and keeps the smaller

The logits of a level that the network codes may be calibrated (`pcc.entropy.calibration`), for a byte a level.
Below the last level of the network no features are computed, and where the mask holds all levels there is no network.
Where voxels are alone and their octants look random, an encoder ends the octree: the bits below cost as much stored as
they are (`pcc.codec.low_bits`), and take neither time nor memory.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from pcc.entropy.calibration import UNCHANGED
from pcc.entropy.coders import RansEncoder
from pcc.geometry.octree import Level

TIE = 1.005  # the adaptive model may be this much larger and is still taken: it is far quicker to decode
MIN_NODES = 1024  # levels below tell nothing of the levels to come
MOST_LOST = 3  # in a row: then the network is given up
ENDING_NODES = 1 << 18  # fewer take little memory
ALONE = 0.98  # nodes per voxel from which on nearly all are alone
RANDOM_BITS = 2.99  # of a node's occupancy: three bits are what an octant takes at random


class Fallback(Protocol):
    """What the walk asks at every level, root first."""

    def network_ahead(self, depth: int) -> bool:
        """Whether this level or a deeper one needs the network; once false, it stays so."""

    def network_codes(self, depth: int) -> bool:
        """Whether the network codes this level, at first."""

    def begin(self, depth: int) -> None:
        """The network is about to code this level."""

    def code(self, level: Level, occupancy: np.ndarray, known: bool) -> None:
        """Code the level adaptively, or do nothing; decoded occupancies are written into ``occupancy``."""

    def ended(self) -> bool:
        """Whether the octree ends above the level that was coded last, which is taken back."""


class ChosenLevels:
    """The levels that a mask says.

    Args:
        coder: has ``adaptive`` (`pcc.entropy.coders.Coder`) if the mask is not 0.
        mask: bit l is set where level l is adaptive; below 2^depth.
        depth: number of levels.
        calibrations: a code for every level from the root to the network's last, or empty; then the coder has
            ``calibrate``.
    """

    def __init__(self, coder: Any, mask: int, depth: int, calibrations: bytes = b"") -> None:
        self.coder, self.mask, self.calibrations = coder, mask, calibrations
        self.num_network = num_network_levels(mask, depth)

    def network_ahead(self, depth: int) -> bool:
        return depth < self.num_network

    def network_codes(self, depth: int) -> bool:
        return not self.mask >> depth & 1

    def begin(self, depth: int) -> None:
        if self.calibrations:
            self.coder.calibrate(self.calibrations[depth])

    def code(self, level: Level, occupancy: np.ndarray, known: bool) -> None:
        if not self.network_codes(level.depth):
            decoded = self.coder.adaptive(level.neighbours, occupancy if known else None)
            if not known:
                occupancy[:] = decoded

    def ended(self) -> bool:
        return False


class CheapestLevels:
    """The levels where the adaptive model needs fewer bits.

    The network is given up, and no longer run, when it lost ``MOST_LOST`` levels of some size in a row.

    Args:
        coder: of the octree.
        num_leaves: voxels that it has; None: the octree does not end before them.
        network: there is one.

    Attributes:
        mask: complete when the walk is.
        depth: the levels that were coded; fewer than the walk's where the octree has ended.
        network_gain_bits: about what the other levels would cost more without the network.
    """

    def __init__(self, coder: RansEncoder, num_leaves: int | None = None, network: bool = True) -> None:
        self.coder, self.mask, self.depth, self.network_gain_bits = coder, 0, 0, 0.0
        self._num_leaves = num_leaves
        self._codes, self._ended = bytearray(), False
        self._first_call, self._lost = coder.num_calls, 0 if network else MOST_LOST

    def network_ahead(self, depth: int) -> bool:
        return self._lost < MOST_LOST

    def network_codes(self, depth: int) -> bool:
        return self._lost < MOST_LOST

    def begin(self, depth: int) -> None:
        pass

    @property
    def calibrations(self) -> bytes:
        """Of the levels from the root to the network's last; empty if none is changed."""
        codes = bytes(self._codes[: num_network_levels(self.mask, len(self._codes))])
        return codes if codes.strip(bytes([UNCHANGED])) else b""

    def code(self, level: Level, occupancy: np.ndarray, known: bool) -> None:
        gain = self._gain_bits(level, occupancy)
        if self._num_leaves is not None and len(level) >= max(ALONE * self._num_leaves, ENDING_NODES):
            self._ended = self.coder.bits_since(self._first_call) >= RANDOM_BITS * len(level)
            if self._ended:
                self.coder.drop_since(self._first_call)
                del self._codes[level.depth]
                return
        self.depth += 1
        if gain is None:
            self._codes[level.depth] = UNCHANGED
            self.mask |= 1 << level.depth
            self._lost += len(level) >= MIN_NODES
        else:
            self.network_gain_bits += gain
            self._lost = 0
        self._first_call = self.coder.num_calls

    def ended(self) -> bool:
        return self._ended

    def _gain_bits(self, level: Level, occupancy: np.ndarray) -> float | None:
        """What the network saves on this level; None if it is adaptive from now on."""
        self._codes.append(UNCHANGED)
        if self.network_codes(level.depth):
            self._codes[-1] = self.coder.calibrate_since(self._first_call)
            return self.coder.replace(self._first_call, level.neighbours, occupancy, TIE)
        self.coder.adaptive(level.neighbours, occupancy)
        return None


def num_network_levels(mask: int, depth: int) -> int:
    """Levels from the root to the last that is not adaptive."""
    return (~mask & all_levels(depth)).bit_length()


def all_levels(depth: int) -> int:
    """The mask of all levels."""
    return (1 << depth) - 1
