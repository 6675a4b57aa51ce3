"""The head's arithmetic at the ends of its range: accumulators, multipliers and shifts that training never reaches."""

import numpy as np
import pytest

from pcc.ops import occupancy_head as op
from pcc.ops.neighbour_lists import neighbour_lists
from pcc.ops.requantise import requantise_reference, round_shift_reference

SHIFTS = [1, 2, 15, 31, 32, 33, 53, 61, 62]
MULTIPLIERS = [0, 1, 2, 12345, 2**30, 2**31 - 1]
INT32 = np.array([-(2**31), -(2**31) + 1, -2, -1, 0, 1, 2, 2**31 - 2, 2**31 - 1], np.int64)
UNITS = 64


def pieces(rng, multiplier, targets, shift):
    """Accumulators (k UNITS,) int32: the ends of int32, random ones, and those about which `targets` are reached."""
    turns = [((2 * t - 1) << (shift - 1)) // max(multiplier, 1) + d for t in targets for d in (-1, 0, 1, 2)]
    acc = np.concatenate([INT32, np.clip(np.array(turns, object), -(2**31), 2**31 - 1).astype(np.int64)])
    acc = np.concatenate([acc, rng.integers(-(2**31), 2**31, UNITS) >> rng.integers(0, 31, UNITS)])
    return np.resize(acc, (len(acc) + UNITS - 1) // UNITS * UNITS).astype(np.int32).reshape(-1, UNITS)


def identity(scale, rows=UNITS):
    return (np.eye(rows, UNITS) * scale).astype(np.int8)


def group_of(**changes):
    """A group that passes the first layer's u8 on as they are: (2 z + 1) >> 1 = z."""
    ones, zeros = np.ones(UNITS, np.int32), np.zeros(UNITS, np.int32)
    return op.HeadGroup(
        **dict(
            weight1=np.zeros((4, UNITS), np.int8), context=np.zeros((27, 8, UNITS), np.int8),
            context_shift=np.zeros(UNITS, np.uint8), multiplier1=ones, shift1=1,
            weight2=identity(2), bias2=zeros, multiplier2=ones, shift2=1,
            weight3=identity(2), bias3=zeros, multiplier3=ones, shift3=1,
        )
        | changes
    )  # fmt: skip


def logits(group, bias1, num=7):
    """Logits (num, UNITS) of nodes without neighbours and features: acc1 = bias1."""
    table = np.full((num, 27), -1, np.int32)
    lists = neighbour_lists(table, np.zeros(num, np.uint8), np.zeros(8, np.uint8))
    head = op.OccupancyHead([group], np.zeros((1, 1, 27), np.uint8))
    feats, occupancy = np.zeros((num, 4), np.uint8), np.zeros(num, np.uint8)
    return head.logits(feats, lists, occupancy, colour=0, first=0, bias1=np.ascontiguousarray(bias1[None]))[0]


@pytest.mark.parametrize("multiplier", MULTIPLIERS)
@pytest.mark.parametrize("shift", SHIFTS)
def test_hidden_layers(isa, rng, multiplier, shift):
    """z = requantise(acc, multiplier, shift) in the first and in the second layer, also where acc just gives 255."""
    m = np.full(UNITS, multiplier, np.int32)
    for acc in pieces(rng, multiplier, [0, 1, 128, 254, 255, 256], shift):
        want = np.tile(requantise_reference(acc, m, shift), (7, 1))
        np.testing.assert_array_equal(logits(group_of(multiplier1=m, shift1=shift), acc), want)
        second = group_of(weight2=identity(0), bias2=acc, multiplier2=m, shift2=shift)
        np.testing.assert_array_equal(logits(second, np.zeros(UNITS, np.int32)), want)


@pytest.mark.parametrize("multiplier", MULTIPLIERS)
@pytest.mark.parametrize("shift", SHIFTS)
def test_last_layer(isa, rng, multiplier, shift):
    """l = clamp(round_shift(acc multiplier, shift), -3584, 3584) for accumulators of either sign, also at the clamp."""
    m = np.full(UNITS, multiplier, np.int32)
    for acc in pieces(rng, multiplier, [-3585, -3584, -3583, -1, 0, 1, 3583, 3584, 3585], shift):
        want = np.clip(round_shift_reference(acc.astype(np.int64) * m, shift), -3584, 3584)
        got = logits(group_of(weight3=identity(0), bias3=acc, multiplier3=m, shift3=shift), np.zeros(UNITS, np.int32))
        np.testing.assert_array_equal(got, np.tile(want, (7, 1)))


@pytest.mark.parametrize("shift", SHIFTS)
def test_neighbouring_units_do_not_mix(isa, rng, shift):
    """Units of very different multipliers beside each other: each has its own multiplier and its own limit."""
    m = rng.permutation(np.resize(MULTIPLIERS, UNITS)).astype(np.int32)
    for acc in np.resize(INT32, (9, UNITS)).astype(np.int32) ^ rng.integers(0, 2**20, (9, UNITS), dtype=np.int32):
        got = logits(group_of(multiplier1=m, shift1=shift), acc)
        np.testing.assert_array_equal(got, np.tile(requantise_reference(acc, m, shift), (7, 1)))
