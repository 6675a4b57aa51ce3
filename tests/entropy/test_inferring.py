"""What is sure is inferred, the rest goes through the coder; encoder and decoder come out alike."""

import numpy as np
import pytest

from pcc.entropy.coders import BitEstimator, RansDecoder, RansEncoder
from pcc.entropy.inferring import InferringCoder
from pcc.ops.tables import LOGIT_LIMIT


def passes_of(rng, size, num=6, n=300):
    """Logits, certain and values of some passes."""
    for _ in range(num):
        logits = np.clip(rng.normal(0, 600, (n, (1 << size) - 1)), -LOGIT_LIMIT, LOGIT_LIMIT).astype(np.int16)
        certain = (rng.random(n) < 0.3).astype(np.uint8) if rng.random() < 0.5 else np.zeros(0, np.uint8)
        yield logits, certain, rng.integers(0, 1 << size, n).astype(np.uint8)


def expected(logits, certain, value, size, threshold, lean):
    """One value, decision by decision, and how many of them are coded."""
    found, coded = 0, 0
    for bit in range(size):
        logit = int(logits[(1 << bit) - 1 + found])
        if bit + 1 == size and len(certain) and certain[0] and found == 0:
            one = True
        elif abs(logit) < threshold:
            one, coded = value >> bit & 1, coded + 1
        else:
            one = logit > -lean
        found |= int(one) << bit
    return found, coded


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("threshold", [0, 1, 300, 4000])
@pytest.mark.parametrize("lean", [0, -200, 500])
def test_round_trip(rng, size, threshold, lean):
    passes, encoder, results = list(passes_of(rng, size)), RansEncoder(), []
    partial = InferringCoder(encoder, np.array([threshold]), lean)
    for logits, certain, values in passes:
        found = partial.tree(logits, certain, values)
        for i in range(0, len(found), 37):
            want, _ = expected(logits[i], certain[i : i + 1], int(values[i]), size, threshold, lean)
            assert found[i] == want
        results.append(found)
    partial = InferringCoder(RansDecoder(encoder.finish()), np.array([threshold]), lean)
    for (logits, certain, _), found in zip(passes, results, strict=True):
        np.testing.assert_array_equal(partial.tree(logits, certain, None), found)
    partial.coder.finish()


@pytest.mark.parametrize("size", [1, 2])
def test_the_ends(rng, size):
    """Nothing is coded at 0; above all logits everything is, and comes out as wanted unless it is certain."""
    for logits, _, values in passes_of(rng, size):
        estimator = BitEstimator()
        partial = InferringCoder(estimator, np.array([0, LOGIT_LIMIT + 1]), 0)
        likely = partial.tree(logits, np.zeros(0, np.uint8), values)
        assert estimator.bits == 0
        np.testing.assert_array_equal(likely & 1, logits[:, 0] > 0)
        partial.number = 1
        np.testing.assert_array_equal(partial.tree(logits, np.zeros(0, np.uint8), values), values)
        assert estimator.bits > 0
