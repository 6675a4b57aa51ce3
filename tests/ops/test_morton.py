"""decode(encode(coords)) = coords, and both equal the bit by bit reference on every instruction set."""

import numpy as np
import pytest

from pcc.ops import morton

TOP = (1 << 21) - 1


@pytest.mark.parametrize("size", [0, 1, 7, 200_001])
def test_equals_reference_and_inverts(isa, threads, rng, size):
    """encode = reference, decode(encode(c)) = c."""
    coords = rng.integers(0, TOP + 1, (size, 3), dtype=np.int32)
    codes = morton.encode(coords)
    assert codes.dtype == np.uint64
    np.testing.assert_array_equal(codes, morton.encode_reference(coords))
    np.testing.assert_array_equal(morton.decode(codes), coords)
    np.testing.assert_array_equal(morton.decode_reference(codes), coords)


def test_literal_codes(isa):
    """x is the highest bit of a triple: (1, 0, 0) -> 4, (0, 1, 0) -> 2, (0, 0, 1) -> 1."""
    coords = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 1, 3], [TOP, TOP, TOP], [TOP, 0, 0]], np.int32)
    expected = [0, 4, 2, 1, 0b101_011, 2**63 - 1, 0x4924924924924924]
    assert morton.encode(coords).tolist() == expected


@pytest.mark.parametrize("value", [-1, TOP + 1, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_refuses_what_does_not_fit(isa, threads, value, axis):
    coords = np.zeros((100_000, 3), np.int32)
    coords[70_001, axis] = value
    with pytest.raises(ValueError, match=str(value)):
        morton.encode(coords)


def test_refuses_other_types():
    with pytest.raises(TypeError, match="int64"):
        morton.encode(np.zeros((2, 3), np.int64))
    with pytest.raises(ValueError, match="shape"):
        morton.encode(np.zeros((2, 2), np.int32))


def test_takes_torch_and_read_only_arrays(isa):
    torch = pytest.importorskip("torch")
    coords = np.array([[3, 1, 2]], np.int32)
    coords.flags.writeable = False
    codes = morton.encode(torch.tensor([[3, 1, 2]], dtype=torch.int32))
    assert isinstance(codes, torch.Tensor)
    assert codes.tolist() == morton.encode(coords).tolist() == [0b101_110]
    assert morton.decode(codes).tolist() == [[3, 1, 2]]
