"""A set of voxels as bytes: the walk with a range coder.

    sorted codes --occupancies--> walk(program, RansEncoder) --> bytes --> walk(program, RansDecoder) --> sorted codes

The payload is the coder's stream alone (docs/bitstream.md, octree payload); depth, number of voxels, model and level
offset travel in the container.
"""

from __future__ import annotations

import numpy as np

from pcc.codec.walk import walk
from pcc.entropy.coders import BitEstimator, RansDecoder, RansEncoder
from pcc.errors import CorruptStream
from pcc.geometry.octree import child_level, leaf_codes, occupancies, root_level
from pcc.inference.program import Program


def encode_octree(codes: np.ndarray, depth: int, program: Program, level_offset: int) -> bytes:
    """Code voxels without loss.

    Args:
        codes: (V,) uint64, strictly ascending, V >= 1, below 8^depth.
        depth: bits an axis, at least 1.
        program: gives the distributions.
        level_offset: of the scale; see `pcc.codec.choice.level_offset`.

    Raises:
        ValueError: codes or depth are not as said.
    """
    coder = RansEncoder()
    walk(program, coder, depth, level_offset=level_offset, known=_occupancies(codes, depth))
    return coder.finish()


def decode_octree(data: bytes, depth: int, num_voxels: int, program: Program, level_offset: int) -> np.ndarray:
    """The codes that were coded: (num_voxels,) uint64.

    Raises:
        CorruptStream: the bytes do not decode to that many voxels, or are not used up.
    """
    coder = RansDecoder(data)
    level, occupancy = walk(program, coder, depth, level_offset=level_offset, max_leaves=num_voxels)
    coder.finish()
    codes = leaf_codes(level, occupancy)
    if len(codes) != num_voxels:
        raise CorruptStream(f"geometry: decoded {len(codes)} voxels, the stream declares {num_voxels}")
    return codes


def estimate_bits(codes: np.ndarray, depth: int, program: Program, level_offset: int) -> float:
    """Information content under the program's integer tables, in bits; what `encode_octree` aims at."""
    coder = BitEstimator()
    walk(program, coder, depth, level_offset=level_offset, known=_occupancies(codes, depth))
    return coder.bits


def _occupancies(codes: np.ndarray, depth: int) -> list[np.ndarray]:
    if depth < 1 or not len(codes) or int(codes[-1]) >> 3 * depth:
        raise ValueError(f"codes, depth: expected codes below 8^depth, at least one, got {len(codes)}, depth {depth}")
    return occupancies(codes, depth)


def count_macs(codes: np.ndarray, depth: int, program: Program, level_offset: int) -> int:
    """Products that the network costs for these voxels, encoding and decoding alike."""
    level, total = root_level(), 0
    for d, occupancy in enumerate(_occupancies(codes, depth)):
        total += program.macs(level, depth - d + level_offset)
        if d + 1 < depth:
            level = child_level(level, occupancy)
    return total
