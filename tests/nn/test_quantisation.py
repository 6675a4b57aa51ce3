"""Fake quantisation: w = step round(w / step), step = max |w| / 127 a channel; off, it is the identity in range."""

import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.nn.quantisation import (  # noqa: E402
    ACTIVATION_STEP,
    LOGIT_STEP,
    Quantiser,
    context_shift,
    context_step,
    weight_step,
)


@pytest.fixture
def quantiser():
    quantiser = Quantiser()
    quantiser.enabled.fill_(True)
    return quantiser


def test_off_changes_nothing_within_range():
    """w, x and l unchanged; activations still clamped to 0..255/32 and logits to +-14 bits."""
    off = Quantiser()
    w = torch.randn(27, 16, 32)
    assert off.weight(w) is w
    x = torch.tensor([-1.0, 0.013, 7.96, 9.0])
    torch.testing.assert_close(off.activation(x), torch.tensor([0, 0.013, 7.96, 255 / 32]))
    assert off.logit(torch.tensor([-20.0, 0.001, 20.0])).tolist() == [-14, pytest.approx(0.001), 14]


@pytest.mark.parametrize("shape", [(27, 16, 32), (16, 48), (5, 1)])
def test_weights_are_integers_times_the_step_of_their_channel(quantiser, shape):
    """|w / step| <= 127, integers; |w' - w| <= step / 2; the largest weight of each channel is kept."""
    w = torch.randn(shape) * torch.rand(shape[-1]) * 3
    step = weight_step(w)
    rounded = quantiser.weight(w)
    units = rounded / step
    torch.testing.assert_close(units, units.round(), rtol=0, atol=1e-3)
    assert float(units.abs().max()) == pytest.approx(127)
    assert ((rounded - w).abs() <= step * 0.5001).all()


def test_activation_and_logit_units(quantiser):
    x = quantiser.activation(torch.tensor([-1.0, 0.4 * ACTIVATION_STEP, 0.6 * ACTIVATION_STEP, 99.0]))
    assert (x / ACTIVATION_STEP).tolist() == [0, 0, 1, 255]
    logits = quantiser.logit(torch.tensor([-99.0, -0.6 * LOGIT_STEP, 0.4 * LOGIT_STEP, 1.0, 99.0]))
    assert (logits / LOGIT_STEP).tolist() == [-3584, -1, 0, 256, 3584]


def test_biases_are_whole_units(quantiser):
    """b' = round(b / unit) unit, by channel, with gradient 1; off, b' = b."""
    b = torch.tensor([[0.24, 0.26], [-0.26, 7.0]], requires_grad=True)
    rounded = quantiser.bias(b, torch.tensor([0.5, 0.25]))
    torch.testing.assert_close(rounded, torch.tensor([[0.0, 0.25], [-0.5, 7.0]]))
    rounded.sum().backward()
    assert (b.grad == 1).all()
    assert Quantiser().bias(b, torch.ones(2)) is b


def test_gradients_pass_straight_through(quantiser):
    """d(sum w')/dw = 1 within range; the channel's step is no variable."""
    w = torch.randn(8, 16, requires_grad=True)
    quantiser.weight(w).sum().backward()
    assert (w.grad == 1).float().mean() > 0.9
    x = torch.tensor([-1.0, 1.0, 9.0], requires_grad=True)
    quantiser.activation(x).sum().backward()
    assert x.grad.tolist() == [0, 1, 0]
    l = torch.tensor([-15.0, 1.0, 15.0], requires_grad=True)
    quantiser.logit(l).sum().backward()
    assert l.grad.tolist() == [0, 1, 0]


def test_context_step_is_the_smallest_shift_that_holds_the_weights():
    """step_context = step_dense / 32 2^s; max |w| / 127 <= step_context, and s - 1 would not hold it (s > 0)."""
    context, dense = torch.randn(27, 8, 16) * torch.rand(16) * 2, torch.rand(16) * 0.01 + 1e-3
    shift, step = context_shift(context, dense), context_step(context, dense)
    torch.testing.assert_close(step, dense * ACTIVATION_STEP * 2.0**shift)
    assert (weight_step(context) <= step * 1.0001).all()
    assert ((weight_step(context) > step / 2 * 0.9999) | (shift == 0)).all()
    assert shift.min() >= 0
    assert shift.max() <= 15


def test_dead_channels(quantiser):
    """All-zero weights stay zero and have a positive step."""
    assert (quantiser.weight(torch.zeros(4, 16)) == 0).all()
    assert (weight_step(torch.zeros(4, 16)) > 0).all()
