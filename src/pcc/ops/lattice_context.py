"""What a cell of a range image shows of its neighbours: the inputs of the networks that code spinning LiDAR.

Ranges are in units of 1/16 mm; 0 means empty or not known yet. For a cell with neighbours of the ranges v[0..n-1], of
which the cell lies in the middle between 0 and 1, all divisions and shifts rounding down:

    base = (v[0] + v[1]) >> 1 if both are known; else the one that is; else the mean of the others that are; else 160000
    d[k] = v[k] - base where v[k] is known, else 0
    guesses: v[k] of the anchors, base where unknown; 2 v[0] v[1] div (v[0] + v[1]), base if one is unknown;
             v[i] + ((v[i] - v[j]) >> 1), in 1..2^24 - 1, of the extensions (i, j), base if one is unknown

    feats, u8: compand(d[k]) of all k; 255 if v[k] is known else 0, of all k;
               128 + clamp(deviation there - deviation here, -127, 127) of each near k, 128 where v[k] is unknown;
               compand(guess - base) of the guesses after the anchors; level(base); one of the frame; those of the row

    compand(d) = 128 + sign(d) T[(o - 6) 32 + (v >> (o - 5)) mod 32],  v = |d| + 64, o = floor(log2 v)
    T: round(20 asinh(m / 128)), at most 127, m = the middle of the values of |d| with this index
    level(v) = min(255, 16 (o - 10) + (v >> (o - 4)) mod 16),  v at least 2^10, o = floor(log2 v)

What kernels weigh are the d, within +-12800.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcc import _ext
from pcc.geometry.interlace import Pass
from pcc.geometry.range_image import RangeImage

NEXT_TO = ((0, -1), (0, 1), (-1, 0), (1, 0))
DEFAULT_RANGE = 160_000
MOST_RANGE = (1 << 24) - 1
MOST_DIFFERENCE = 12_800


@dataclass(frozen=True, eq=False)
class Contexts:
    """Of N cells: feats (N, F) uint8, differences (N, n) int16, base (N,) int32, guesses (N, G) int32."""

    feats: np.ndarray
    differences: np.ndarray
    base: np.ndarray
    guesses: np.ndarray


def num_feats(step: Pass, row_feats: int) -> int:
    """Columns of feats."""
    return 2 * len(step.neighbours) + len(step.near) + 1 + len(step.extensions) + 2 + row_feats


def num_guesses(step: Pass) -> int:
    return len(step.anchors) + 1 + len(step.extensions)


def surroundings(step: Pass, stride: int) -> Any:
    """A pass's neighbours in an image of ``stride`` columns, as the extension takes them."""
    offsets = [row * stride + column for row, column in step.neighbours]
    return _ext.surroundings(offsets, list(step.near), list(step.anchors), list(step.extensions))


def width_feat(bin_width: int) -> int:
    """What all cells of a frame share: the width of its bins in range units, as a logarithm in 1/16 octave."""
    octave = bin_width.bit_length() - 1
    return min(255, 16 * octave + ((bin_width << 4 >> octave) & 15))


