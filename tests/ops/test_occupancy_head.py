"""logits = reference, bit for bit, for every group, colour, width and instruction set."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from pcc.geometry.coding_order import LONE_ORDER, CodingOrder
from pcc.ops import occupancy_head as op
from pcc.ops.neighbour_lists import neighbour_lists
from tests.trees import ORDERS, SOME_ORDERS, is_lone, mixed_level, name_of, random_level, random_occupancy

LONE = CodingOrder(1, 8)  # one colour


def group_of(rng, c, h, outputs=1, amplitude=127):
    """Random weights whose multipliers keep activations and logits alive."""

    def int8(*shape):
        return rng.integers(-amplitude, amplitude + 1, shape).astype(np.int8)

    return op.HeadGroup(
        weight1=int8(c, h),
        context=int8(27, 8, h),
        context_shift=rng.integers(0, 8, h).astype(np.uint8),
        multiplier1=rng.integers(1, 2000, h).astype(np.int32),
        shift1=18,
        weight2=int8(h, h),
        bias2=rng.integers(-3000, 3000, h).astype(np.int32),
        multiplier2=rng.integers(1, 4000, h).astype(np.int32),
        shift2=20,
        weight3=int8(h, outputs),
        bias3=rng.integers(-5000, 5000, outputs).astype(np.int32),
        multiplier3=rng.integers(500, 900, outputs).astype(np.int32),
        shift3=14,
    )


def head_of(rng, order, c=16, h=16):
    outputs = 2**order.group_size - 1
    return op.OccupancyHead([group_of(rng, c, h, outputs) for _ in range(order.groups)], order.colour_masks())


def nodes(rng, depth, c, order):
    level = random_level(rng, depth)
    n = len(level)
    lists = neighbour_lists(level.neighbours, level.octants, order.colour_of)
    return level, lists, rng.integers(0, 256, (n, c), dtype=np.uint8), random_occupancy(rng, n, 2)


def expected(head, level, lists, feats, occupancy, colour, first, bias1):
    """The definition of what `OccupancyHead.logits` returns."""
    rows = lists.of_colour(colour)
    return np.stack(
        [
            op.logits_reference(head.groups[g], head.masks[g, colour], feats, level.neighbours, occupancy, rows, b)
            for g, b in enumerate(bias1, first)
        ]
    )


@pytest.mark.parametrize(("c", "h"), [(16, 16), (32, 32), (20, 48), (64, 64)])
@pytest.mark.parametrize("order", [*SOME_ORDERS, CodingOrder(1, 2)], ids=name_of)
def test_equals_reference(isa, threads, rng, c, h, order):
    """All groups of all colours at once, on several tiles of 64 rows, the last one not full."""
    level, lists, feats, occupancy = nodes(rng, 4, c, order)
    head, spread = head_of(rng, order, c, h), set()
    for colour in range(order.colours):
        bias1 = rng.integers(-9000, 9000, (order.groups, h)).astype(np.int32)
        got = head.logits(feats, lists, occupancy, colour=colour, first=0, bias1=bias1)
        assert got.dtype == np.int16
        np.testing.assert_array_equal(got, expected(head, level, lists, feats, occupancy, colour, 0, bias1))
        spread |= set(got.reshape(-1).tolist())
    assert len(spread) > 50


def test_nodes_of_another_colour_in_the_lists(isa, threads, rng):
    """A head of one colour for the nodes that the lists call lone: the last of nine colours."""
    level, order = mixed_level(rng), CodingOrder(8, 4)
    lists = neighbour_lists(level.neighbours, level.octants, order.colour_of, lone=True)
    feats, occupancy = rng.integers(0, 256, (len(level), 16), dtype=np.uint8), random_occupancy(rng, len(level))
    head, bias1 = head_of(rng, LONE_ORDER, 16, 48), rng.integers(-900, 900, (2, 48)).astype(np.int32)
    got = head.logits(feats, lists, occupancy, colour=0, listed=8, first=0, bias1=bias1)
    rows = np.flatnonzero(is_lone(level.neighbours))
    want = [
        op.logits_reference(head.groups[g], head.masks[g, 0], feats, level.neighbours, occupancy, rows, bias1[g])
        for g in range(2)
    ]
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("order", ORDERS, ids=name_of)
def test_a_pass_reads_only_what_is_coded(isa, rng, order):
    """The decoder, pass by pass with the bits so far, has the logits of the encoder, which has all bits at once."""
    _, lists, feats, occupancy = nodes(rng, 3, 16, order)
    head, coded = head_of(rng, order), np.zeros_like(occupancy)
    bias1 = rng.integers(-900, 900, (order.groups, 16)).astype(np.int32)
    ahead = [
        head.logits(feats, lists, occupancy, colour=c, first=0, bias1=bias1) for c in range(order.colours)
    ]  # fmt: skip
    for group, colour in order.passes:
        got = head.logits(feats, lists, coded, colour=colour, first=group, bias1=bias1[group : group + 1])
        np.testing.assert_array_equal(got[0], ahead[colour][group])
        rows, bits = lists.of_colour(colour), ((1 << order.group_size) - 1) << group * order.group_size
        coded[rows] |= occupancy[rows] & np.uint8(bits)
    np.testing.assert_array_equal(coded, occupancy)


@pytest.mark.parametrize("num", [0, 1, 63, 64, 65])
@pytest.mark.parametrize("outputs", [1, 15, 16, 17, 255])
def test_any_number_of_rows_and_outputs(isa, threads, rng, num, outputs):
    """Also no row at all; nothing is written beyond the last row's last output."""
    level = random_level(rng, 4)
    table = np.where(level.neighbours[:num] < num, level.neighbours[:num], -1).astype(np.int32)
    octants = level.octants[:num].copy()
    lists = neighbour_lists(table, octants, LONE.colour_of)
    head = op.OccupancyHead([group_of(rng, 16, 32, outputs)] * 8, LONE.colour_masks())
    feats, occupancy = rng.integers(0, 256, (num, 16), dtype=np.uint8), random_occupancy(rng, num)
    bias1 = np.zeros((3, 32), np.int32)
    got = head.logits(feats, lists, occupancy, colour=0, first=4, bias1=bias1)
    assert got.shape == (3, num, outputs)
    for g in range(3):
        want = op.logits_reference(
            head.groups[0], head.masks[4 + g, 0], feats, table, occupancy, lists.rows, bias1[g]
        )  # fmt: skip
        np.testing.assert_array_equal(got[g], want)


