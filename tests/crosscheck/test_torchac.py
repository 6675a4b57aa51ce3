"""The coder's sizes equal torchac's, given the very same integer tables.

torchac compiles itself when it is first imported (torch, ninja and a compiler); it is GPL and stays outside pcc.
"""

import numpy as np
import pytest

from pcc.ops import rans
from pcc.ops.tables import TOTAL, tables

torch = pytest.importorskip("torch", reason="torch is not installed (extra 'train')")
try:
    import torchac
except (ImportError, RuntimeError, OSError) as error:
    pytest.skip(f"torchac is not installed or does not compile: {error}", allow_module_level=True)


def torchac_round_trip(cdf: np.ndarray, symbols: np.ndarray) -> int:
    """Bytes of torchac's stream with our tables scaled to its 16 bits, which must decode to the same symbols."""
    scaled = torch.from_numpy((cdf.astype(np.int64) * (65536 // TOTAL)).astype(np.uint16).view(np.int16))
    wanted = torch.from_numpy(symbols.astype(np.int16))
    stream = torchac.encode_int16_normalized_cdf(scaled, wanted)
    assert (torchac.decode_int16_normalized_cdf(scaled, stream) == wanted).all()
    return len(stream)


@pytest.mark.parametrize(("num_symbols", "spread"), [(2, 0), (2, 500), (2, 2000), (16, 400), (200, 400)])
def test_sizes_agree(num_symbols, spread, rng):
    """|ours / torchac's - 1| <= 0.1 %, a few bytes aside."""
    logits = rng.normal(0, spread, (400_000 // num_symbols, num_symbols)).astype(np.int16)
    cdf = tables(logits)
    slots = rng.integers(0, TOTAL, len(cdf))
    symbols = (cdf[:, 1:] <= slots[:, None]).sum(axis=1).astype(np.uint16)
    encoder = rans.RansEncoder()
    encoder.put_table(cdf, symbols)
    assert len(encoder.finish()) == pytest.approx(torchac_round_trip(cdf, symbols), rel=1e-3, abs=4)
