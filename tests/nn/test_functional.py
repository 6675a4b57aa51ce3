"""Gradients of the sparse functions equal those of plain dense formulas in float64."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.nn.functional import Activation, OccupancyContext, SparseConvolution  # noqa: E402
from pcc.ops.occupancy_context import ALL_SEEN, visible_bits_reference  # noqa: E402
from tests.trees import SOME_ORDERS, name_of, random_level, random_occupancy  # noqa: E402

STEP = 1 / 32


def close(got, want):
    """|got - want| <= 1e-4 times the largest magnitude."""
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=0, atol=1e-4 * max(float(want.abs().max()), 1e-30))


def dense_convolution(feats, weights, neighbours):
    """sum_d feats'[neighbours[n, d]] @ weights[d], where feats' has a row of zeros for -1."""
    padded = torch.cat([feats, torch.zeros(1, feats.shape[1], dtype=feats.dtype)])
    return torch.einsum("ndi,dio->no", padded[neighbours.long()], weights)


def gradients(function, inputs, probe):
    """Gradients of <probe, function(inputs)>."""
    inputs = [x.detach().clone().requires_grad_() for x in inputs]
    out = function(*inputs)
    out.backward(probe.to(out.dtype))
    return [out.detach(), *(x.grad for x in inputs)]


@pytest.mark.parametrize("depth", [0, 2, 3])
@pytest.mark.parametrize(("ci", "co"), [(16, 16), (32, 16), (16, 48)])
def test_sparse_convolution(isa, rng, depth, ci, co):
    level = random_level(rng, depth, num_roots=2)
    table, n = torch.from_numpy(level.neighbours), len(level)
    generator = torch.Generator().manual_seed(1)
    inputs = [torch.randn(s, generator=generator) for s in ((n, ci), (27, ci, co))]
    probe = torch.randn((n, co), generator=generator)
    got = gradients(lambda x, w: SparseConvolution.apply(x, w, table), inputs, probe)
    want = gradients(lambda x, w: dense_convolution(x, w, table), [x.double() for x in inputs], probe)
    for a, b in zip(got, want, strict=True):
        assert a.dtype == torch.float32
        close(a, b)


def test_gradient_of_a_view_that_is_not_contiguous(rng):
    """The loss may hand back a transposed or an expanded gradient: out.sum() expands one number."""
    level = random_level(rng, 2)
    table, n = torch.from_numpy(level.neighbours), len(level)
    inputs = [torch.ones(n, 16), torch.ones(27, 16, 16)]
    for reduce in (lambda y: y.sum(), lambda y: (y.t() ** 2).sum()):
        x = [t.clone().requires_grad_() for t in inputs]
        reduce(SparseConvolution.apply(*x, table)).backward()
        y = [t.double().requires_grad_() for t in inputs]
        reduce(dense_convolution(*y, table)).backward()
        for a, b in zip(x, y, strict=True):
            close(a.grad, b.grad)


@pytest.mark.parametrize("order", [None, *SOME_ORDERS], ids=lambda order: name_of(order) if order else "everything")
def test_occupancy_context(isa, rng, order):
    level = random_level(rng, 2)
    occupancy, columns = random_occupancy(rng, len(level)), 16
    tables = [torch.from_numpy(a) for a in (level.neighbours, occupancy, level.octants)]
    seen = (order.first_group, order.groups) if order else (ALL_SEEN, 1)
    at = level.neighbours, occupancy, level.octants, seen[0]
    bits = torch.from_numpy(np.stack([visible_bits_reference(*at, g) for g in range(seen[1])])).double()

    def dense(weights):
        parts = torch.einsum("gndo,dogc->ngc", bits, weights.view(27, 8, seen[1], -1))
        return parts.reshape(len(level), columns)

    generator = torch.Generator().manual_seed(1)
    weights = torch.randn((27, 8, columns), generator=generator)
    probe = torch.randn((len(level), columns), generator=generator)
    got = gradients(lambda w: OccupancyContext.apply(w, *tables, *(seen if order else ())), [weights], probe)
    for a, b in zip(got, gradients(dense, [weights.double()], probe), strict=True):
        close(a, b)


def test_activation(isa):
    """Not quantised, it is a clamp with the clamp's gradient; quantised, the gradient is the same."""
    x = torch.linspace(-3, 12, 999)
    probe = torch.arange(999.0)
    y, grad = gradients(lambda x: Activation.apply(x, STEP, False), [x], probe)
    want, want_grad = gradients(lambda x: x.clamp(0, 255 * STEP), [x.double()], probe)
    close(y, want)
    close(grad, want_grad)
    y, grad = gradients(lambda x: Activation.apply(x, STEP, True), [x], probe)
    torch.testing.assert_close(y, torch.round(x / STEP).clamp(0, 255) * STEP, rtol=0, atol=0)
    close(grad, want_grad)


def test_finite_differences(rng):
    """(f(x + h e) - f(x - h e)) / 2h = <grad f, e> along random directions e, through all three functions."""
    level = random_level(rng, 2)
    table, octants = torch.from_numpy(level.neighbours), torch.from_numpy(level.octants)
    occupancy = torch.from_numpy(random_occupancy(rng, len(level)))
    generator = torch.Generator().manual_seed(3)
    feats = torch.rand((len(level), 16), generator=generator)
    weights = torch.randn((27, 16, 16), generator=generator) * 0.05
    context = torch.randn((27, 8, 16), generator=generator) * 0.1
    seen = SOME_ORDERS[0].first_group, SOME_ORDERS[0].groups

    def loss(feats, weights, context):
        x = SparseConvolution.apply(feats, weights, table)
        x = x + OccupancyContext.apply(context, table, occupancy, octants, *seen)
        return (Activation.apply(x, STEP, False).double() ** 2).sum()

    inputs = [x.requires_grad_() for x in (feats, weights, context)]
    loss(*inputs).backward()
    with torch.no_grad():
        for i, x in enumerate(inputs):
            direction = torch.randn(x.shape, generator=generator)
            direction /= direction.norm()
            ends = [loss(*(y + s * 3e-2 * direction if j == i else y for j, y in enumerate(inputs))) for s in (1, -1)]
            slope = float(ends[0] - ends[1]) / 6e-2
            assert float((x.grad * direction).sum()) == pytest.approx(slope, rel=0.03, abs=0.05)
