"""out[n] = requantise(bias + sum_d feats[neighbours[n, d]] @ weights[d]), bit for bit on every instruction set."""

import numpy as np
import pytest

from pcc.ops import conv_int8 as op
from tests.trees import random_level, random_table

CHANNELS = [(4, 16), (16, 16), (32, 32), (20, 48), (64, 64)]


def layer(rng, k, ci, co, shift, rows=()):
    """Random weights and a multiplier that brings typical accumulators into 0..255."""
    scale = 2.0**shift / (40 * np.sqrt(27 * ci))
    return {
        "bias": rng.integers(-5000, 20000, (*rows, co)).astype(np.int32),
        "multiplier": np.minimum(rng.uniform(0.2, 1.5, co) * scale + 1, 2**31 - 1).astype(np.int32),
        "shift": shift,
    }, rng.integers(-127, 128, (k, ci, co)).astype(np.int8)


def feats_of(rng, n, ci):
    return rng.integers(0, 256, (n, ci), dtype=np.uint8)


@pytest.mark.parametrize(("ci", "co"), CHANNELS)
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_octree_levels(isa, threads, rng, ci, co, depth):
    """kernel = reference on levels of a tree, with a residual."""
    level = random_level(rng, depth)
    requantisation, weights = layer(rng, 27, ci, co, 20)
    feats = feats_of(rng, len(level), ci)
    extra = {"residual": feats_of(rng, len(level), co), "residual_multiplier": 3 << 18}
    got = op.forward(feats, weights, level.neighbours, **requantisation, **extra)
    want = op.forward_reference(feats, weights, level.neighbours, **requantisation, **extra)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("k", [1, 8, 27])
@pytest.mark.parametrize(("num_out", "num_in"), [(0, 5), (1, 1), (255, 300), (257, 3), (2100, 40)])
@pytest.mark.parametrize("shift", [1, 24, 40])
def test_any_table(isa, threads, rng, k, num_out, num_in, shift):
    """kernel = reference for tables without symmetry, blocks of 256 rows full or not."""
    requantisation, weights = layer(rng, k, 16, 32, shift)
    feats, table = feats_of(rng, num_in, 16), random_table(rng, num_out, num_in, k)
    got = op.forward(feats, weights, table, **requantisation)
    np.testing.assert_array_equal(got, op.forward_reference(feats, weights, table, **requantisation))


def test_no_inputs_at_all(isa):
    """No neighbour exists: out = requantise(bias)."""
    table = np.full((3, 27), -1, np.int32)
    ones = np.ones(16, np.int32)
    got = op.forward(
        np.zeros((0, 4), np.uint8), np.ones((27, 4, 16), np.int8), table, bias=ones * 9, multiplier=ones, shift=1
    )
    assert (got == 5).all()


@pytest.mark.parametrize("weight", [127, -128])
def test_extreme_accumulators(isa, weight):
    """27 offsets of 64 inputs of 255: acc = 27 64 255 w, without saturation anywhere (vpmaddubsw would)."""
    feats, table = np.full((40, 64), 255, np.uint8), np.zeros((40, 27), np.int32)
    weights = np.full((27, 64, 48), weight, np.int8)
    want = 27 * 64 * 255 * weight
    assert abs(want) > 2**25
    for offset in (100, 0, -1):
        bias = np.full(48, -want + offset * 2, np.int32)
        got = op.forward(feats, weights, table, bias=bias, multiplier=np.ones(48, np.int32), shift=1)
        assert (got == max(offset, 0)).all()


def test_rows_that_do_not_exist_count_as_empty(isa, rng):
    """A neighbour outside 0..M-1 is never read: it equals -1."""
    requantisation, weights = layer(rng, 27, 16, 16, 20)
    feats, table = feats_of(rng, 50, 16), random_table(rng, 300, 50)
    wild = np.where(table < 0, rng.choice([50, 2**31 - 1, -(2**31), -7], table.shape), table).astype(np.int32)
    got = op.forward(feats, weights, wild, **requantisation)
    np.testing.assert_array_equal(got, op.forward(feats, weights, table, **requantisation))