def test_colours_without_nodes(isa, rng):
    """The root alone: seven of eight colours have no node, and no logit."""
    order = CodingOrder(8, 2)
    _, lists, feats, occupancy = nodes(rng, 0, 16, order)
    head, bias1 = head_of(rng, order), np.zeros((2, 16), np.int32)
    shapes = [head.logits(feats, lists, occupancy, colour=c, first=0, bias1=bias1).shape for c in range(8)]
    assert shapes == [(2, 1, 15)] + [(2, 0, 15)] * 7


@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_weights_and_the_clamp(isa, sign):
    """All weights at the end of their range: no saturation on the way, the logit is clamped to 3584."""
    c = h = 64
    full = np.full
    group = op.HeadGroup(
        full((c, h), 127, np.int8), full((27, 8, h), 127, np.int8), full(h, 15, np.uint8),
        full(h, 2**31 - 1, np.int32), 30, full((h, h), 127, np.int8), full(h, 2**30, np.int32),
        full(h, 2**31 - 1, np.int32), 31, full((h, 1), 127 * sign, np.int8), full(1, sign, np.int32),
        full(1, 2**31 - 1, np.int32), 30,
    )  # fmt: skip
    weak = replace(group, weight1=full((c, h), -127, np.int8), context=full((27, 8, h), -128, np.int8))
    feats, table = full((1, c), 255, np.uint8), np.zeros((1, 27), np.int32)
    lists = neighbour_lists(table, np.zeros(1, np.uint8), LONE.colour_of)
    masks = full((2, 1, 27), 255, np.uint8)
    head = op.OccupancyHead([group, weak], masks)
    bias1 = np.stack([full(h, 2**29, np.int32), np.zeros(h, np.int32)])
    got = head.logits(feats, lists, full(1, 255, np.uint8), colour=0, first=0, bias1=bias1)
    assert got[0].tolist() == [[3584 * sign]]
    want = op.logits_reference(weak, masks[1, 0], feats, table, full(1, 255, np.uint8), lists.rows, bias1[1])
    np.testing.assert_array_equal(got[1], want)


