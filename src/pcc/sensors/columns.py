"""The columns of a spinning LiDAR: how many steps each laser is shifted against the common firings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WORTH = 0.8  # shifts stay 0 where they leave more than this share of the columns
_PASSES = 4


def column_shifts(frames: Sequence[tuple[np.ndarray, np.ndarray]], lasers: int, steps: int) -> np.ndarray:
    """(L,) int64: lasers share the columns ``(step - shift) mod steps``; 0 where that makes them hardly fewer.

    Args:
        frames: (laser, step) of each frame's points, (N,) int64 each; columns are common within a frame only.
    """
    shift = _aligned(np.fft.rfft([_occupied(*frame, lasers, steps) for frame in frames]), steps)
    shift = (shift + steps // 2) % steps - steps // 2
    shift -= int(np.median(shift))
    with_shifts, without = (sum(num_columns(*f, s, steps) for f in frames) for s in (shift, 0 * shift))
    return shift if with_shifts < _WORTH * without else np.zeros(lasers, np.int64)


def num_columns(laser: np.ndarray, step: np.ndarray, shift: np.ndarray, steps: int) -> int:
    """Columns of a frame that have a point."""
    return len(np.unique((step - shift[laser]) % steps))


def _aligned(spectra: np.ndarray, steps: int) -> np.ndarray:
    """Shifts (L,) int64 from the spectra (frames, L, frequencies) of the occupied steps.

    Each laser, the fullest first, is laid where most of its steps meet those of the others that are laid; later passes
    lay it anew among all others.
    """
    turn = 2j * np.pi * np.arange(spectra.shape[2]) / steps
    shift = np.zeros(spectra.shape[1], np.int64)
    order = np.argsort(-spectra[:, :, 0].real.sum(0), kind="stable")
    laid = spectra[:, order[0]].copy()
    for number in range(_PASSES):
        before = shift.copy()
        for laser in order[1:]:
            if number:
                laid -= spectra[:, laser] * np.exp(turn * shift[laser])
            shift[laser] = np.fft.irfft((spectra[:, laser] * laid.conj()).sum(0), steps).argmax()
            laid += spectra[:, laser] * np.exp(turn * shift[laser])
        if (shift == before).all():
            break
    return shift


def _occupied(laser: np.ndarray, step: np.ndarray, lasers: int, steps: int) -> np.ndarray:
    """(L, steps) float64: 1 where a laser has a point at the step."""
    mask = np.zeros((lasers, steps))
    mask[laser, step] = 1
    return mask


def nearest_of(values: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """Of rising choices (C,), C >= 2, the nearest to each value (N,); of two as near the lower."""
    after = np.clip(np.searchsorted(choices, values), 1, len(choices) - 1)
    low, high = choices[after - 1], choices[after]
    return np.where(values - low <= high - values, low, high)
