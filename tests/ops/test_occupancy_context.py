"""out[n, c] = sum of weights[d, o, c] over the bits o of neighbours d that column c may see."""

import numpy as np
import pytest

from pcc import ops
from pcc.geometry.coding_order import CodingOrder
from pcc.ops import occupancy_context as op
from pcc.ops.neighbour_lists import neighbour_lists
from pcc.ops.requantise import requantise_reference
from tests.trees import SELF, SOME_ORDERS, random_level, random_occupancy, random_table

CHECKERBOARD = CodingOrder(2, 8)
EVERYTHING = op.ALL_SEEN, 1
MODES = [EVERYTHING, *((order.first_group, order.groups) for order in SOME_ORDERS)]  # what is seen, number of groups
MODE_IDS = ["everything", "2x8", "8x4", "8x2 by colour", "4x4", "1x1"]


def nodes(rng, depth):
    level = random_level(rng, depth, num_roots=2)
    return level.neighbours, random_occupancy(rng, len(level)), level.octants


def lists_of(table, octants):
    return neighbour_lists(table, octants, CHECKERBOARD.colour_of)


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("columns", [8, 24, 128])
@pytest.mark.parametrize("seen", MODES, ids=MODE_IDS)
def test_forward_and_backward(isa, threads, rng, depth, columns, seen):
    """forward = reference; <backward(g), W> = <g, forward(W)>, and W is anything."""
    at = nodes(rng, depth)
    weights = rng.normal(size=(27, 8, columns)).astype(np.float32)
    want = op.forward_reference(weights, *at, *seen)
    np.testing.assert_allclose(op.forward(weights, *at, *seen), want, rtol=0, atol=1e-4 * np.abs(want).max())
    grad_out = rng.integers(-3, 4, (len(at[1]), columns)).astype(np.float32)  # integers: sums are exact
    grad = op.backward(grad_out, *at, *seen)
    probe = rng.integers(-3, 4, weights.shape).astype(np.float32)
    assert np.vdot(grad, probe) == np.vdot(grad_out, op.forward_reference(probe, *at, *seen))


@pytest.mark.parametrize("seen", MODES[:3], ids=MODE_IDS[:3])
def test_threads_change_no_bit(isa, rng, seen):
    table, occupancy = random_table(rng, 3000, 3000), random_occupancy(rng, 3000)
    octants = rng.integers(0, 8, 3000, dtype=np.uint8)
    weights, results = rng.normal(size=(27, 8, 32)).astype(np.float32), []
    for threads in (1, 2, 3, 7):
        ops.set_num_threads(threads)
        out = op.forward(weights, table, occupancy, octants, *seen)
        results.append((out, op.backward(out, table, occupancy, octants, *seen)))
    for out, grad in results[1:]:
        np.testing.assert_array_equal(out, results[0][0])
        np.testing.assert_array_equal(grad, results[0][1])


