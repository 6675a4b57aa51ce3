"""The costs of a walk add up, differentiably."""

import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.nn.rate import BitSum  # noqa: E402


def test_sum():
    """total = sum of what was added, one entry a call, each with gradient 1."""
    costs, coder = [torch.tensor(x, requires_grad=True) for x in (2.0, 0.5)], BitSum()
    for cost in costs:
        coder.add(cost)
    assert [float(b.detach()) for b in coder.bits] == [2.0, 0.5]
    coder.total().backward()
    assert float(coder.total().detach()) == 2.5
    assert [float(cost.grad) for cost in costs] == [1.0, 1.0]
