"""A set of voxels as bytes: the walk with a range coder.

    sorted codes --occupancies--> walk(program, RansEncoder) --> bytes --> walk(program, RansDecoder) --> sorted codes

The payload is the coder's stream alone (docs/bitstream.md, octree payload); depth, number of voxels, model, level
offset, mask of adaptive levels and calibrations travel in the container.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pcc.codec.fallback import CheapestLevels, ChosenLevels, all_levels, num_network_levels
from pcc.codec.inferred import Inferred
from pcc.codec.walk import Front, walk
from pcc.codec.work import Work
from pcc.entropy.coders import BitEstimator, RansDecoder, RansEncoder
from pcc.errors import CorruptStream
from pcc.geometry.octree import child_level, leaf_codes, occupancies, root_level
from pcc.inference.lossy import whole_scale
from pcc.inference.program import Program

MODEL_BITS = 8 * 17  # digest and level offset, which a frame without a model does not have
MODEL_MATTERS_BYTES = 1 << 16  # where they are worth a second walk


def encode_octree(
    codes: np.ndarray,
    depth: int,
    program: Program | None,
    level_offset: int,
    adaptive: int = 0,
    calibrations: bytes = b"",
) -> bytes:
    """Code voxels without loss.

    Args:
        codes: (V,) uint64, strictly ascending, V >= 1, below 8^depth.
        depth: bits an axis, at least 1.
        program: gives the distributions; None where all levels are adaptive.
        level_offset: of the scale; see `pcc.codec.choice`.
        adaptive: mask of the levels that are coded without the program, bit 0 the root's.
        calibrations: a code (`pcc.entropy.calibration`) for every level from the root to the program's last; or empty.

    Raises:
        ValueError: codes or depth are not as said, or a level has neither.
    """
    _check_levels(adaptive, depth, program, calibrations)
    coder = RansEncoder()
    levels = ChosenLevels(coder, adaptive, depth, calibrations)
    walk(program, coder, depth, level_offset=level_offset, known=_occupancies(codes, depth), fallback=levels)
    return coder.finish()


@dataclass(frozen=True)
class CheapestOctree:
    """What makes the stream of voxels small.

    Attributes:
        data: the payload.
        depth: levels that are coded; the bits below are to be stored beside the octree.
        mask, calibrations: as for `encode_octree`, of these levels.
    """

    data: bytes
    depth: int
    mask: int
    calibrations: bytes


def encode_cheapest(
    codes: np.ndarray, depth: int, program: Program | None, level_offset: int, *, may_end: bool = False
) -> CheapestOctree:
    """As `encode_octree`, with what makes the stream small.

    Args:
        program: gives distributions where it is the better; None: all levels are adaptive.
        may_end: the octree may end where all voxels are alone and nothing of their bits can be predicted.
    """
    coder = RansEncoder()
    levels = CheapestLevels(coder, len(codes) if may_end else None, program is not None)
    walk(program, coder, depth, level_offset=level_offset, known=_occupancies(codes, depth), fallback=levels)
    data = coder.finish()
    if program is not None and levels.network_gain_bits < MODEL_BITS and len(data) < MODEL_MATTERS_BYTES:
        return encode_cheapest(codes, depth, None, 0, may_end=may_end)
    return CheapestOctree(data, levels.depth, levels.mask, levels.calibrations)


@dataclass(frozen=True, eq=False)
class LossyOctree:
    """Levels of an octree of which not all is coded, or that are all there are: where a walk may go on."""

    front: Front
    coder: RansEncoder

    @cached_property
    def data(self) -> bytes:
        """The stream, were there no more levels."""
        return self.coder.finish()

    @cached_property
    def codes(self) -> np.ndarray:
        """(M,) uint64 ascending codes of the level below, which are the decoded voxels where it is the leaves."""
        return leaf_codes(self.front.level, self.front.occupancy)


def encode_lossy(
    codes: np.ndarray, depth: int, program: Program, inferred: Inferred | None, level_offset: int = 0,
    above: LossyOctree | None = None,
) -> LossyOctree:  # fmt: skip
    """Code voxels so that about as many of them come out, most of them where they were.

    Args:
        codes, depth, program, level_offset: as `encode_octree`.
        inferred: which levels are coded in part; its leaves are ``codes``. None: no level is.
        above: some of the first levels, coded already with the same levels below them in mind; it does not change.

    Raises:
        ValueError: codes or depth are not as said, or the program codes whole levels only.
    """
    whole = depth - (0 if inferred is None else len(inferred.shares))
    if whole < 0:
        raise ValueError(f"inferred: expected at most {depth} levels, got {depth - whole}")
    coder, front = (RansEncoder(), None) if above is None else (above.coder.copy(), above.front)
    known = _occupancies(codes, depth)[:whole] if front is None or front.level.depth + 1 < whole else []
    front = walk(program, coder, depth, level_offset=level_offset, known=known, inferred=inferred, front=front)
    return LossyOctree(front, coder)


def decode_octree(
    data: bytes,
    depth: int,
    num_voxels: int,
    program: Program | None,
    level_offset: int,
    adaptive: int = 0,
    calibrations: bytes = b"",
    inferred: Inferred | None = None,
    work: Work | None = None,
) -> np.ndarray:
    """The codes that were coded: (num_voxels,) uint64.

    Raises:
        CorruptStream: the bytes do not decode to that many voxels, or are not used up.
        LimitExceeded: more nodes on the way than ``work`` pays for.
        ValueError: a level is neither adaptive nor has a program.
    """
    _check_levels(adaptive, depth, program, calibrations)
    coder = RansDecoder(data)
    levels = ChosenLevels(coder, adaptive, depth, calibrations)
    front = walk(
        program, coder, depth, level_offset=level_offset, max_leaves=num_voxels, fallback=levels, inferred=inferred,
        work=work,
    )  # fmt: skip
    coder.finish()
    codes = leaf_codes(front.level, front.occupancy)
    if len(codes) != num_voxels:
        raise CorruptStream(f"geometry: decoded {len(codes)} voxels, the stream declares {num_voxels}")
    return codes


def _check_levels(adaptive: int, depth: int, program: Program | None, calibrations: bytes) -> None:
    if calibrations and len(calibrations) != num_network_levels(adaptive, depth):
        raise ValueError(f"calibrations: expected one for each level of the network, got {len(calibrations)}")
    if not 0 <= adaptive <= all_levels(depth) or (program is None and adaptive != all_levels(depth)):
        raise ValueError(f"adaptive: expected a mask of {depth} levels, of all without a program; got {adaptive:#x}")


def estimate_bits(codes: np.ndarray, depth: int, program: Program, level_offset: int) -> float:
    """Information content under the program's integer tables without calibrations, in bits."""
    coder = BitEstimator()
    walk(program, coder, depth, level_offset=level_offset, known=_occupancies(codes, depth))
    return coder.bits


def _occupancies(codes: np.ndarray, depth: int) -> list[np.ndarray]:
    if depth < 1 or not len(codes) or int(codes[-1]) >> 3 * depth:
        raise ValueError(f"codes, depth: expected codes below 8^depth, at least one, got {len(codes)}, depth {depth}")
    return occupancies(codes, depth)


def count_macs(
    codes: np.ndarray, depth: int, program: Program, level_offset: int, adaptive: int = 0,
    inferred: Inferred | None = None,
) -> int:  # fmt: skip
    """Products that the network costs a decoder of these voxels; adaptive levels above its last count in full.

    With inferred levels the codes are those that are decoded.
    """
    level, total = root_level(), 0
    num_network = num_network_levels(adaptive, depth)
    for d, occupancy in enumerate(_occupancies(codes, depth)[:num_network]):
        scale = depth - d + level_offset
        if inferred is not None and inferred.has(depth - d):
            scale = inferred.scale(program, scale, depth - d)
        else:
            scale = whole_scale(scale, program.lossy_scale)
        total += program.macs(level, scale)
        if d + 1 < num_network:
            level = child_level(level, occupancy)
    return total
