"""The digest of the decoded values: what proves that this machine decoded what the encoder meant.

It covers values, not bytes of the stream: a decoder that reads every chunk well and still predicts one bit otherwise
is found out. It guards against errors of machines, not against forgery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from pcc.codec.columns import to_words
from pcc.codec.fields import write_spec
from pcc.codec.header import write_axes, write_grid
from pcc.geometry.voxels import Grid

DIGEST_BYTES = 16


def decoded_digest(
    grid: Grid,
    codes: np.ndarray,
    counts: np.ndarray,
    fields: Mapping[str, np.ndarray],
    *,
    floats: np.ndarray | None = None,
    order: np.ndarray | None = None,
    positions: np.ndarray | None = None,
) -> bytes:
    """SHA-256, first 16 bytes, of grid, points and fields, and of floats and order where they are coded.

    Args:
        grid: What turns voxels into values.
        codes: (V,) uint64 Morton codes, ascending.
        counts: (V,) points of each voxel; the digest sees every code that often.
        fields: name -> (N,) or (N, K) in decoded order; N is the sum of ``counts``.
        floats: (N, 3) float32 in decoded order, where positions are coded beside their voxels.
        order: (N,) the decoded row of each point, where an order is coded.
        positions: (N, 3) in decoded order, of a frame whose header has an extension: the digest sees them in place of
            codes and floats.
    """
    digest = hashlib.sha256(write_grid(grid))
    if positions is not None:
        digest.update(write_axes(grid))
        points, floats = positions.reshape(-1), None
        digest.update(len(positions).to_bytes(8, "little"))
    else:
        points = codes if len(codes) == counts.sum() else np.repeat(codes, counts)
        digest.update(len(points).to_bytes(8, "little"))
    digest.update(to_words(points).data)
    for name, values in fields.items():
        digest.update(write_spec(name, values))
        digest.update(to_words(values.reshape(-1)).data)
    if floats is not None:
        digest.update(to_words(floats.reshape(-1)).data)
    if order is not None:
        digest.update(to_words(order.astype(np.uint32)).data)
    return digest.digest()[:DIGEST_BYTES]