def test_rows_that_do_not_exist(isa, rng):
    """Neighbours outside 0..N-1 count as empty."""
    order = CodingOrder(2, 8)
    level, lists, feats, occupancy = nodes(rng, 3, 16, order)
    table = level.neighbours
    wild = np.where(table < 0, rng.choice([len(level), 2**31 - 1, -(2**31)], table.shape), table).astype(np.int32)
    others = neighbour_lists(wild, level.octants, order.colour_of)
    args = {"colour": 1, "first": 4, "bias1": np.zeros((1, 16), np.int32)}
    head = head_of(rng, order)
    np.testing.assert_array_equal(
        head.logits(feats, others, occupancy, **args), head.logits(feats, lists, occupancy, **args)
    )


def test_several_threads_share_a_head(isa, rng):
    """The first calls of a new head, at once from eight threads: equal logits, whoever packs the weights."""
    order = CodingOrder(8, 4)
    level, lists, feats, occupancy = nodes(rng, 4, 32, order)
    bias1 = np.zeros((4, 64), np.int32)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            head = head_of(rng, order, 32, 64)
            want = expected(head, level, lists, feats, occupancy, 3, 0, bias1)
            calls = [
                pool.submit(head.logits, feats, lists, occupancy, colour=3, first=0, bias1=bias1) for _ in range(8)
            ]  # fmt: skip
            for call in calls:
                np.testing.assert_array_equal(call.result(), want)


def test_the_weights_are_copied(rng):
    """Changing an array afterwards changes no logit."""
    _, lists, feats, occupancy = nodes(rng, 2, 16, LONE)
    head = head_of(rng, LONE)
    args = {"colour": 0, "first": 7, "bias1": np.zeros((1, 16), np.int32)}
    before = head.logits(feats, lists, occupancy, **args)
    head.groups[7].weight3[:] = 0
    np.testing.assert_array_equal(head.logits(feats, lists, occupancy, **args), before)


def test_wrong_passes_are_named(rng):
    order = CodingOrder(2, 4)
    _, lists, feats, occupancy = nodes(rng, 2, 16, order)
    head, bias1 = head_of(rng, order), np.zeros((1, 16), np.int32)
    for wrong in ({"colour": 2}, {"colour": -1}, {"first": 4}, {"first": -1}, {"bias1": np.zeros((5, 16), np.int32)}):
        with pytest.raises(ValueError, match="no such passes"):
            head.logits(feats, lists, occupancy, **({"colour": 0, "first": 0, "bias1": bias1} | wrong))
    args = {"colour": 0, "first": 0, "bias1": bias1}
    with pytest.raises(ValueError, match="bias1"):
        head.logits(feats, lists, occupancy, colour=0, first=0, bias1=bias1[:, :8])
    with pytest.raises(ValueError, match="feats"):
        head.logits(feats[:, :8], lists, occupancy, **args)
    with pytest.raises(ValueError, match="occupancy"):
        head.logits(feats, lists, occupancy[1:], **args)
    with pytest.raises(TypeError, match="occupancy"):
        head.logits(feats, lists, occupancy.astype(np.int32), **args)
    for listed in (-1, 2):
        with pytest.raises(ValueError, match=f"listed: the lists have 2 colours, got {listed}"):
            head.logits(feats, lists, occupancy, listed=listed, **args)


def test_wrong_weights_are_named(rng):
    group, other = group_of(rng, 16, 16), group_of(rng, 16, 32)
    for field, value in [
        ("weight1", np.zeros((16, 80), np.int8)),
        ("weight1", np.zeros((16, 0), np.int8)),
        ("weight1", np.zeros((0, 16), np.int8)),
        ("weight1", np.zeros((18, 16), np.int8)),
        ("weight3", np.zeros((16, 0), np.int8)),
        ("weight3", np.zeros((16, 256), np.int8)),
        ("weight3", np.zeros((32, 1), np.int8)),
        ("bias3", np.zeros(3, np.int32)),
        ("multiplier3", np.zeros(3, np.int32)),
        ("context", np.zeros((27, 8, 32), np.int8)),
        ("context_shift", np.full(16, 16, np.uint8)),
        ("multiplier1", np.full(16, -1, np.int32)),
        ("multiplier3", np.full(1, -1, np.int32)),
        ("shift2", 0),
        ("shift3", 63),
    ]:
        with pytest.raises(ValueError, match=field[:-1]):
            replace(group, **{field: value})
    with pytest.raises(TypeError, match="bias3"):
        replace(group, bias3=np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="masks"):
        op.OccupancyHead([group] * 4, LONE.colour_masks())
    for groups in ([], [group, other], [group, group_of(rng, 16, 16, 3)]):
        with pytest.raises(ValueError, match="groups: expected"):
            op.OccupancyHead(groups, LONE.colour_masks())
