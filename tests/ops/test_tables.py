"""Tables: equal to the reference, exact constants, valid frequencies, literal values."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from pcc import _ext
from pcc.ops import tables as op

ALL_LOGITS = np.arange(-(1 << 15), 1 << 15).astype(np.int16)


def test_constants_are_the_rounded_powers_of_two():
    """T[j] = round(2^(30 - j/256)), and no value is so near to a half that 60 digits could be wrong."""
    with localcontext() as context:
        context.prec = 60
        exact = [Decimal(2) ** (30 - Decimal(j) / 256) for j in range(256)]
        assert _ext.exp2_table() == [int(value.to_integral_value()) for value in exact]
        assert all(abs(value % 1 - Decimal("0.5")) > Decimal("1e-6") for value in exact)


@pytest.mark.parametrize(
    ("row", "frequencies"),
    [
        ([5], [16384]),
        ([0, 0], [8192, 8192]),
        ([7, 7, 7], [5462, 5461, 5461]),  # the rest goes to the first of the most probable
        ([0, 256], [5461, 10923]),  # odds 1 : 2
        ([0, 256, 256], [3277, 6554, 6553]),
        ([0, 3584], [1, 16383]),
        ([-32768, 32767, -32768], [1, 16382, 1]),
    ],
)
def test_literal_rows(row, frequencies):
    assert np.diff(op.tables(np.array([row], np.int16))[0]).tolist() == frequencies


@pytest.mark.parametrize("num_symbols", [1, 2, 3, 8, 255, 4096])
@pytest.mark.parametrize("spread", [0, 1, 300, 3000, 32767])
def test_equals_reference(num_symbols, spread, rng, isa, threads):
    logits = rng.integers(-spread, spread + 1, (7, num_symbols)).astype(np.int16)
    cdf = op.tables(logits)
    assert (cdf == op.reference_tables(logits)).all()
    assert (np.diff(cdf.astype(int)) >= 1).all()
    assert (cdf[:, 0] == 0).all()
    assert (cdf[:, -1] == op.TOTAL).all()


def test_many_rows_do_not_depend_on_threads(rng, threads):
    logits = rng.integers(-2000, 2000, (20000, 5)).astype(np.int16)
    assert (op.tables(logits)[::997] == op.reference_tables(logits[::997])).all()


def test_binary_is_the_two_symbol_table_for_every_logit():
    """binary_frequencies(l) = M - tables((0, l))[1] over all int16."""
    pairs = np.stack([np.zeros_like(ALL_LOGITS), ALL_LOGITS], axis=1)
    assert (op.binary_frequencies(ALL_LOGITS) == op.TOTAL - op.tables(pairs)[:, 1]).all()


def test_binary_is_monotonic_symmetric_and_near_the_real_probability():
    """f(-l) = M - f(l); |f / M - 2^l' / (1 + 2^l')| <= 1.5 / M, l' = l / 256."""
    f = op.binary_frequencies(ALL_LOGITS[1:]).astype(int)
    assert (f[::-1] == op.TOTAL - f).all()
    assert (np.diff(f) >= 0).all()
    assert f.min() == 1
    exact = 1 / (1 + 2.0 ** (-ALL_LOGITS[1:].astype(float) / 256))
    assert np.abs(f - op.TOTAL * exact).max() <= 1.5


def test_uniform_distribution_costs_nothing():
    """Equal logits give equal frequencies for K a power of two."""
    for num_symbols in (1, 2, 16, 4096):
        cdf = op.tables(np.full((1, num_symbols), -9, np.int16))
        assert (np.diff(cdf[0]) == op.TOTAL // num_symbols).all()


def test_empty_and_torch_keep_their_kind():
    assert op.binary_frequencies(np.empty(0, np.int16)).shape == (0,)
    assert op.tables(np.empty((0, 3), np.int16)).shape == (0, 4)
    torch = pytest.importorskip("torch", reason="extra 'train' is not installed")
    p1 = op.binary_frequencies(torch.tensor([0, 256], dtype=torch.int16))
    assert isinstance(p1, torch.Tensor)
    assert p1.tolist() == [8192, 10923]


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="logits: expected int16"):
        op.tables(np.zeros((1, 2), np.int32))
    for shape in [(1, 0), (1, 4097), (3,)]:
        with pytest.raises(ValueError, match="logits"):
            op.tables(np.zeros(shape, np.int16))
    with pytest.raises(ValueError, match="logits"):
        op.binary_frequencies(np.zeros((2, 2), np.int16))
