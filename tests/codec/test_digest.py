"""The digest: a literal one, and every decoded value changes it."""

from __future__ import annotations

import hashlib
import struct

import numpy as np

from pcc.codec.digest import decoded_digest
from pcc.geometry.voxels import Grid

GRID = Grid(1.0, 1000.0, (0, -1, 1), np.dtype(np.float32))
CODES, COUNTS = np.array([3, 9], np.uint64), np.array([2, 1])
FIELDS = {"i": np.array([1, 2, 3], np.uint16)}


def test_literal():
    """SHA-256(dtype, num, den, origin, N, codes with multiplicity, name, dtype, columns, values)[:16]."""
    message = struct.pack("<Bdd", 10, 1.0, 1000.0) + bytes([0, 1, 2]) + struct.pack("<QQQQ", 3, 3, 3, 9)
    message += b"\x01i" + bytes([4, 0]) + struct.pack("<HHH", 1, 2, 3)
    assert decoded_digest(GRID, CODES, COUNTS, FIELDS) == hashlib.sha256(message).digest()[:16]


def test_every_value_changes_it():
    other_grid = Grid(1.0, 1000.0, (0, -1, 2), np.dtype(np.float32))
    digests = [
        decoded_digest(GRID, CODES, COUNTS, FIELDS),
        decoded_digest(other_grid, CODES, COUNTS, FIELDS),
        decoded_digest(GRID, CODES + np.uint64(1), COUNTS, FIELDS),
        decoded_digest(GRID, CODES, COUNTS[::-1], FIELDS),
        decoded_digest(GRID, CODES, COUNTS, {}),
        decoded_digest(GRID, CODES, COUNTS, {"j": FIELDS["i"]}),
        decoded_digest(GRID, CODES, COUNTS, {"i": FIELDS["i"].astype(np.int16)}),
        decoded_digest(GRID, CODES, COUNTS, {"i": FIELDS["i"][:, None]}),
        decoded_digest(GRID, CODES, COUNTS, {"i": FIELDS["i"][::-1]}),
    ]
    assert len(set(digests)) == len(digests)
