"""A mixture's decisions = frequencies_reference, bit for bit; decode(encode(n)) = n; the table = its formula."""

from __future__ import annotations

import math
import re
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

from pcc.errors import CorruptStream
from pcc.ops import mixture as op
from pcc.ops import rans
from pcc.ops.mixture import BLOCK, Bins, Mixture

HEADER = Path(__file__).resolve().parent.parent.parent / "cuda_ext" / "mixture" / "logistic_table.h"
BINS = Bins(19, 0, 32)  # a KITTI turn's


def random_mixture(rng, components, size, bins):
    """Middles in and around the bins, scales and weights of any int16."""
    low, high = bins.first - 2 * bins.step, bins.first + (bins.step << bins.bits)
    mu = rng.integers(low, high + 1, (components, size)).astype(np.int32)
    scale = rng.integers(-200, 3800, (components, size)).astype(np.int16)
    weight = rng.integers(-3584, 3585, (components, size)).astype(np.int16)
    return Mixture(mu, scale, weight)


def extreme_mixture(rng, components, size):
    """Nothing but the ends of the ranges."""
    shape = components, size
    mu = rng.choice([-(1 << 28), -1, 0, 1, 1 << 26, 1 << 28], shape).astype(np.int32)
    scale = rng.choice([-32768, -1, 0, 1, 255, 256, 3583, 3584, 3585, 32767], shape).astype(np.int16)
    return Mixture(mu, scale, rng.choice([-32768, -3584, 0, 3584, 32767], shape).astype(np.int16))


