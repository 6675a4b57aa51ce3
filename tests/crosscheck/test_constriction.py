"""The coder's sizes equal constriction's: an independent coder needs the same bytes for the same probabilities."""

import numpy as np
import pytest

from pcc.ops import rans
from pcc.ops.tables import TOTAL, binary_frequencies, tables

constriction = pytest.importorskip("constriction", reason="constriction is not installed (extra 'crosscheck')")


def constriction_round_trip(symbols: np.ndarray, model, *parameters: np.ndarray) -> int:
    """Bytes of constriction's ANS stream, which must decode to the same symbols."""
    coder = constriction.stream.stack.AnsCoder()
    coder.encode_reverse(symbols, model, *parameters)
    compressed = coder.get_compressed()
    decoded = constriction.stream.stack.AnsCoder(compressed).decode(model, *parameters)
    assert (decoded == symbols).all()
    return 4 * len(compressed)


@pytest.mark.parametrize("spread", [0, 500, 2000])
def test_binary_sizes_agree(spread, rng):
    """|ours / constriction's - 1| <= 0.05 % for 400 000 binary symbols with a probability each."""
    logits = rng.normal(0, spread, 400_000).astype(np.int16)
    p1 = binary_frequencies(logits)
    symbols = (rng.integers(0, TOTAL, len(p1)) < p1).astype(np.uint8)
    encoder = rans.RansEncoder()
    encoder.put_binary(p1, symbols)
    model = constriction.stream.model.Bernoulli(perfect=False)
    oracle = constriction_round_trip(symbols.astype(np.int32), model, (p1 / TOTAL).astype(np.float32))
    assert len(encoder.finish()) == pytest.approx(oracle, rel=5e-4)


@pytest.mark.parametrize("num_symbols", [3, 16, 200])
def test_table_sizes_agree(num_symbols, rng):
    """The same for alphabets of K with a table each."""
    cdf = tables(rng.normal(0, 400, (20_000, num_symbols)).astype(np.int16))
    slots = rng.integers(0, TOTAL, len(cdf))
    symbols = (cdf[:, 1:] <= slots[:, None]).sum(axis=1)
    encoder = rans.RansEncoder()
    encoder.put_table(cdf, symbols.astype(np.uint16))
    probabilities = (np.diff(cdf.astype(np.int32), axis=1) / TOTAL).astype(np.float32)
    model = constriction.stream.model.Categorical(perfect=False)
    oracle = constriction_round_trip(symbols.astype(np.int32), model, probabilities)
    assert len(encoder.finish()) == pytest.approx(oracle, rel=1e-3)
