"""The columns of a spinning LiDAR: how many steps each laser is shifted against the common firings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WORTH = 0.8  # shifts stay 0 where they leave more than this share of the columns


def column_shifts(frames: Sequence[tuple[np.ndarray, np.ndarray]], lasers: int, steps: int) -> np.ndarray:
    """(L,) int64: lasers share the columns ``(step - shift) mod steps``; 0 where that makes them hardly fewer.

    Args:
        frames: (laser, step) of each frame's points, (N,) int64 each; columns are common within a frame only.
    """
    masks = [_occupied(*frame, lasers, steps) for frame in frames]
    spectra = [np.fft.rfft(mask) for mask in masks]
    counts = np.sum([mask.sum(1) for mask in masks], 0)
    shift = np.zeros(lasers, np.int64)
    joined = [spectrum[counts.argmax()].copy() for spectrum in spectra]
    turns = np.exp(2j * np.pi * np.arange(steps // 2 + 1) / steps)
    for laser in np.argsort(-counts)[1:]:
        overlap = np.fft.irfft(sum(s[laser] * j.conj() for s, j in zip(spectra, joined, strict=True)), steps)
        shift[laser] = int(overlap.argmax())
        back = turns ** shift[laser]
        for spectrum, join in zip(spectra, joined, strict=True):
            join += spectrum[laser] * back
    shift = (shift + steps // 2) % steps - steps // 2
    shift -= int(np.median(shift))
    with_shifts, without = (sum(num_columns(*f, s, steps) for f in frames) for s in (shift, 0 * shift))
    return shift if with_shifts < _WORTH * without else np.zeros(lasers, np.int64)


def num_columns(laser: np.ndarray, step: np.ndarray, shift: np.ndarray, steps: int) -> int:
    """Columns of a frame that have a point."""
    return len(np.unique((step - shift[laser]) % steps))


def _occupied(laser: np.ndarray, step: np.ndarray, lasers: int, steps: int) -> np.ndarray:
    """(L, steps) float64: 1 where a laser has a point at the step."""
    mask = np.zeros((lasers, steps))
    mask[laser, step] = 1
    return mask