def near_the_middles(rng, mixture, bins):
    """(N,) int32 numbers as mixtures have them: near the middle of some component."""
    n = len(mixture)
    mu = mixture.mu[rng.integers(0, len(mixture.mu), n), np.arange(n)]
    away = rng.normal(0, 3, n) * np.exp2(rng.uniform(0, 8, n))
    return np.clip((mu - bins.first) // bins.step + away, 0, (1 << bins.bits) - 1).astype(np.int32)


def encoded(mixture, bins, index, lanes=3):
    encoder = rans.RansEncoder(lanes)
    op.encode(encoder, mixture, bins, index)
    return encoder.finish()


def encoded_by_reference(mixture, bins, index, lanes=3):
    """The definition: blocks of 2048 numbers, of each the highest bits first, as binary symbols."""
    encoder = rans.RansEncoder(lanes)
    p1 = op.frequencies_reference(mixture, bins, index)
    assert p1.shape == (bins.bits, len(index))
    for begin in range(0, len(index), BLOCK):
        part = slice(begin, begin + BLOCK)
        for bit in range(bins.bits - 1, -1, -1):
            encoder.put_binary(p1[bit, part].astype(np.uint16), (index[part] >> bit & 1).astype(np.uint8))
    return encoder.finish()


def decoded(data, mixture, bins, lanes=3):
    decoder = rans.RansDecoder(data, lanes)
    index = op.decode(decoder, mixture, bins)
    decoder.finish()
    return index


def round_trip(mixture, bins, index):
    data = encoded(mixture, bins, index)
    assert data == encoded_by_reference(mixture, bins, index)
    again = decoded(data, mixture, bins)
    assert again.dtype == np.int32
    np.testing.assert_array_equal(again, index)


@pytest.mark.parametrize("size", [0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1])
def test_equals_reference_at_the_edges_of_blocks(isa, threads, rng, size):
    mixture = random_mixture(rng, 3, size, BINS)
    round_trip(mixture, BINS, near_the_middles(rng, mixture, BINS))


@pytest.mark.parametrize("components", range(1, op.MAX_COMPONENTS + 1))
def test_equals_reference_for_any_components(isa, rng, components):
    mixture = random_mixture(rng, components, 37, BINS)
    round_trip(mixture, BINS, near_the_middles(rng, mixture, BINS))


@pytest.mark.parametrize(
    "bins", [Bins(1, 0, 2), Bins(1, -(1 << 26), 1 << 26), Bins(20, 0, 64), Bins(20, 5, 2), Bins(7, -77, 1026)], ids=str
)
def test_equals_reference_at_the_ends_of_the_ranges(isa, threads, rng, bins):
    """Also the first and the last bin, whatever the mixture says of them."""
    for mixture in (extreme_mixture(rng, 5, 300), random_mixture(rng, 5, 300, bins)):
        index = rng.integers(0, 1 << bins.bits, 300).astype(np.int32)
        index[:2] = 0, (1 << bins.bits) - 1
        round_trip(mixture, bins, index)


def test_literal_frequencies():
    """Rounded down from half where all is even; 16376 where half of the floor, 2^-11 of all, is what a bin has."""
    even = Mixture(*(np.zeros((1, 1), dtype) for dtype in (np.int32, np.int16, np.int16)))
    # in 2^15, upper = 14777323 - 2^23 + 2^13 = 6396907 of all = 12793814: (49975 << 14) div 99951
    assert op.frequencies_reference(even, Bins(1, -16, 32), np.zeros(1, np.int32)).tolist() == [[8191]]
    far = Mixture(np.full((1, 1), 1024, np.int32), even.scale, even.weight)
    # in 2^15, upper = 2^24 - 4 + 2^13 of all = 2^24 - 4 + 2^14: (65567 << 14) div 65599
    assert op.frequencies_reference(far, Bins(1, 0, 1024), np.zeros(1, np.int32)).tolist() == [[16376]]


def test_frequencies_are_the_mixtures(rng):
    """P(bin) = (mixture of logistics + 2^-10 / bins) / (1 + 2^-10), in bits within 1 %, where nothing is clamped."""
    bins, k, n = Bins(13, 0, 32), 4, 2000
    mu = rng.integers(60_000, 200_000, (k, n)).astype(np.int32)
    scale, weight = (rng.integers(*ends, (k, n)).astype(np.int16) for ends in ((256, 2048), (-800, 800)))
    mixture = Mixture(mu, scale, weight)
    index = near_the_middles(rng, mixture, bins)
    p1 = op.frequencies_reference(mixture, bins, index) / 16384
    ones = index >> np.arange(bins.bits)[:, None] & 1
    bits = -np.log2(np.where(ones, p1, 1 - p1)).sum(0)
    edges = (index + np.array([[0], [1]])) * bins.step - bins.step / 2
    s = 16 * np.exp2(scale / 256)
    share = np.exp2(weight / 256) / np.exp2(weight / 256).sum(0)
    low, high = (share / (1 + np.exp(np.clip(-(edge - mu) / s, -700, 700))) for edge in edges)
    want = -np.log2(((high - low).sum(0) + 2**-10 / (1 << bins.bits)) / (1 + 2**-10))
    likely = want < 12
    assert likely.mean() > 0.5
    np.testing.assert_allclose(bits[likely], want[likely], rtol=0.01, atol=0.01)
    assert (bits[~likely] > 11).all()


def test_size_is_the_information(rng):
    """|8 bytes / bits - 1| <= 0.1 %, one lane."""
    mixture = random_mixture(rng, 6, 20_000, BINS)
    index = near_the_middles(rng, mixture, BINS)
    p1 = op.frequencies_reference(mixture, BINS, index)
    ones = index >> np.arange(BINS.bits)[:, None] & 1
    bits = -np.log2(np.where(ones, p1, 16384 - p1) / 16384).sum()
    assert 8 * len(encoded(mixture, BINS, index, lanes=1)) == pytest.approx(bits, rel=1e-3)


def test_truncated_streams(rng):
    """Every cut is a CorruptStream: when the states are read, when a word is missing, or at the end."""
    mixture = random_mixture(rng, 2, 60, BINS)
    data = encoded(mixture, BINS, near_the_middles(rng, mixture, BINS), lanes=1)
    assert len(data) > 60
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            decoded(data[:size], mixture, BINS, lanes=1)


def test_take(rng):
    """take(rows) of the mixture codes take(rows) of the numbers."""
    mixture = random_mixture(rng, 3, 50, BINS)
    rows = rng.permutation(50)[:20]
    some = mixture.take(rows)
    assert len(some) == 20
    np.testing.assert_array_equal(some.mu, mixture.mu[:, rows])
    index = near_the_middles(rng, mixture, BINS)
    np.testing.assert_array_equal(
        op.frequencies_reference(some, BINS, index[rows]), op.frequencies_reference(mixture, BINS, index)[:, rows]
    )


def test_arrays_of_any_layout(rng):
    """Transposed arrays are made contiguous."""
    mixture = random_mixture(rng, 3, 50, BINS)
    strided = Mixture(*(np.asfortranarray(values) for values in (mixture.mu, mixture.scale, mixture.weight)))
    index = near_the_middles(rng, mixture, BINS)
    assert encoded(strided, BINS, index) == encoded(mixture, BINS, index)


@pytest.mark.parametrize(
    "bins",
    [Bins(0, 0, 32), Bins(21, 0, 2), Bins(8, 0, 0), Bins(8, 0, 33), Bins(8, 0, -32), Bins(8, -(1 << 26) - 1, 2),
     Bins(20, 1, 64), Bins(1, 0, (1 << 25) + 2)],
    ids=str,
)  # fmt: skip
def test_wrong_bins_are_named(bins):
    mixture, index = Mixture(*(np.zeros((1, 1), t) for t in (np.int32, np.int16, np.int16))), np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="bins: expected 1 to 20 bits"):
        op.encode(rans.RansEncoder(), mixture, bins, index)
    with pytest.raises(ValueError, match="bins: expected 1 to 20 bits"):
        op.decode(rans.RansDecoder(rans.RansEncoder().finish()), mixture, bins)


