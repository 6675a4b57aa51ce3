"""The schedule: rate(s) = peak min(1, (s + 1) / warmup) (f + (1 - f) (1 + cos(pi s / steps)) / 2)."""

import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.training.config import TrainConfig


def test_schedule_literal():
    config = TrainConfig(steps=100, learning_rate=1.0, final_fraction=0.1, warmup_steps=4)
    assert [config.rate_at(s) for s in range(3)] == pytest.approx([0.25, 0.5, 0.75], abs=2e-3)
    assert config.rate_at(50) == pytest.approx(0.55)
    assert config.rate_at(99) == pytest.approx(0.1, abs=1e-3)
    rates = [config.rate_at(s) for s in range(4, 100)]
    assert rates == sorted(rates, reverse=True)


def test_no_warm_up():
    assert TrainConfig(steps=10, learning_rate=2.0, warmup_steps=0).rate_at(0) == pytest.approx(2.0)


@pytest.mark.parametrize(("share", "first"), [(0.0, 0), (0.6, 6), (1.0, 10)])
def test_quantises_from(share, first):
    config = TrainConfig(steps=10, quantise_from=share)
    assert [config.quantises(s) for s in range(11)] == [s >= first for s in range(11)]


def test_betas_of_a_configuration_become_a_tuple():
    assert TrainConfig(steps=1, betas=[0.8, 0.9]).betas == (0.8, 0.9)


@pytest.mark.parametrize("change", [{"steps": 0}, {"quantise_from": 1.1}, {"quantise_from": -0.1}])
def test_wrong_values(change):
    with pytest.raises(ValueError, match="steps, quantise_from"):
        TrainConfig(**({"steps": 5} | change))
