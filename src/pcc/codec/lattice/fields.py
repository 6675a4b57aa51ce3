"""Fields of a frame that its lattice helps to code: those that follow from the cells, and reflectance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcc.codec import container
from pcc.codec.lattice.derived import CellIndex, write_derived
from pcc.codec.lattice.encode import LatticeFrame
from pcc.codec.lattice.levels import entropy_bits, find_levels
from pcc.codec.lattice.reflectance import write_reflectance


def encode_fields(frame: LatticeFrame, fields: Mapping[str, np.ndarray]) -> dict[str, tuple[bytes, bytes]]:
    """Tags and payloads of the fields, (N,) or (N, K) in decoded order, that are smaller than as columns of values."""
    listed = np.argsort(frame.ordered.order, kind="stable")
    levels = find_levels(fields)
    cells = CellIndex.of(frame.shown.filled, frame.shown.rolls, frame.shown.num_apart)
    chunks = {}
    for name, values in fields.items():
        payload = write_derived(name, values[listed], cells)
        if payload is not None:
            chunks[name] = container.DERIVED, payload
        elif levels is not None and name == levels[0].name:
            payload = write_reflectance(frame.shown, levels[0], levels[1][listed])
            if 8 * len(payload) < entropy_bits(levels[1]):
                chunks[name] = container.REFLECTANCE, payload
    return chunks