def reflectance_bytes(levels: np.ndarray, most: int) -> np.ndarray:
    """uint8, levels 0..most as shares of 255."""
    return (levels.astype(np.int64) * 255 // most).astype(np.uint8)


def reflectance_feats(
    image: RangeImage, reflectance: np.ndarray, step: Pass, cells: np.ndarray, base: np.ndarray
) -> np.ndarray:
    """What a reflectance's network sees besides the context of an image whose ranges are all known.

    Where the cell's range lies to the base, the reflectances of all neighbours, and where the ranges of the cells next
    to it lie to its own: (N, 1 + neighbours + 4) uint8.

    Args:
        reflectance: as the image's ranges, uint8; 0 where unknown.
        cells: (N,) int64 places in the flat image; base: (N,) int32, of their contexts.
    """
    stride, ranges = image.range.shape[1], image.range.reshape(-1).astype(np.int64)
    there, beside = (
        cells[:, None] + [row * stride + column for row, column in places] for places in (step.neighbours, NEXT_TO)
    )
    own, next_to = ranges[cells], ranges[beside]
    bends = compand_reference(np.where(next_to > 0, next_to - own[:, None], 0))
    return np.concatenate(
        [compand_reference(own - base)[:, None], reflectance.reshape(-1)[there], bends], 1
    ).astype(np.uint8)  # fmt: skip


def contexts(image: RangeImage, step: Pass, frame_feat: int, cells: tuple[int, ...] | None = None) -> Contexts:
    """The contexts of a pass's cells, row by row.

    Args:
        frame_feat: 0..255, the same for all cells (`width_feat`).
        cells: some of them, as `RangeImage.cells` gives all.
    """
    cells = cells or image.cells(step)
    n, row_feats = cells[2] * cells[5], image.row_feats.shape[1]
    out = Contexts(
        np.empty((n, num_feats(step, row_feats)), np.uint8),
        np.empty((n, len(step.neighbours)), np.int16),
        np.empty(n, np.int32),
        np.empty((n, num_guesses(step)), np.int32),
    )
    if n:
        _ext.lattice_context(
            surroundings(step, image.range.shape[1]), image.range, image.deviation, image.row_feats, list(cells),
            frame_feat, out.feats, out.differences, out.base, out.guesses,
        )  # fmt: skip
    return out


def contexts_reference(image: RangeImage, step: Pass, frame_feat: int) -> Contexts:
    """`contexts` in numpy."""
    at = image.flat(image.cells(step))
    stride = image.range.shape[1]
    there = at[:, None] + [row * stride + column for row, column in step.neighbours]
    v = image.range.reshape(-1)[there].astype(np.int64)
    known = v > 0
    base = _bases(v, known)
    d = np.where(known, v - base[:, None], 0)
    guesses = _guesses(v, known, base, step)
    near = list(step.near)
    deviation = image.deviation.reshape(-1).astype(int)
    away = np.clip(deviation[there[:, near]] - deviation[at][:, None], -127, 127)
    feats = [compand_reference(d), 255 * known, 128 + np.where(known[:, near], away, 0)]
    feats += [compand_reference(guesses[:, len(step.anchors) :] - base[:, None]), level_reference(base)[:, None]]
    feats += [np.full((len(at), 1), frame_feat), image.row_feats[at // stride]]
    return Contexts(
        np.concatenate(feats, 1).astype(np.uint8),
        np.clip(d, -MOST_DIFFERENCE, MOST_DIFFERENCE).astype(np.int16),
        base.astype(np.int32),
        guesses.astype(np.int32),
    )


def _bases(v: np.ndarray, known: np.ndarray) -> np.ndarray:
    both, one = known[:, 0] & known[:, 1], known[:, 0] | known[:, 1]
    others, count = v[:, 2:].sum(1), known[:, 2:].sum(1)
    mean = np.where(count > 0, others // np.maximum(count, 1), DEFAULT_RANGE)
    pair = v[:, 0] + v[:, 1]
    return np.where(both, pair >> 1, np.where(one, pair, mean))


def _guesses(v: np.ndarray, known: np.ndarray, base: np.ndarray, step: Pass) -> np.ndarray:
    columns = [np.where(known[:, k], v[:, k], base) for k in step.anchors]
    both = known[:, 0] & known[:, 1]
    columns.append(np.where(both, 2 * v[:, 0] * v[:, 1] // np.maximum(v[:, 0] + v[:, 1], 1), base))
    for one, three in step.extensions:
        line = np.clip(v[:, one] + ((v[:, one] - v[:, three]) >> 1), 1, MOST_RANGE)
        columns.append(np.where(known[:, one] & known[:, three], line, base))
    return np.stack(columns, 1)


def compand_reference(d: np.ndarray) -> np.ndarray:
    """int64 in 1..255."""
    v = np.abs(d.astype(np.int64)) + 64
    octave = np.floor(np.log2(v)).astype(np.int64)  # exact: v is far below 2^50
    low = (v >> octave - 5) << octave - 5
    middle = low + (2.0 ** (octave - 5) - 1) / 2 - 64
    magnitude = np.minimum(np.floor(20 * np.arcsinh(middle / 128) + 0.5), 127).astype(np.int64)
    return 128 + np.sign(d) * magnitude


def level_reference(v: np.ndarray) -> np.ndarray:
    """int64 in 0..255."""
    v = np.maximum(v.astype(np.int64), 1 << 10)
    octave = np.floor(np.log2(v)).astype(np.int64)
    return np.minimum(255, 16 * (octave - 10) + (v >> octave - 4) % 16)
