"""Calibration: the code that decisions ask for, and what a code stands for."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.entropy.calibration import MIN_GAIN_BITS, UNCHANGED, best_code, scale_and_shift
from pcc.entropy.coders import RansDecoder, RansEncoder
from pcc.ops.rans import HISTOGRAM_BINS
from pcc.ops.tables import TOTAL, binary_frequencies, calibrated

NOWHERE = np.zeros(0, np.uint8)


def decisions(rng, count, scale=1.0, shift=0.0):
    """(logits (N, 1) int16, symbols) where symbol 1 has the log2 odds scale * logit + shift."""
    logits = rng.normal(0, 700, count).astype(np.int16)
    odds = 2.0 ** (scale * logits / 256 + shift)
    return logits[:, None], (rng.random(count) < odds / (1 + odds)).astype(np.uint8)


def counts(logits, symbols):
    encoder = RansEncoder()
    encoder.tree(logits, NOWHERE, symbols)
    return encoder._rans.histogram(0)


def test_codes():
    """8 + c div 16 sixteenths, and (c mod 16 - 8) / 8 bit."""
    assert scale_and_shift(UNCHANGED) == (16, 0)
    assert [scale_and_shift(code) for code in (0x00, 0xFF, 0x97)] == [(8, -256), (23, 224), (17, -32)]


@pytest.mark.parametrize(("scale", "shift"), [(0.5, 0), (1.25, -0.25), (1.0, 0.875), (0.75, -1)])
def test_the_code_that_the_decisions_ask_for(scale, shift, rng):
    code = best_code(counts(*decisions(rng, 200_000, scale, shift)))
    found = scale_and_shift(code)
    assert found[0] / 16 == pytest.approx(scale, abs=1 / 16)
    assert found[1] / 256 == pytest.approx(shift, abs=1 / 8)


def test_what_fits_stays(rng):
    assert best_code(counts(*decisions(rng, 100_000))) == UNCHANGED
    assert best_code(np.zeros((2, HISTOGRAM_BINS), np.uint32)) == UNCHANGED


def test_little_is_not_worth_it(rng):
    """Under `MIN_GAIN_BITS` nothing changes; with more decisions of the same kind it does."""
    logits, symbols = decisions(rng, 100, 0.5, -0.5)
    few = counts(logits, symbols)
    assert best_code(few) == UNCHANGED
    assert best_code(few * np.uint32(40)) != UNCHANGED


def test_no_code_is_better(rng):
    """The bits of the best code, counted one by one, are the fewest of all 256, up to the bins' width."""
    logits, symbols = decisions(rng, 20_000, 0.8, 0.3)

    def bits(code):
        ones = binary_frequencies(calibrated(logits[:, 0], *scale_and_shift(code))).astype(int)
        return np.log2(TOTAL / np.where(symbols, ones, TOTAL - ones)).sum()

    every = [bits(code) for code in range(256)]
    assert every[best_code(counts(logits, symbols))] <= min(every) * 1.0005
    assert every[UNCHANGED] > min(every) + MIN_GAIN_BITS


def test_coders_agree(rng):
    """A level with the code that was found, then one that goes as it is, then one with a code that is given."""
    levels = [decisions(rng, 30_000, 1.3, -0.5), decisions(rng, 300), decisions(rng, 2000, 0.6)]
    encoder = RansEncoder()
    encoder.tree(levels[0][0], NOWHERE, levels[0][1])
    code = encoder.calibrate_since(0)
    assert code != UNCHANGED
    encoder.tree(levels[1][0], NOWHERE, levels[1][1])
    encoder.calibrate(0x68)
    encoder.tree(levels[2][0], NOWHERE, levels[2][1])
    decoder = RansDecoder(encoder.finish())
    for (logits, symbols), own in zip(levels, (code, UNCHANGED, 0x68), strict=True):
        decoder.calibrate(own)
        np.testing.assert_array_equal(decoder.tree(logits, NOWHERE, None), symbols)
    decoder.finish()
