"""out[n] = sum_d feats[neighbours[n, d]] @ weights[d] and its gradients, within 1e-4, equal for all threads."""

import numpy as np
import pytest

from pcc import ops
from pcc.ops import conv_float as op
from tests.trees import random_level, random_table

CHANNELS = [(16, 16), (32, 32), (16, 48), (64, 16)]


def close(got, want):
    """|got - want| <= 1e-4 times the largest magnitude."""
    assert got.dtype == np.float32
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-4 * max(np.abs(want).max(initial=0), 1e-30))


def normal(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(("ci", "co"), CHANNELS)
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_forward_and_backward_on_octree_levels(isa, threads, rng, ci, co, depth):
    """forward = reference; <backward_weights, W> = <grad_out, forward(W)> = <backward_feats, X>."""
    level = random_level(rng, depth, num_roots=2)
    n, table = len(level), level.neighbours
    feats, weights, grad_out = normal(rng, n, ci), normal(rng, 27, ci, co), normal(rng, n, co)
    out = op.forward(feats, weights, table)
    close(out, op.forward_reference(feats, weights, table))
    grad_weights = op.backward_weights(feats, grad_out, table)
    close(grad_weights, op.backward_weights_reference(feats, grad_out, table))
    grad_feats = op.backward_feats(grad_out, weights, table)
    product = np.vdot(grad_out.astype(float), op.forward_reference(feats, weights, table))
    assert np.vdot(grad_feats.astype(float), feats) == pytest.approx(product, rel=1e-3, abs=1e-2)
    assert np.vdot(grad_weights.astype(float), weights) == pytest.approx(product, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("k", [1, 8, 27])
@pytest.mark.parametrize(("num_out", "num_in"), [(0, 5), (1, 1), (255, 300), (257, 3), (2100, 40)])
def test_any_table(isa, threads, rng, k, num_out, num_in):
    feats, weights, table = normal(rng, num_in, 16), normal(rng, k, 16, 32), random_table(rng, num_out, num_in, k)
    close(op.forward(feats, weights, table), op.forward_reference(feats, weights, table))
    grad_out = normal(rng, num_out, 32)
    close(op.backward_weights(feats, grad_out, table), op.backward_weights_reference(feats, grad_out, table))


def test_threads_change_no_bit(isa, rng):
    """forward and both gradients are the same bits with 1, 2, 3 and 7 threads."""
    feats, weights, table = normal(rng, 900, 32), normal(rng, 27, 32, 32), random_table(rng, 5000, 900)
    grad_out, results = normal(rng, 5000, 32), []
    for threads in (1, 2, 3, 7):
        ops.set_num_threads(threads)
        results.append((op.forward(feats, weights, table), op.backward_weights(feats, grad_out, table)))
    for forward, gradient in results[1:]:
        np.testing.assert_array_equal(forward, results[0][0])
        np.testing.assert_array_equal(gradient, results[0][1])


def test_rows_that_do_not_exist_count_as_empty(isa, rng):
    feats, weights, table = normal(rng, 50, 16), normal(rng, 27, 16, 16), random_table(rng, 300, 50)
    wild = np.where(table < 0, rng.choice([50, 2**31 - 1, -(2**31), -7], table.shape), table).astype(np.int32)
    grad_out = normal(rng, 300, 16)
    np.testing.assert_array_equal(op.forward(feats, weights, wild), op.forward(feats, weights, table))
    np.testing.assert_array_equal(
        op.backward_weights(feats, grad_out, wild), op.backward_weights(feats, grad_out, table)
    )


def test_literal(isa):
    """Two nodes side by side: offset 13 doubles, offset 14 (the node after) adds it once."""
    table = np.full((2, 27), -1, np.int32)
    table[:, 13] = 0, 1
    table[0, 14], table[1, 12] = 1, 0
    weights = np.zeros((27, 16, 16), np.float32)
    weights[13], weights[14] = 2 * np.eye(16), np.eye(16)
    feats = np.stack([np.arange(16), np.full(16, 100)]).astype(np.float32)
    np.testing.assert_array_equal(op.forward(feats, weights, table), [2 * feats[0] + feats[1], 2 * feats[1]])
    grad = op.backward_feats(feats, weights, table)
    np.testing.assert_array_equal(grad, [2 * feats[0], 2 * feats[1] + feats[0]])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"feats": np.zeros((2, 16))}, TypeError, "feats: expected float32"),
        ({"feats": np.zeros((2, 32), np.float32)}, ValueError, "feats"),
        ({"weights": np.zeros((27, 16, 20), np.float32)}, ValueError, "weights"),
        ({"weights": np.zeros((28, 16, 16), np.float32)}, ValueError, "weights"),
        ({"neighbours": np.zeros((2, 9), np.int32)}, ValueError, "neighbours"),
    ],
)
def test_wrong_arguments_are_named(change, error, words):
    arguments = {
        "feats": np.zeros((2, 16), np.float32),
        "weights": np.zeros((27, 16, 16), np.float32),
        "neighbours": np.zeros((2, 27), np.int32),
    }
    op.forward(**arguments)
    with pytest.raises(error, match=words):
        op.forward(**(arguments | change))
    with pytest.raises(ValueError, match="grad_out"):
        op.backward_weights(arguments["feats"], np.zeros((3, 16), np.float32), arguments["neighbours"])
