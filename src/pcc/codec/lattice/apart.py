"""Points that have no cell in the lattice: an octree without a model and how many a voxel holds."""

from __future__ import annotations

import numpy as np

from pcc.codec.columns import decode_column, encode_column
from pcc.codec.fallback import all_levels
from pcc.codec.lattice.layout import Ordered
from pcc.codec.octree import decode_octree, encode_octree
from pcc.codec.wire import Reader, varint
from pcc.codec.work import Work
from pcc.errors import CorruptStream

_COUNT = np.dtype(np.uint32)


def write_apart(points: Ordered, depth: int) -> bytes:
    """``points`` of ``depth`` bits an axis; nothing where there are none."""
    if not len(points.order):
        return b""
    octree = encode_octree(points.codes, depth, None, 0, all_levels(depth))
    out = varint(len(points.codes)) + varint(len(octree)) + octree
    if len(points.order) > len(points.codes):
        out += encode_column((points.counts - 1).astype(_COUNT))
    return out


def parse_apart(reader: Reader, count: int, depth: int, work: Work | None = None) -> np.ndarray:
    """Reads what ``write_apart`` wrote: codes (count,) uint64, ascending and repeated.

    Raises:
        CorruptStream: it breaks a rule.
        LimitExceeded: more nodes than ``work`` pays for.
    """
    if not count:
        return np.zeros(0, np.uint64)
    num_voxels, size = reader.varint(), reader.varint()
    if not 1 <= num_voxels <= count:
        raise CorruptStream(f"lattice: {num_voxels} voxels of {count} points apart")
    codes = decode_octree(bytes(reader.take(size)), depth, num_voxels, None, 0, all_levels(depth), work=work)
    if count > num_voxels:
        counts = decode_column(reader, _COUNT, num_voxels).astype(np.int64) + 1
        if counts.sum() != count:
            raise CorruptStream(f"lattice: expected {count} points apart, got {counts.sum()}")
        codes = np.repeat(codes, counts)
    return codes
