"""bits = sum over all decisions of log2(1 + 2^(-+l)), and the gradients of that."""

import numpy as np
import pytest

from pcc import ops
from pcc.geometry.coding_order import CodingOrder
from pcc.ops import occupancy_bits as op
from tests.trees import SOME_ORDERS, name_of, random_level, random_occupancy

STEP = 1 / 32
some_orders = pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)


def weights_of(rng, order, c=16, h=16):
    """Such that activations and logits are alive."""
    g, t = order.groups, 2**order.group_size - 1
    shapes = (g, c, h), (g, 27, 8, h), (order.colours, g, h), (g, h, h), (g, h), (g, t, h), (g, t)
    scales = 0.3, 0.2, 0.5, 0.3, 0.5, 0.5, 1.0
    return [(rng.normal(size=shape) * scale).astype(np.float32) for shape, scale in zip(shapes, scales, strict=True)]


def nodes_of(rng, depth):
    level = random_level(rng, depth, num_roots=2)
    occupancy = random_occupancy(rng, len(level), 2)
    occupancy[0] = 128  # its last octant is certain
    return level.neighbours, occupancy, level.octants


def call(feats, weights, nodes, order, quantised=False, gradients=False, rows=None):
    return op.occupancy_bits(feats, weights, *nodes, order, rows, step=STEP, quantised=quantised, gradients=gradients)


@some_orders
@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize(("depth", "c", "h"), [(0, 16, 16), (3, 32, 16), (3, 16, 48)])
def test_equals_reference(isa, threads, rng, order, quantised, depth, c, h):
    nodes, weights = nodes_of(rng, depth), weights_of(rng, order, c, h)
    feats = (rng.integers(0, 256, (len(nodes[1]), c)) * STEP).astype(np.float32)
    bits, grads = call(feats, weights, nodes, order, quantised)
    want = op.occupancy_bits_reference(feats, weights, *nodes, order, step=STEP, quantised=quantised)
    assert bits == pytest.approx(want, rel=1e-3 if quantised else 1e-5)  # ties of rounding
    assert grads == []
    assert call(feats, weights, nodes, order, quantised, True)[0] == bits


@some_orders
def test_some_rows_equal_reference(isa, threads, rng, order):
    """In any order; their neighbours' bits are seen whether they are among them or not."""
    nodes, weights = nodes_of(rng, 3), weights_of(rng, order)
    num, feats = len(nodes[1]), rng.random((len(nodes[1]), 16)).astype(np.float32)
    for size in (0, 1, 65, num):
        rows = rng.permutation(num)[:size].astype(np.int32)
        bits, _ = call(feats, weights, nodes, order, rows=rows)
        want = op.occupancy_bits_reference(feats, weights, *nodes, order, rows, step=STEP, quantised=False)
        assert bits == pytest.approx(want, rel=1e-5)


def test_parts_sum_up(isa, rng):
    """bits and gradients of all nodes = sum of those of a partition; other nodes' features get none."""
    order = SOME_ORDERS[1]
    nodes, weights = nodes_of(rng, 3), weights_of(rng, order)
    num, feats = len(nodes[1]), rng.random((len(nodes[1]), 16)).astype(np.float32)
    whole, grads = call(feats, weights, nodes, order, gradients=True)
    parts = np.split(rng.permutation(num).astype(np.int32), [1, 40])
    results = [call(feats, weights, nodes, order, gradients=True, rows=rows) for rows in parts]
    assert sum(bits for bits, _ in results) == pytest.approx(whole, rel=1e-6)
    for i, grad in enumerate(grads):
        np.testing.assert_allclose(sum(g[i] for _, g in results), grad, rtol=1e-3, atol=1e-3)
    for rows, (_, (grad_feats, *_rest)) in zip(parts, results, strict=True):
        assert set(np.flatnonzero(np.abs(grad_feats).sum(1))) <= set(rows.tolist())


@some_orders
def test_gradients(isa, rng, order):
    """<grad, e> = (f(x + he) - f(x - he)) / 2h for every array, along a random direction e, f the reference."""
    nodes, weights = nodes_of(rng, 2), weights_of(rng, order)
    feats = rng.random((len(nodes[1]), 16)).astype(np.float32)
    _, grads = call(feats, weights, nodes, order, gradients=True)
    arrays = [feats, *weights]
    for i, grad in enumerate(grads):
        assert grad.shape == arrays[i].shape
        direction = rng.normal(size=grad.shape)
        ends = []
        for sign in (1, -1):
            moved = [a + sign * 1e-5 * direction if j == i else a for j, a in enumerate(arrays)]
            ends.append(
                op.occupancy_bits_reference(moved[0], moved[1:], *nodes, order, step=STEP, quantised=False)
            )  # fmt: skip
        size = float(np.abs(grad).sum())
        assert np.vdot(grad, direction) == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=2e-3 * size)


