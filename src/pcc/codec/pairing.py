"""Decoded points of a sensor's rays, each paired with one of the original's: along the ray it may have moved.

Points go through rounds: those that are each other's nearest, and have the same fields, are a pair and leave. Nearness
is that of directions first and of distances then, as a bound moves points along their rays. The few that are left over
are paired with the nearest that has their fields.
"""

from __future__ import annotations

import numpy as np

from pcc.ops import morton
from pcc.ops.nearest import nearest

_ROUNDS = 40
_STEPS = 1 << 20  # of a turn, and of an elevation
_STEPS_PER_EXTENT = 1 << 12  # of the largest distance: directions count more
_MOST_LEFT = 1 << 12  # points that may be left over


def pair(xyz: np.ndarray, decoded: np.ndarray, labels: np.ndarray, decoded_labels: np.ndarray) -> np.ndarray | None:
    """The rows (N,) of ``xyz`` that decoded points stand for, a permutation; None where labels do not allow one.

    Args:
        xyz, decoded: (N, 3) of the same dtype.
        labels, decoded_labels: (N,) any dtype that sorts: what paired points must have in common.
    """
    if not len(xyz):
        return np.zeros(0, np.int64)
    _, numbers = np.unique(np.concatenate([labels, decoded_labels]), return_inverse=True)
    label, decoded_label = np.split(numbers.reshape(-1), [len(labels)])
    if not np.array_equal(np.sort(label), np.sort(decoded_label)):
        return None
    rows = _exact(xyz, decoded, label, decoded_label)
    reach = max(float(np.abs(np.where(np.isfinite(a), a, 0)).max(initial=0)) for a in (xyz, decoded)) or 1.0
    codes, decoded_codes = _codes(xyz, reach), _codes(decoded, reach)
    for _ in range(_ROUNDS):
        left = np.flatnonzero(rows < 0)
        if not len(left):
            return rows
        free = _free(rows, len(xyz))
        found = _mutual(codes[free], decoded_codes[left], label[free], decoded_label[left])
        if not len(found[0]):
            break
        rows[left[found[1]]] = free[found[0]]
    return _rest(xyz, decoded, label, decoded_label, rows)


def _exact(xyz: np.ndarray, decoded: np.ndarray, label: np.ndarray, decoded_label: np.ndarray) -> np.ndarray:
    """(N,) rows of points that are equal in position and label, -1 for the others."""
    keys = [np.ascontiguousarray(a).view(np.uint8).reshape(len(a), -1) for a in (xyz, decoded)]
    both = np.ascontiguousarray(np.concatenate(keys))
    _, place = np.unique(both.view(f"V{both.shape[1]}").reshape(-1), return_inverse=True)
    place = place.reshape(-1)
    rows = np.full(len(decoded), -1)
    pairs = _equal_pairs(np.stack([place[: len(xyz)], label], 1), np.stack([place[len(xyz) :], decoded_label], 1))
    rows[pairs[1]] = pairs[0]
    return rows


def _equal_pairs(keys: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both (N, K) and (M, K) int64 whose keys are equal, the first with the first of the other and so on."""
    _, number = np.unique(np.concatenate([keys, others]), axis=0, return_inverse=True)
    one, other = np.split(number.reshape(-1), [len(keys)])
    ranked = [np.stack([n, _ranks(n)], 1) for n in (one, other)]
    width = max(len(keys), len(others)) + 1
    flat, others_flat = (r[:, 0].astype(np.int64) * width + r[:, 1] for r in ranked)
    _, first, second = np.intersect1d(flat, others_flat, assume_unique=True, return_indices=True)
    return first, second


def _ranks(numbers: np.ndarray) -> np.ndarray:
    """(N,) how many of the same number come before each."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(numbers) else order
    ranks = np.empty(len(numbers), np.int64)
    ranks[order] = np.arange(len(numbers)) - np.repeat(starts, np.diff(np.append(starts, len(numbers))))
    return ranks


def _codes(xyz: np.ndarray, reach: float) -> np.ndarray:
    """(N,) uint64 Morton codes of azimuth, elevation and distance; of points without a position the first."""
    x, y, z = np.where(np.isfinite(xyz), xyz, 0).astype(np.float64).T / reach
    flat = np.hypot(x, y)
    turn = (np.arctan2(y, x) / (2 * np.pi) + 0.5) * _STEPS
    rise = (np.arctan2(z, flat) / np.pi + 0.5) * _STEPS
    length = np.hypot(flat, z) * _STEPS_PER_EXTENT
    return morton.encode(np.stack([turn, rise, length], 1).astype(np.int32))


def _free(rows: np.ndarray, count: int) -> np.ndarray:
    taken = np.zeros(count, bool)
    taken[rows[rows >= 0]] = True
    return np.flatnonzero(~taken)


def _mutual(
    codes: np.ndarray, decoded_codes: np.ndarray, label: np.ndarray, decoded_label: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both whose codes are each other's nearest, and whose labels are equal."""
    ones, one_of = np.unique(codes, return_inverse=True)
    others, other_of = np.unique(decoded_codes, return_inverse=True)
    there, back = nearest(ones, others)[0], nearest(others, ones)[0]
    mutual = back[there] == np.arange(len(ones))
    partner = np.full(len(others), -1)
    partner[there[mutual]] = np.flatnonzero(mutual)
    keys = np.stack([one_of.reshape(-1), label], 1)
    decoded_keys = np.stack([partner[other_of.reshape(-1)], decoded_label], 1)
    some, paired = np.flatnonzero(mutual[keys[:, 0]]), np.flatnonzero(decoded_keys[:, 0] >= 0)
    first, second = _equal_pairs(keys[some], decoded_keys[paired])
    return some[first], paired[second]


def _rest(
    xyz: np.ndarray, decoded: np.ndarray, label: np.ndarray, decoded_label: np.ndarray, rows: np.ndarray
) -> np.ndarray | None:
    """Pairs for what is left, label by label, nearest first."""
    left, free = np.flatnonzero(rows < 0), _free(rows, len(xyz))
    if len(left) > _MOST_LEFT:
        return None
    for number in np.unique(decoded_label[left]):
        here, there = left[decoded_label[left] == number], free[label[free] == number]
        if len(here) != len(there):
            return None
        away = ((decoded[here, None].astype(np.float64) - xyz[None, there].astype(np.float64)) ** 2).sum(2)
        away = np.where(np.isfinite(away), away, np.inf)
        for flat in np.argsort(away, axis=None, kind="stable"):
            i, j = divmod(int(flat), len(there))
            if rows[here[i]] < 0 and there[j] >= 0:
                rows[here[i]], there[j] = there[j], -1
    return rows
