"""Coders: the same walk through all three; estimated bits equal written bits; the lanes follow the size."""

import numpy as np
import pytest

from pcc.entropy.coders import BitEstimator, Coder, RansDecoder, RansEncoder, lanes_for
from pcc.errors import CorruptStream
from pcc.ops.mixture import Bins, Mixture
from pcc.ops.tables import binary_frequencies, tree_frequencies
from tests.trees import random_level, random_occupancy


def walk(coder: Coder, num_symbols: int, symbols: list[np.ndarray] | None) -> list[np.ndarray]:
    """Logits that depend on the symbols coded before, so that a wrong symbol would derail everything after it."""
    rng = np.random.default_rng(3)
    coded: list[np.ndarray] = []
    for step in range(4):
        offset = int(coded[-1].sum()) % 97 if coded else 0
        logits = (rng.normal(0, 700, num_symbols) + offset).astype(np.int16)
        coded.append(coder.binary(logits, None if symbols is None else symbols[3 * step]))
        table = (rng.normal(0, 300, (num_symbols // 8, 6)) + offset * np.arange(6)).astype(np.int16)
        coded.append(coder.categorical(table, None if symbols is None else symbols[3 * step + 1]))
        tree = (rng.normal(0, 700, (num_symbols, 2 ** (1 << step) - 1)) + offset).astype(np.int16)
        certain = np.zeros(0, np.uint8) if step == 0 else np.arange(num_symbols).astype(np.uint8) % 3
        coded.append(coder.tree(tree, certain, None if symbols is None else symbols[3 * step + 2]))
    return coded


def random_symbols(num_symbols):
    rng = np.random.default_rng(4)
    binary = [rng.integers(0, 2, num_symbols).astype(np.uint8) for _ in range(4)]
    tables = [rng.integers(0, 6, num_symbols // 8).astype(np.uint16) for _ in range(4)]
    values = [rng.integers(1, 2 ** (1 << step), num_symbols).astype(np.uint8) for step in range(4)]
    return [s for three in zip(binary, tables, values, strict=True) for s in three]


@pytest.mark.parametrize("num_symbols", [0, 1, 8, 5000])
def test_one_walk_three_coders(num_symbols, isa):
    """decode(encode(s)) = s, and every coder returns the symbols that it was given."""
    symbols = random_symbols(num_symbols)
    encoder = RansEncoder()
    assert all(a is b for a, b in zip(walk(encoder, num_symbols, symbols), symbols, strict=True))
    assert all(a is b for a, b in zip(walk(BitEstimator(), num_symbols, symbols), symbols, strict=True))
    decoder = RansDecoder(encoder.finish())
    for got, want in zip(walk(decoder, num_symbols, None), symbols, strict=True):
        assert got.dtype == want.dtype
        assert (got == want).all()
    decoder.finish()


@pytest.mark.parametrize(("lanes", "tolerance"), [(1, 5e-4), (None, 1.2e-3)])
@pytest.mark.parametrize("spread", [0, 300, 1500])
def test_estimated_bits_are_the_written_bits(spread, lanes, tolerance, rng):
    """|8 bytes / bits - 1| <= 0.05 % for a million symbols that follow their probabilities, and 0.1 % for the lanes."""
    count = 1_000_000
    logits = rng.normal(0, spread, count).astype(np.int16)
    symbols = (rng.integers(0, 16384, count) < binary_frequencies(logits)).astype(np.uint8)
    estimator, encoder = BitEstimator(), RansEncoder(lanes)
    for coder in (estimator, encoder):
        for part in range(0, count, 250_000):
            coder.binary(logits[part : part + 250_000], symbols[part : part + 250_000])
    assert 8 * len(encoder.finish()) == pytest.approx(estimator.bits, rel=tolerance)


def test_estimated_bits_of_tables_are_the_written_bits(rng):
    logits = rng.normal(0, 300, (100_000, 16)).astype(np.int16)
    symbols = rng.integers(0, 16, len(logits)).astype(np.uint16)
    estimator, encoder = BitEstimator(), RansEncoder(lanes=1)
    estimator.categorical(logits, symbols)
    encoder.categorical(logits, symbols)
    assert 8 * len(encoder.finish()) == pytest.approx(estimator.bits, rel=5e-4)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_estimated_bits_of_trees_are_the_written_bits(rng, bits):
    """And a tree costs what its bits cost, one after the other."""
    logits = rng.normal(0, 300, (50_000, 2**bits - 1)).astype(np.int16)
    certain, values = rng.integers(0, 2, len(logits)).astype(np.uint8), np.zeros(len(logits), np.uint8)
    for bit in range(bits):
        ones = rng.integers(0, 16384, len(logits)) < tree_frequencies(logits, values, certain, bit)
        values |= (ones << bit).astype(np.uint8)
    estimator, encoder, one_by_one = BitEstimator(), RansEncoder(lanes=1), BitEstimator()
    assert estimator.tree(logits, certain, values) is values
    assert encoder.tree(logits, certain, values) is values
    assert 8 * len(encoder.finish()) == pytest.approx(estimator.bits, rel=5e-4, abs=64)
    for bit in range(bits):
        low = values & np.uint8((1 << bit) - 1)
        chosen = logits[np.arange(len(logits)), (1 << bit) - 1 + low]
        sure = (bit == bits - 1) & (certain == 1) & (low == 0)
        one_by_one.binary(np.where(sure, 3584, chosen).astype(np.int16), values >> bit & 1)
    assert estimator.bits == pytest.approx(one_by_one.bits, rel=1e-9)


def random_mixture(rng, count):
    """A mixture of three, and numbers as it has them."""
    bins = Bins(12, 0, 32)
    mu = rng.integers(0, 32 << 12, (3, count)).astype(np.int32)
    scale = rng.integers(0, 2000, (3, count)).astype(np.int16)
    numbers = np.clip(mu[0] // 32 + rng.normal(0, 2, count) * np.exp2(scale[0] / 256) / 2, 0, 4095).astype(np.int32)
    return Mixture(mu, scale, rng.integers(-500, 500, (3, count)).astype(np.int16)), bins, numbers


@pytest.mark.parametrize("count", [0, 1, 2047, 2049, 40_000])
def test_mixtures_in_three_coders(rng, isa, count):
    """decode(encode(n)) = n between other calls; estimated bits are the written bits."""
    mixture, bins, numbers = random_mixture(rng, count)
    logits, bits = np.zeros(9, np.int16), rng.integers(0, 2, 9).astype(np.uint8)
    estimator, encoder = BitEstimator(), RansEncoder(lanes=1)
    for coder in (estimator, encoder):
        coder.binary(logits, bits)
        assert coder.mixture(mixture, bins, numbers) is numbers
        coder.binary(logits, bits)
    data = encoder.finish()
    assert 8 * len(data) == pytest.approx(estimator.bits, rel=1e-3, abs=64)
    decoder = RansDecoder(data)
    np.testing.assert_array_equal(decoder.binary(logits), bits)
    np.testing.assert_array_equal(decoder.mixture(mixture, bins), numbers)
    np.testing.assert_array_equal(decoder.binary(logits), bits)
    decoder.finish()


def test_a_truncated_mixture(rng):
    mixture, bins, numbers = random_mixture(rng, 500)
    encoder = RansEncoder()
    encoder.mixture(mixture, bins, numbers)
    decoder = RansDecoder(encoder.finish()[:201])
    with pytest.raises(CorruptStream):
        decoder.mixture(mixture, bins)


def test_literal_bits():
    estimator = BitEstimator()
    estimator.binary(np.zeros(10, np.int16), np.ones(10, np.uint8))
    assert estimator.bits == 10
    estimator.categorical(np.zeros((5, 8), np.int16), np.arange(5, dtype=np.uint16))
    assert estimator.bits == 25
    estimator.tree(np.zeros((5, 15), np.int16), np.zeros(0, np.uint8), np.arange(5, dtype=np.uint8))
    assert estimator.bits == 45
    estimator.tree(np.zeros((5, 3), np.int16), np.ones(5, np.uint8), np.full(5, 2, np.uint8))
    assert estimator.bits == pytest.approx(50, abs=1e-3)


@pytest.mark.parametrize(
    ("size_bytes", "lanes"), [(0, 1), (5999, 1), (6000, 2), (47_999, 8), (48_000, 16), (96_000, 32), (10**8, 32)]
)
def test_lanes_waste_at_most_a_thousandth(size_bytes, lanes):
    assert lanes_for(size_bytes) == lanes
    assert lanes == 1 or lanes * 3 <= 1e-3 * size_bytes


def test_the_lanes_waste_what_is_said(rng):
    """Each lane adds about three bytes to the stream."""
    logits = rng.normal(0, 500, 200_000).astype(np.int16)
    symbols = (rng.integers(0, 16384, len(logits)) < binary_frequencies(logits)).astype(np.uint8)
    sizes = {}
    for lanes in (1, 64):
        encoder = RansEncoder(lanes)
        encoder.binary(logits, symbols)
        sizes[lanes] = len(encoder.finish())
    assert 2.7 * 63 <= sizes[64] - sizes[1] <= 3.3 * 63


def test_a_stream_says_its_lanes(rng):
    encoder = RansEncoder()
    encoder.binary(np.zeros(400_000, np.int16), rng.integers(0, 2, 400_000).astype(np.uint8))
    assert encoder.finish()[0] == 16  # 50 kB
    assert RansEncoder().finish() == bytes.fromhex("01 00000100")


@pytest.mark.parametrize("data", [b"", b"\0", b"\x01", bytes([65]) + bytes(400), bytes.fromhex("0100000000")])
def test_damaged_streams_are_refused(data):
    with pytest.raises(CorruptStream):
        RansDecoder(data)


def test_only_a_decoder_goes_without_symbols():
    for coder in (BitEstimator(), RansEncoder()):
        with pytest.raises(ValueError, match="symbols: expected"):
            coder.binary(np.zeros(1, np.int16), None)
        with pytest.raises(ValueError, match="symbols: expected"):
            coder.categorical(np.zeros((1, 2), np.int16), None)
        with pytest.raises(ValueError, match="symbols: expected"):
            coder.tree(np.zeros((1, 3), np.int16), np.zeros(0, np.uint8), None)
        mixture, bins, _ = random_mixture(np.random.default_rng(0), 1)
        with pytest.raises(ValueError, match="symbols: expected"):
            coder.mixture(mixture, bins, None)


def small_level(rng) -> tuple[np.ndarray, np.ndarray]:
    """(neighbours, occupancy) of the last level of a random tree."""
    level = random_level(rng, 4)
    return level.neighbours, random_occupancy(rng, len(level), 1.5)


def test_adaptive_levels_between_other_calls(rng, isa):
    """decode(encode(s)) = s, whatever lies between two levels; the estimator counts the same bits."""
    neighbours, occupancy = small_level(rng)
    logits, symbols = rng.normal(0, 300, 40).astype(np.int16), rng.integers(0, 2, 40).astype(np.uint8)
    encoder, estimator = RansEncoder(), BitEstimator()
    for coder in (encoder, estimator):
        for _ in range(2):
            assert coder.adaptive(neighbours, occupancy) is occupancy
            coder.binary(logits, symbols)
    data = encoder.finish()
    assert 8 * len(data) == pytest.approx(estimator.bits, rel=0.01, abs=40)
    decoder = RansDecoder(data)
    for _ in range(2):
        np.testing.assert_array_equal(decoder.adaptive(neighbours), occupancy)
        np.testing.assert_array_equal(decoder.binary(logits), symbols)
    decoder.finish()
    for coder in (encoder, estimator):
        with pytest.raises(ValueError, match="None"):
            coder.adaptive(neighbours, None)


@pytest.mark.parametrize("dear", [True, False])
def test_replace_keeps_the_smaller(rng, dear):
    """The stream is that of the adaptive level, or what it was; the gain is what the other would have cost more."""
    neighbours, occupancy = small_level(rng)
    num_symbols = 30 * len(occupancy) if dear else len(occupancy)
    logits, symbols = np.zeros(num_symbols, np.int16), rng.integers(0, 2, num_symbols).astype(np.uint8)
    encoder, expected = RansEncoder(), RansEncoder()
    for coder in (encoder, expected):
        coder.binary(logits[:9], symbols[:9])
    first_call = encoder.num_calls
    for part in (slice(0, 5), slice(5, None)):
        encoder.binary(logits[part], symbols[part])
    gain = encoder.replace(first_call, neighbours, occupancy, 1.0)
    if dear:
        assert gain is None
        expected.adaptive(neighbours, occupancy)
        assert encoder.num_calls == first_call + 1
    else:
        assert gain > 0
        for part in (slice(0, 5), slice(5, None)):
            expected.binary(logits[part], symbols[part])
    for coder in (encoder, expected):  # and the contexts have learnt the level, or nothing
        coder.adaptive(neighbours, occupancy)
    assert encoder.finish() == expected.finish()
