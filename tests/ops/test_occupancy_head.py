"""logits = reference, bit for bit, for every stage, parity, width and instruction set."""

from dataclasses import replace

import numpy as np
import pytest

from pcc.ops import occupancy_head as op
from tests.trees import random_level, random_occupancy


def head_of(rng, c, h, amplitude=127):
    """Random weights whose multipliers keep activations and logits alive."""

    def int8(*shape):
        return rng.integers(-amplitude, amplitude + 1, shape).astype(np.int8)

    return op.HeadStage(
        weight1=int8(c, h),
        context=int8(27, 8, h),
        context_shift=rng.integers(0, 8, h).astype(np.uint8),
        multiplier1=rng.integers(1, 2000, h).astype(np.int32),
        shift1=18,
        weight2=int8(h, h),
        bias2=rng.integers(-3000, 3000, h).astype(np.int32),
        multiplier2=rng.integers(1, 4000, h).astype(np.int32),
        shift2=20,
        weight3=int8(h),
        bias3=int(rng.integers(-5000, 5000)),
        multiplier3=700,
        shift3=14,
    )


def nodes(rng, depth, c):
    level = random_level(rng, depth)
    n = len(level)
    return level, rng.integers(0, 256, (n, c), dtype=np.uint8), random_occupancy(rng, n, 2)


def parity_rows(level, parity):
    return np.flatnonzero((np.bitwise_count(level.octants) & 1) == parity).astype(np.int32)


@pytest.mark.parametrize(("c", "h"), [(16, 16), (32, 32), (20, 48), (64, 64)])
@pytest.mark.parametrize("stage", [0, 3, 7])
@pytest.mark.parametrize("checkerboard", [False, True])
def test_equals_reference(isa, threads, rng, c, h, stage, checkerboard):
    """Both parities, on a level of some hundred nodes: several tiles of 64 rows, the last one not full."""
    level, feats, occupancy = nodes(rng, 4, c)
    head, bias1 = head_of(rng, c, h), rng.integers(-9000, 9000, h).astype(np.int32)
    spread = set()
    for parity in (0, 1):
        rows = parity_rows(level, parity)
        args = (head, stage, feats, level.neighbours, occupancy)
        got = op.logits(*args, rows, bias1=bias1, checkerboard=checkerboard, parity=parity)
        want = op.logits_reference(*args, level.octants, rows, bias1=bias1, checkerboard=checkerboard)
        assert got.dtype == np.int16
        np.testing.assert_array_equal(got, want)
        spread |= set(got.tolist())
    assert len(spread) > 50


@pytest.mark.parametrize("stage", range(8))
def test_only_visible_bits_are_read(isa, rng, stage):
    """What decoder and encoder hold differs in bits that are not coded yet; the logits are the same."""
    level, feats, occupancy = nodes(rng, 3, 16)
    head, bias1 = head_of(rng, 16, 16), np.zeros(16, np.int32)
    even, odd = parity_rows(level, 0), parity_rows(level, 1)
    coded = occupancy & np.uint8((1 << stage) - 1)
    for parity, rows in enumerate((even, odd)):
        args = {"bias1": bias1, "checkerboard": True, "parity": parity}
        got = op.logits(head, stage, feats, level.neighbours, coded, rows, **args)
        want = op.logits(head, stage, feats, level.neighbours, occupancy, rows, **args)
        np.testing.assert_array_equal(got, want)
        coded[rows] |= occupancy[rows] & np.uint8(1 << stage)


@pytest.mark.parametrize("num", [0, 1, 63, 64, 65])
def test_any_number_of_rows(isa, threads, rng, num):
    level, feats, occupancy = nodes(rng, 4, 16)
    head, bias1 = head_of(rng, 16, 32), np.zeros(32, np.int32)
    rows = rng.choice(len(level), num, replace=False).astype(np.int32)
    args = (head, 5, feats, level.neighbours, occupancy)
    got = op.logits(*args, rows, bias1=bias1, checkerboard=False, parity=0)
    want = op.logits_reference(*args, level.octants, rows, bias1=bias1, checkerboard=False)
    np.testing.assert_array_equal(got, want)