def test_literal(isa):
    """One node, all weights zero: logits are bias3. Each bit costs log2(1 + 2^l) or, if set, log2(1 + 2^-l)."""
    order = CodingOrder(2, 8)
    weights = [np.zeros_like(w) for w in weights_of(np.random.default_rng(0), order)]
    weights[6][:, 0] = [0, 1, 0, 0, 0, 0, 0, -20]
    table, octants = np.full((1, 27), -1, np.int32), np.zeros(1, np.uint8)
    feats = np.zeros((1, 16), np.float32)
    bits, grads = call(feats, weights, (table, np.array([2], np.uint8), octants), order, gradients=True)
    assert bits == pytest.approx(6 + np.log2(1.5) + 2.0**-14 / np.log(2), rel=1e-6)
    half = 0.5
    np.testing.assert_allclose(grads[7][:, 0], [half, 2 / 3 - 1, half, half, half, half, half, 0], rtol=1e-6)
    certain, _ = call(feats, weights, (table, np.array([128], np.uint8), octants), order)
    assert certain == pytest.approx(6 + np.log2(3) + 2.0**-14 / np.log(2), rel=1e-6)


def test_no_nodes():
    order = SOME_ORDERS[1]
    nodes = np.zeros((0, 27), np.int32), np.zeros(0, np.uint8), np.zeros(0, np.uint8)
    weights = weights_of(np.random.default_rng(0), order)
    bits, grads = call(np.zeros((0, 16), np.float32), weights, nodes, order, gradients=True)
    assert bits == 0
    assert all((g == 0).all() for g in grads)


def test_threads_change_no_bit(isa, rng):
    """Enough nodes for several partial sums."""
    order = SOME_ORDERS[1]
    level = random_level(rng, 6, bits=4)
    nodes = level.neighbours, random_occupancy(rng, len(level)), level.octants
    weights, feats = weights_of(rng, order), rng.random((len(level), 16)).astype(np.float32)
    assert len(level) > 64 * 8 * 4
    results = []
    for threads in (1, 2, 7):
        ops.set_num_threads(threads)
        results.append(call(feats, weights, nodes, order, True, True))
    for bits, grads in results[1:]:
        assert bits == results[0][0]
        for a, b in zip(grads, results[0][1], strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments_are_named(rng):
    order = SOME_ORDERS[1]
    nodes, weights = nodes_of(rng, 1), weights_of(rng, order)
    feats = np.zeros((len(nodes[1]), 16), np.float32)
    for i, name in enumerate(op.WEIGHTS):
        with pytest.raises(TypeError, match=name):
            call(feats, [w.astype(np.float64) if i == j else w for j, w in enumerate(weights)], nodes, order)
        with pytest.raises(ValueError, match=name if i else "weights"):
            call(feats, [w[:-1] if i == j else w for j, w in enumerate(weights)], nodes, order)
    with pytest.raises(ValueError, match="expected 8 groups"):
        call(feats, weights, nodes, SOME_ORDERS[0])
    with pytest.raises(ValueError, match="multiples of 16"):
        call(feats[:, :8].copy(), weights, nodes, order)
    for rows in ([-1], [0, len(feats)], [2**31 - 1]):
        with pytest.raises(ValueError, match="rows: expected"):
            call(feats, weights, nodes, order, rows=np.array(rows, np.int32))
    with pytest.raises(TypeError, match="rows"):
        call(feats, weights, nodes, order, rows=np.zeros(1, np.int64))
    for i, name in enumerate(("neighbours", "occupancy", "octants")):
        with pytest.raises(ValueError, match=name):
            call(feats, weights, [a[1:] if i == j else a for j, a in enumerate(nodes)], order)


@some_orders
def test_a_target_costs_instead_of_what_is_seen(isa, rng, order):
    """Bits and gradients of the features against the reference, which is told both."""
    nodes, weights = nodes_of(rng, 3), weights_of(rng, order)
    occupancy = nodes[1]
    target = np.where(rng.random(len(occupancy)) < 0.5, occupancy, rng.integers(0, 256, len(occupancy))).astype(
        np.uint8
    )
    feats = rng.random((len(occupancy), 16)).astype(np.float32)
    how = {"target": target, "step": STEP, "quantised": False}
    bits, grads = op.occupancy_bits(feats, weights, *nodes, order, gradients=True, **how)
    want = op.occupancy_bits_reference(feats, weights, *nodes, order, **how)
    assert bits == pytest.approx(want, rel=1e-5)
    direction = rng.normal(size=feats.shape).astype(np.float32)
    ends = [op.occupancy_bits_reference(feats + e * direction, weights, *nodes, order, **how) for e in (1e-4, -1e-4)]
    assert (grads[0] * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=2e-2, abs=0.5)


@some_orders
@pytest.mark.parametrize("highest", [0.0, 0.6, 20.0])
def test_decide_equals_reference(isa, threads, rng, order, highest):
    """Pass by pass: the target's bit where the logit is below the pass's threshold, the likelier one elsewhere."""
    (neighbours, target, octants), weights = nodes_of(rng, 3), weights_of(rng, order)
    feats = (rng.integers(0, 256, (len(target), 16)) * STEP).astype(np.float32)
    thresholds = np.maximum(highest - 0.02 * np.arange(len(order.passes)), 0)
    how = {"thresholds": thresholds, "step": STEP, "quantised": False}
    found = op.decide(feats, weights, neighbours, target, octants, order, **how)
    want = op.decide_reference(feats, weights, neighbours, target, octants, order, **how)
    assert (found != want).mean() < 0.01  # logits at a threshold
    if highest > 14 + 2:
        np.testing.assert_array_equal(found, target)
