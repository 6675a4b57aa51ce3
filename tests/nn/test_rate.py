"""bits = sum of log2(1 + 2^(-s l)), s = +1 for a one and -1 for a zero."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.entropy import coders  # noqa: E402
from pcc.nn.rate import BitEstimator  # noqa: E402


def test_literal():
    """Odds 1 : 1 cost a bit each; odds 2^14 for what comes cost nearly nothing, against it 14 bits."""
    coder = BitEstimator()
    symbols = torch.tensor([True, False])
    assert coder.binary(torch.zeros(2), symbols) is symbols
    coder.binary(torch.tensor([14.0, 14.0]), symbols)
    assert [float(b) for b in coder.bits] == pytest.approx([2.0, 14.0], abs=1e-3)
    assert float(coder.total()) == pytest.approx(16.0, abs=1e-3)


def test_equals_the_integer_estimator(rng):
    """Float and integer estimates agree within 0.1 % on logits in 1/256 bit."""
    logits = rng.integers(-2000, 2000, 5000).astype(np.int16)
    symbols = (rng.random(5000) < 1 / (1 + 2.0 ** (-logits / 256))).astype(np.uint8)
    integer = coders.BitEstimator()
    integer.binary(logits, symbols)
    coder = BitEstimator()
    coder.binary(torch.from_numpy(logits / 256), torch.from_numpy(symbols).bool())
    assert float(coder.total()) == pytest.approx(integer.bits, rel=1e-3)