def test_last_octant_of_a_node_without_bits_is_certain(isa, rng):
    """Stage 7: logit = 3584 iff no bit 0..6 is set; earlier stages know no certainty."""
    level, feats, _ = nodes(rng, 2, 16)
    head = replace(head_of(rng, 16, 16), multiplier3=0)
    rows = np.arange(len(level), dtype=np.int32)
    occupancy = np.where(rows % 2 == 0, 128, rng.integers(1, 128, len(level))).astype(np.uint8)
    args = {"bias1": np.zeros(16, np.int32), "checkerboard": False, "parity": 0}
    last = op.logits(head, 7, feats, level.neighbours, occupancy, rows, **args)
    np.testing.assert_array_equal(last, np.where(rows % 2 == 0, 3584, 0))
    assert (op.logits(head, 6, feats, level.neighbours, occupancy, rows, **args) == 0).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_weights_and_the_clamp(isa, sign):
    """All weights at the end of their range: no saturation on the way, the logit is clamped to 3584."""
    c = h = 64
    full = np.full
    head = op.HeadStage(
        full((c, h), 127, np.int8), full((27, 8, h), 127, np.int8), full(h, 15, np.uint8),
        full(h, 2**31 - 1, np.int32), 30, full((h, h), 127, np.int8), full(h, 2**30, np.int32),
        full(h, 2**31 - 1, np.int32), 31, full(h, 127 * sign, np.int8), sign, 2**31 - 1, 30,
    )  # fmt: skip
    feats, table = full((1, c), 255, np.uint8), np.zeros((1, 27), np.int32)
    args = (head, 7, feats, table, full(1, 255, np.uint8))
    rows = np.zeros(1, np.int32)
    got = op.logits(*args, rows, bias1=full(h, 2**29, np.int32), checkerboard=False, parity=0)
    assert got.tolist() == [3584 * sign]
    weak = replace(head, weight1=full((c, h), -127, np.int8), context=full((27, 8, h), -127, np.int8))
    args = (weak, *args[1:])
    want = op.logits_reference(*args, rows.astype(np.uint8), rows, bias1=np.zeros(h, np.int32), checkerboard=False)
    got = op.logits(*args, rows, bias1=np.zeros(h, np.int32), checkerboard=False, parity=0)
    np.testing.assert_array_equal(got, want)


def test_rows_that_do_not_exist(isa, rng):
    """Neighbours outside 0..N-1 count as empty; a row outside is an error."""
    level, feats, occupancy = nodes(rng, 3, 16)
    head, rows = head_of(rng, 16, 32), np.arange(len(level), dtype=np.int32)
    args = {"bias1": np.zeros(32, np.int32), "checkerboard": True, "parity": 1}
    table = level.neighbours
    wild = np.where(table < 0, rng.choice([len(level), 2**31 - 1, -(2**31)], table.shape), table).astype(np.int32)
    np.testing.assert_array_equal(
        op.logits(head, 4, feats, wild, occupancy, rows, **args),
        op.logits(head, 4, feats, table, occupancy, rows, **args),
    )
    for row in (-1, len(level), 2**31 - 1):
        with pytest.raises(ValueError, match="rows: expected"):
            op.logits(head, 4, feats, table, occupancy, np.array([0, row], np.int32), **args)


def test_wrong_arguments_are_named(rng):
    level, feats, occupancy = nodes(rng, 1, 16)
    head, rows = head_of(rng, 16, 16), np.zeros(1, np.int32)
    args = {"bias1": np.zeros(16, np.int32), "checkerboard": True, "parity": 1}
    table = level.neighbours
    with pytest.raises(ValueError, match="stage"):
        op.logits(head, 8, feats, table, occupancy, rows, **args)
    with pytest.raises(ValueError, match="parity"):
        op.logits(head, 0, feats, table, occupancy, rows, **(args | {"parity": 2}))
    with pytest.raises(ValueError, match="bias1"):
        op.logits(head, 0, feats, table, occupancy, rows, **(args | {"bias1": np.zeros(8, np.int32)}))
    with pytest.raises(TypeError, match="rows"):
        op.logits(head, 0, feats, table, occupancy, rows.astype(np.int64), **args)
    with pytest.raises(ValueError, match="feats"):
        op.logits(head, 0, feats[:, :8], table, occupancy, rows, **args)
    for field, value in [("weight1", np.zeros((16, 80), np.int8)), ("shift2", 0), ("shift3", 63)]:
        with pytest.raises(ValueError, match=field[:5]):
            replace(head, **{field: value})
    with pytest.raises(ValueError, match="context_shift"):
        replace(head, context_shift=np.full(16, 16, np.uint8))