@pytest.mark.parametrize("groups", [1, 2, 4, 8])
def test_a_node_sees_its_own_bits_of_earlier_groups(isa, groups):
    """One node with all bits, weights 2^o, G octants a group: group g sums 2^0 .. 2^(gG - 1) = 2^(gG) - 1."""
    table = np.full((1, 27), -1, np.int32)
    table[0, SELF] = 0
    weights = np.zeros((27, 8, 8), np.float32)
    weights[SELF] = (2.0 ** np.arange(8))[:, None]
    full, octants = np.array([255], np.uint8), np.array([1], np.uint8)
    for order in (CodingOrder(2, groups), CodingOrder(8, groups, by_colour=True)):
        sums = op.forward(weights, table, full, octants, order.first_group, groups)[0].reshape(groups, -1)
        assert (sums == [[2 ** (8 // groups * g) - 1] for g in range(groups)]).all()
    assert op.forward(weights, table, full, octants)[0].tolist() == [255] * 8


@pytest.mark.parametrize("octant", range(8))
def test_checkerboard_literal(isa, octant):
    """Only nodes of odd parity see bit k with group k, and only of the 14 neighbours at odd distance."""
    table, occupancy = np.zeros((1, 27), np.int32), np.array([1], np.uint8)  # bit 0, everywhere
    weights = np.ones((27, 8, 8), np.float32)
    seen = op.forward(weights, table, occupancy, np.array([octant], np.uint8), CHECKERBOARD.first_group, 8)
    odd = octant in (1, 2, 4, 7)
    assert seen[0].tolist() == [14 if odd else 0] + [27] * 7


@pytest.mark.parametrize("octant", range(8))
def test_colour_by_colour_literal(isa, octant):
    """Full neighbours: a node of rank r of 8 sees 26 of them, or as many as have lower ranks, and itself by group."""
    order, table = CodingOrder(8, 2, by_colour=True), np.zeros((1, 27), np.int32)
    full, weights = np.array([255], np.uint8), np.ones((27, 8, 2), np.float32)
    seen = op.forward(weights, table, full, np.array([octant], np.uint8), order.first_group, 2)
    sizes = [2 ** int(np.bitwise_count(x)) for x in range(8)]  # of 27 directions, those that change the octant by x
    lower = sum(sizes[octant ^ other] for other in range(8) if order.colour_of[other] < order.colour_of[octant])
    assert seen[0].tolist() == [8 * lower, 8 * lower + 4]


@pytest.mark.parametrize("columns", [16, 32, 48, 64])
@pytest.mark.parametrize("depth", [0, 3])
@pytest.mark.parametrize("shift", [1, 12, 40])
def test_absorb(isa, threads, rng, columns, depth, shift):
    """out = requantise(bias + context; + feats r), bit for bit."""
    table, occupancy, octants = nodes(rng, depth)
    weights = rng.integers(-128, 128, (27, 8, columns)).astype(np.int8)
    feats = rng.integers(0, 256, (len(occupancy), columns), dtype=np.uint8)
    bias = rng.integers(-500, 500, columns).astype(np.int32)
    multiplier = rng.integers(0, min(2**shift, 2**31 - 1), columns).astype(np.int32)
    residual = min(2**shift, 2**31 - 1)
    lists = lists_of(table, octants)
    got = op.absorb(
        feats, weights, lists, occupancy, bias=bias, multiplier=multiplier, shift=shift, residual_multiplier=residual
    )
    context = op.forward_reference(weights, table, occupancy, octants)
    np.testing.assert_array_equal(got, requantise_reference(bias + context, multiplier, shift, feats, residual))


@pytest.mark.parametrize("weight", [127, -128])
def test_absorb_extreme(isa, weight):
    """27 full neighbours: |sum| = 27 8 128 = 27648 fits the 16 bits that the kernel adds in."""
    lists, occupancy = lists_of(np.zeros((1, 27), np.int32), np.zeros(1, np.uint8)), np.array([255], np.uint8)
    bias = np.full(32, -27 * 8 * weight + 14, np.int32)
    got = op.absorb(
        np.zeros((1, 32), np.uint8), np.full((27, 8, 32), weight, np.int8), lists, occupancy,
        bias=bias, multiplier=np.ones(32, np.int32), shift=1, residual_multiplier=0,
    )  # fmt: skip
    assert (got == 7).all()


def test_rows_that_do_not_exist_count_as_empty(isa, rng):
    """A neighbour outside 0..N-1 is never read: it equals -1, in all three functions."""
    table, occupancy = random_table(rng, 90, 90), random_occupancy(rng, 90)
    octants = rng.integers(0, 8, 90, dtype=np.uint8)
    wild = np.where(table < 0, rng.choice([90, 2**31 - 1, -(2**31), -7], table.shape), table).astype(np.int32)
    weights, out = rng.normal(size=(27, 8, 16)).astype(np.float32), []
    narrow = rng.integers(-127, 128, (27, 8, 16)).astype(np.int8)
    ones = np.ones(16, np.int32)
    for rows in (table, wild):
        forward = op.forward(weights, rows, occupancy, octants, CHECKERBOARD.first_group, 8)
        backward = op.backward(forward, rows, occupancy, octants)
        feats, lists = np.zeros((90, 16), np.uint8), lists_of(rows, octants)
        absorbed = op.absorb(
            feats, narrow, lists, occupancy, bias=ones, multiplier=ones, shift=1, residual_multiplier=1
        )
        out.append((forward, backward, absorbed))
    for first, second in zip(*out, strict=True):
        np.testing.assert_array_equal(first, second)


def test_wrong_arguments_are_named(rng):
    table, occupancy = np.zeros((2, 27), np.int32), np.ones(2, np.uint8)
    weights = np.zeros((27, 8, 12), np.float32)
    seen = CHECKERBOARD.first_group
    with pytest.raises(ValueError, match="columns in multiples of 8"):
        op.forward(weights, table, occupancy, occupancy, seen, 8)
    with pytest.raises(ValueError, match="columns in multiples of 0"):
        op.forward(weights, table, occupancy, occupancy, seen, 0)
    with pytest.raises(ValueError, match="first_group: expected at most 4"):
        op.forward(weights, table, occupancy, occupancy, seen, 4)
    with pytest.raises(ValueError, match="first_group"):
        op.forward(weights, table, occupancy, occupancy, seen[:, :26], 4)
    with pytest.raises(ValueError, match="occupancy"):
        op.forward(weights, table, occupancy[:1], occupancy)
    with pytest.raises(TypeError, match="octants"):
        op.forward(weights, table, occupancy, occupancy.astype(np.int32))
    with pytest.raises(ValueError, match="grad_out"):
        op.backward(np.zeros((3, 8), np.float32), table, occupancy, occupancy, seen, 8)
    with pytest.raises(ValueError, match="neighbours"):
        op.forward(weights, table[:, :26], occupancy, occupancy)
    narrow, ones = np.zeros((27, 8, 16), np.int8), np.ones(16, np.int32)
    feats, lists = np.zeros((2, 16), np.uint8), lists_of(table, occupancy)
    for shift in (0, 63):
        with pytest.raises(ValueError, match=r"shift: expected 1\.\.62"):
            op.absorb(feats, narrow, lists, occupancy, bias=ones, multiplier=ones, shift=shift, residual_multiplier=0)
    with pytest.raises(ValueError, match="feats"):
        op.absorb(feats[:, :8], narrow, lists, occupancy, bias=ones, multiplier=ones, shift=3, residual_multiplier=0)
    with pytest.raises(ValueError, match="columns in multiples of 16"):
        op.absorb(
            feats[:, :12], narrow[..., :12], lists, occupancy,
            bias=ones[:12], multiplier=ones[:12], shift=3, residual_multiplier=0,
        )  # fmt: skip