def test_wrong_arguments_are_named():
    bins, index = Bins(8, 0, 32), np.zeros(2, np.int32)
    mu, scale = np.zeros((3, 2), np.int32), np.zeros((3, 2), np.int16)
    for wrong in (-1, 256):
        with pytest.raises(ValueError, match="index: expected 0"):
            op.encode(rans.RansEncoder(), Mixture(mu, scale, scale), bins, np.full(2, wrong, np.int32))
    for wrong in (-(1 << 28) - 1, (1 << 28) + 1):
        with pytest.raises(ValueError, match="mu: beyond"):
            op.encode(rans.RansEncoder(), Mixture(np.full_like(mu, wrong), scale, scale), bins, index)
    with pytest.raises(ValueError, match="index"):
        op.encode(rans.RansEncoder(), Mixture(mu, scale, scale), bins, index[:1])
    with pytest.raises(TypeError, match="index"):
        op.encode(rans.RansEncoder(), Mixture(mu, scale, scale), bins, index.astype(np.int64))
    for shape in ((0, 2), (17, 2), (2,)):
        with pytest.raises(ValueError, match=r"mu: expected shape \(1\.\.16, N\)"):
            Mixture(np.zeros(shape, np.int32), scale, scale)
    for name, arrays in (("scale", (mu, scale[:, :1], scale)), ("weight", (mu, scale, scale[:2]))):
        with pytest.raises(ValueError, match=name):
            Mixture(*arrays)
    for name, arrays in (("mu", (mu.astype(np.int64), scale, scale)), ("weight", (mu, scale, mu))):
        with pytest.raises(TypeError, match=name):
            Mixture(*arrays)


def test_the_table_recomputed():
    """L[i] = round(2^24 / (1 + e^(16 - i/32))) with 60 digits, none within 1/2000 of a half."""
    with localcontext() as context:
        context.prec = 60
        exact = [2**24 / (1 + (16 - Decimal(i) / 32).exp()) for i in range(1025)]
        assert min(abs(value % 1 - Decimal("0.5")) for value in exact) > Decimal(1) / 2000
        rounded = [int(value.to_integral_value()) for value in exact]
    assert op.LOGISTIC.tolist() == rounded
    body = HEADER.read_text().split("{", 2)[2]
    assert [int(value) for value in re.findall(r"(\d+)u", body)] == rounded
    assert math.isclose(rounded[512], 2**23)
