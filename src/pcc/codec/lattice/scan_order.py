"""The orders in which scanners write their points: laser after laser, or column after column, either way round."""

from __future__ import annotations

import numpy as np

from pcc.codec.order import Base


def scan_orders(filled: np.ndarray, rolls: np.ndarray, order: np.ndarray) -> list[Base]:
    """Four orders of a frame's decoded points; those that have no cell come last.

    Args:
        filled: (L, C) bool, cells with points; they are listed laser by laser, before the points apart.
        rolls: (L,) by how many columns rows are moved from the firings.
        order: (N,) the listed place of each decoded point.
    """
    return [
        lambda: _rows(filled, rolls, order, falling=False, columns=False),
        lambda: _rows(filled, rolls, order, falling=True, columns=False),
        lambda: _rows(filled, rolls, order, falling=False, columns=True),
        lambda: _rows(filled, rolls, order, falling=True, columns=True),
    ]


def _rows(filled: np.ndarray, rolls: np.ndarray, order: np.ndarray, *, falling: bool, columns: bool) -> np.ndarray:
    """(N,) decoded rows."""
    listed = np.full(filled.shape, -1, np.int64)
    listed[filled] = np.arange(np.count_nonzero(filled))
    if columns:  # firing by firing
        width = filled.shape[1]
        listed = np.take_along_axis(listed, (np.arange(width) + rolls[:, None]) % width, 1)
    turned = listed[::-1] if falling else listed
    places = (turned.T if columns else turned).reshape(-1)
    places = np.concatenate([places[places >= 0], np.arange(np.count_nonzero(filled), len(order))])
    decoded_of = np.empty(len(order), np.int64)
    decoded_of[order] = np.arange(len(order))
    return decoded_of[places]
