"""rANS calls of trees: the bits of every value in turn, each with the frequencies that the lower ones choose."""

import numpy as np
import pytest

from pcc.errors import CorruptStream
from pcc.ops import rans
from pcc.ops.tables import LOGIT_LIMIT, calibrated, tree_frequencies
from tests.ops.test_rans import random_binary


def random_tree(rng, count, bits, spread=2000):
    """Logits, certain nodes and values that agree with them: a certain value is not 0."""
    logits = rng.normal(0, spread, (count, 2**bits - 1)).clip(-(2**15), 2**15 - 1).astype(np.int16)
    certain = rng.integers(0, 2, count).astype(np.uint8)
    values = rng.integers(0, 2**bits, count).astype(np.uint8)
    return logits, certain, np.where(certain & (values == 0), 2 ** (bits - 1), values).astype(np.uint8)


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("count", [0, 1, 65, 1501])
@pytest.mark.parametrize("lanes", [1, 3, 16, 32])
def test_a_tree_is_its_bits_in_turn(bits, count, lanes, rng, isa):
    """put_tree(values) = put_binary of bit 0 of all, then of bit 1 of all, ...; get_tree gives the values back."""
    logits, certain, values = random_tree(rng, count, bits)
    for sure in (certain, np.zeros(0, np.uint8)):
        tree, plain = rans.RansEncoder(lanes), rans.RansEncoder(lanes)
        tree.put_tree(logits, sure, values)
        for bit in range(bits):
            plain.put_binary(tree_frequencies(logits, values, sure, bit), values >> bit & 1)
        data = tree.finish()
        assert data == plain.finish()
        decoder = rans.RansDecoder(data, lanes)
        np.testing.assert_array_equal(decoder.get_tree(logits, sure), values)
        decoder.finish()


def test_trees_beside_other_calls(rng, isa):
    """Large and small trees in turn, with binary calls between: nothing of one call is left to the next."""
    calls = [random_tree(rng, count, bits) for count, bits in [(9, 8), (3000, 1), (0, 4), (700, 4), (1, 2)]]
    p1, symbols = random_binary(rng, 50)
    encoder = rans.RansEncoder(4)
    for call in calls:
        encoder.put_tree(*call)
        encoder.put_binary(p1, symbols)
    decoder = rans.RansDecoder(encoder.finish(), 4)
    for logits, certain, values in calls:
        np.testing.assert_array_equal(decoder.get_tree(logits, certain), values)
        np.testing.assert_array_equal(decoder.get_binary(p1), symbols)
    decoder.finish()


@pytest.mark.parametrize(("scale", "shift"), [(16, 0), (8, -256), (23, 224), (64, 3584), (1, -3584), (20, -33)])
def test_calibrated_trees(scale, shift, rng, isa):
    """settle(scale, shift) = put_binary with the frequencies of calibrated logits; a certain bit keeps the largest."""
    encoder, plain = rans.RansEncoder(3), rans.RansEncoder(3)
    trees = [random_tree(rng, count, bits) for count, bits in [(700, 2), (1501, 1), (20, 4)]]
    for i, (logits, certain, values) in enumerate(trees):
        encoder.put_tree(logits, certain, values)
        if i == 0:
            encoder.settle(0)  # what is settled stays as it is
        here = (scale, shift) if i else (16, 0)
        for bit in range(int(logits.shape[1]).bit_length()):
            p1 = tree_frequencies(calibrated(logits, *here), values, certain, bit)
            plain.put_binary(p1, values >> bit & 1)
    encoder.settle(1, scale, shift)
    data = encoder.finish()
    assert data == plain.finish()
    assert encoder.approximate_bits == plain.approximate_bits
    decoder = rans.RansDecoder(data, 3)
    for i, (logits, certain, values) in enumerate(trees):
        if i == 1:
            decoder.calibrate(scale, shift)
        np.testing.assert_array_equal(decoder.get_tree(logits, certain), values)
    decoder.finish()


def test_histograms(rng, isa):
    """counts[s, b] = open decisions for s with clamp(logit) nearest to 16 b - 3584, but for certain ones."""
    encoder, expected = rans.RansEncoder(), np.zeros((2, rans.HISTOGRAM_BINS), np.int64)
    for count, bits in [(500, 1), (3000, 2), (40, 4)]:
        logits, certain, values = random_tree(rng, count, bits)
        encoder.put_tree(logits, certain, values)
        if count == 500:
            encoder.settle(0)
            continue
        for bit in range(bits):
            prefix = values.astype(int) & (1 << bit) - 1
            chosen = logits[np.arange(count), (1 << bit) - 1 + prefix].clip(-LOGIT_LIMIT, LOGIT_LIMIT)
            counted = (bit + 1 < bits) | (certain == 0) | (prefix != 0)
            bins = (chosen.astype(int) + LOGIT_LIMIT + 8) // 16
            np.add.at(expected, ((values >> bit & 1)[counted], bins[counted]), 1)
    np.testing.assert_array_equal(encoder.histogram(0), expected)
    np.testing.assert_array_equal(encoder.histogram(1), expected)
    encoder.settle(0)
    assert not encoder.histogram(0).any()


@pytest.mark.parametrize(("scale", "shift"), [(0, 0), (65, 0), (-1, 0), (16, 3585), (16, -3585)])
def test_wrong_calibrations_are_refused(scale, shift):
    for refuse in (lambda: rans.RansEncoder().settle(0, scale, shift), lambda: nothing().calibrate(scale, shift)):
        with pytest.raises(ValueError, match="calibration"):
            refuse()


def nothing() -> rans.RansDecoder:
    """A decoder of no symbols."""
    return rans.RansDecoder(bytes.fromhex("00000100"), 1)


def test_damaged_trees_are_corrupt(rng, isa):
    """Every prefix of the stream raises CorruptStream, and the decoder stays broken."""
    logits, certain, values = random_tree(rng, 300, 4, 300)
    encoder = rans.RansEncoder(3)
    encoder.put_tree(logits, certain, values)
    data = encoder.finish()
    for length in range(12, len(data), 2):
        decoder = rans.RansDecoder(data[:length], 3)
        for _ in range(2):
            with pytest.raises(CorruptStream, match="too early"):
                decoder.get_tree(logits, certain)


def test_wrong_trees_are_refused():
    """Nothing is put: the stream stays that of no symbols."""
    encoder, decoder = rans.RansEncoder(1), nothing()
    logits, values, none = np.zeros((2, 3), np.int16), np.zeros(2, np.uint8), np.zeros(0, np.uint8)
    with pytest.raises(ValueError, match="values: expected less than"):
        encoder.put_tree(logits, none, np.array([0, 4], np.uint8))
    with pytest.raises(ValueError, match="values"):
        encoder.put_tree(logits, none, values[:1])
    with pytest.raises(TypeError, match="values"):
        encoder.put_tree(logits, none, values.astype(np.int32))
    for coder in (lambda *a: encoder.put_tree(*a, values), decoder.get_tree):
        for columns in (0, 2, 4, 256, 511):
            with pytest.raises(ValueError, match=r"logits: expected 2\^G - 1"):
                coder(np.zeros((2, columns), np.int16), none)
        with pytest.raises(ValueError, match="certain"):
            coder(logits, values[:1])
        with pytest.raises(TypeError, match="logits"):
            coder(logits.astype(np.int32), none)
    assert encoder.finish() == rans.RansEncoder(1).finish()
    decoder.finish()
