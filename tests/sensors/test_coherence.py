"""azimuth_candidates(lattice)[0] = its steps, range_step(lattice) = its step; noise alone has none."""

import numpy as np
import pytest

from pcc.errors import InvalidSensor
from pcc.sensors.coherence import azimuth_candidates, range_step, tilt
from pcc.sensors.points import FLOAT_NOISE, ROUNDING


def on_lattice(rng, steps, noise, size=20_000, aside=26.0):
    """Laser, radius and azimuth of points at random steps."""
    laser = rng.integers(0, 4, size)
    radius = rng.uniform(4e3, 50e3, size)
    azimuth = 2 * np.pi * rng.integers(0, steps, size) / steps + np.arcsin(aside / radius) + laser
    return laser, radius, azimuth + rng.normal(0, noise, size) / radius


@pytest.mark.parametrize(
    ("steps", "noise"), [(900, ROUNDING), (1024, ROUNDING), (4000, ROUNDING), (36000, ROUNDING), (36000, FLOAT_NOISE)]
)
def test_steps_of_a_turn(rng, steps, noise):
    candidates = azimuth_candidates(*on_lattice(rng, steps, noise), noise)
    assert candidates[0] == steps
    assert (candidates % steps == 0).all()


def test_random_azimuths_have_no_steps(rng):
    laser, radius, _ = on_lattice(rng, 4000, 0.3)
    with pytest.raises(InvalidSensor, match="the azimuths have no common step"):
        azimuth_candidates(laser, radius, rng.uniform(-np.pi, np.pi, len(radius)), ROUNDING)
    with pytest.raises(InvalidSensor, match="too few"):
        azimuth_candidates(np.arange(5), np.full(5, 1e4), np.zeros(5), ROUNDING)


@pytest.mark.parametrize("quarters", [8, 16, 20, 10])
def test_range_steps(rng, quarters):
    laser = rng.integers(0, 4, 20_000)
    distance = quarters / 4 * rng.integers(1000, 20_000, len(laser)) + laser + rng.normal(0, ROUNDING, len(laser))
    assert range_step(laser, distance, ROUNDING) == quarters


def test_ranges_without_a_step_count_as_millimetres_where_rounding_hides_it(rng):
    laser, distance = rng.integers(0, 4, 20_000), rng.uniform(4e3, 50e3, 20_000)
    assert range_step(laser, distance, ROUNDING) == 4
    with pytest.raises(InvalidSensor, match="the ranges have no common step"):
        range_step(laser, distance, FLOAT_NOISE)


@pytest.mark.parametrize("k", [-80.0, 0.0, 3.3, 99.0])
def test_tilt(rng, k):
    """phase - k x = angle + whole turns."""
    x = rng.uniform(1, 2, 2000)
    phase = 0.7 + k * x + rng.normal(0, 0.5, len(x)) + 2 * np.pi * rng.integers(0, 9, len(x))
    found, angle = tilt(phase, x, np.ones(len(x)), 100.0)
    assert found == pytest.approx(k, abs=0.5)
    wrong = np.angle(np.exp(1j * (angle + (found - k) * x - 0.7)))
    assert np.abs(wrong).max() < 0.4