@pytest.mark.parametrize(("ci", "co"), CHANNELS)
@pytest.mark.parametrize("depth", [1, 4])
def test_expand(isa, threads, rng, ci, co, depth):
    """out[n] = requantise(bias[o] + feats[parent] @ weights[o])."""
    level = random_level(rng, depth, num_roots=3)
    requantisation, weights = layer(rng, 8, ci, co, 18, rows=(8,))
    feats = feats_of(rng, int(level.parents.max()) + 1, ci)
    for inputs in (feats, None):
        got = op.expand(inputs, weights, level.parents, level.octants, **requantisation)
        want = op.expand_reference(inputs, weights, level.parents, level.octants, **requantisation)
        np.testing.assert_array_equal(got, want)


def test_expand_of_nothing(isa, rng):
    requantisation, weights = layer(rng, 8, 4, 16, 18, rows=(8,))
    nothing = np.zeros(0, np.int32), np.zeros(0, np.uint8)
    assert op.expand(np.zeros((0, 4), np.uint8), weights, *nothing, **requantisation).shape == (0, 16)


def test_torch_gives_torch(rng):
    torch = pytest.importorskip("torch", reason="extra 'train' is not installed")
    requantisation, weights = layer(rng, 27, 16, 16, 20)
    level = random_level(rng, 2)
    feats = feats_of(rng, len(level), 16)
    want = op.forward(feats, weights, level.neighbours, **requantisation)
    tensors = [torch.from_numpy(a) for a in (feats, weights, level.neighbours)]
    got = op.forward(*tensors, **{k: torch.from_numpy(v) if k != "shift" else v for k, v in requantisation.items()})
    assert isinstance(got, torch.Tensor)
    np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"feats": np.zeros((2, 16), np.int8)}, TypeError, "feats: expected uint8"),
        ({"feats": np.zeros((2, 12), np.uint8)}, ValueError, "feats: expected shape"),
        ({"weights": np.zeros((28, 16, 16), np.int8)}, ValueError, "weights"),
        ({"weights": np.zeros((27, 16, 24), np.int8)}, ValueError, "weights"),
        ({"weights": np.zeros((27, 18, 16), np.int8)}, ValueError, "weights"),
        ({"neighbours": np.zeros((2, 26), np.int32)}, ValueError, "neighbours"),
        ({"neighbours": np.zeros((2, 27), np.int64)}, TypeError, "neighbours"),
        ({"bias": np.zeros(15, np.int32)}, ValueError, "bias"),
        ({"multiplier": np.zeros(16, np.int64)}, TypeError, "multiplier"),
        ({"shift": 0}, ValueError, "shift"),
        ({"shift": 63}, ValueError, "shift"),
        ({"residual": np.zeros((3, 16), np.uint8)}, ValueError, "residual"),
    ],
)
def test_wrong_arguments_are_named(change, error, words):
    arguments = {
        "feats": np.zeros((2, 16), np.uint8),
        "weights": np.zeros((27, 16, 16), np.int8),
        "neighbours": np.zeros((2, 27), np.int32),
        "bias": np.zeros(16, np.int32),
        "multiplier": np.zeros(16, np.int32),
        "shift": 8,
    }
    op.forward(**arguments)
    with pytest.raises(error, match=words):
        op.forward(**(arguments | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parents": np.array([0, 2], np.int32)}, "parents"),
        ({"parents": np.array([-1, 0], np.int32)}, "parents"),
        ({"octants": np.array([0, 8], np.uint8)}, "octants below 8"),
        ({"octants": np.array([255, 0], np.uint8), "feats": None}, "octants below 8"),
        ({"weights": np.zeros((7, 16, 16), np.int8)}, "weights"),
        ({"bias": np.zeros((1, 16), np.int32)}, "bias"),
        ({"shift": 0}, "shift"),
    ],
)
def test_expand_refuses_what_would_read_outside(isa, change, words):
    arguments = {
        "feats": np.zeros((2, 16), np.uint8),
        "weights": np.zeros((8, 16, 16), np.int8),
        "parents": np.array([0, 1], np.int32),
        "octants": np.array([7, 0], np.uint8),
        "bias": np.zeros((8, 16), np.int32),
        "multiplier": np.zeros(16, np.int32),
        "shift": 8,
    }
    op.expand(**arguments)
    with pytest.raises(ValueError, match=words):
        op.expand(**(arguments | change))
