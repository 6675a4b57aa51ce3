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


def test_trees_literal():
    """Three logits, two bits: the root's for bit 0, then the left or right one for bit 1; f(256) = 10923."""
    logits, none = np.array([[0, 256, -256]] * 4, np.int16), np.zeros(0, np.uint8)
    values = np.arange(4, dtype=np.uint8)
    assert op.tree_frequencies(logits, values, none, 0).tolist() == [8192] * 4
    assert op.tree_frequencies(logits, values, none, 1).tolist() == [10923, 5461, 10923, 5461]
    certain = np.array([1, 1, 0, 255], np.uint8)
    assert op.tree_frequencies(logits, values, certain, 0).tolist() == [8192] * 4
    assert op.tree_frequencies(logits, values, certain, 1).tolist() == [16383, 5461, 10923, 5461]
    one = np.ascontiguousarray(logits[:, :1])
    assert op.tree_frequencies(one, values, certain, 0).tolist() == [16383, 16383, 8192, 16383]


@pytest.mark.parametrize("bits", range(1, 9))
def test_trees_equal_reference(bits, rng, isa, threads):
    """Any logits and values; bits of the value at and above the coded one do not matter."""
    logits = rng.integers(-(2**15), 2**15, (500, 2**bits - 1)).astype(np.int16)
    values = rng.integers(0, 2**bits, 500).astype(np.uint8)
    values[:100] = 0
    for certain in (np.zeros(0, np.uint8), rng.integers(0, 3, 500).astype(np.uint8)):
        for bit in range(bits):
            got = op.tree_frequencies(logits, values, certain, bit)
            np.testing.assert_array_equal(got, op.reference_tree_frequencies(logits, values, certain, bit))
            low = values & np.uint8((1 << bit) - 1)
            np.testing.assert_array_equal(got, op.tree_frequencies(logits, low, certain, bit))


def test_trees_of_one_bit_are_binary(rng):
    logits = rng.integers(-(2**15), 2**15, 100).astype(np.int16)
    none = np.zeros(0, np.uint8)
    got = op.tree_frequencies(logits[:, None], np.zeros(100, np.uint8), none, 0)
    np.testing.assert_array_equal(got, op.binary_frequencies(logits))
    assert op.tree_frequencies(np.zeros((0, 255), np.int16), none, none, 7).shape == (0,)


def test_wrong_trees_are_named():
    values, none = np.zeros(2, np.uint8), np.zeros(0, np.uint8)
    for columns, bit in [(0, 0), (2, 0), (3, 2), (3, -1), (256, 0), (511, 8), (511, 0)]:
        with pytest.raises(ValueError, match=r"2\^G - 1 columns"):
            op.tree_frequencies(np.zeros((2, columns), np.int16), values, none, bit)
    logits = np.zeros((2, 3), np.int16)
    with pytest.raises(ValueError, match="values"):
        op.tree_frequencies(logits, values[:1], none, 0)
    for bit in (0, 1):
        with pytest.raises(ValueError, match="certain"):
            op.tree_frequencies(logits, values, values[:1], bit)
    with pytest.raises(TypeError, match="certain"):
        op.tree_frequencies(logits, values, np.zeros(2, bool), 1)


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
