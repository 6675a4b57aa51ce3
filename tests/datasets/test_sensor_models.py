"""Made-up sensors have the numbers of their kind, and errors of their own."""

import numpy as np
import pytest

from pcc.datasets.sensor_models import KINDS, make_sensor
from pcc.sensors.table import OFFSET_BITS


@pytest.mark.parametrize(
    ("kind", "lasers", "steps", "range_step"),
    [("hdl64e-like", 64, 4000, 8), ("vlp16", 16, 36000, 8), ("os1-128", 128, 1024, 16), ("hesai-like", 40, 36000, 16)],
)
def test_numbers(kind, lasers, steps, range_step):
    table = make_sensor(kind).table
    assert (table.num_lasers, table.steps, table.range_step) == (lasers, steps, range_step)
    assert (np.diff(table.elevation) > 0).all()
    assert np.abs(np.linalg.norm(table.slope / 2**24, axis=1) * 4 / range_step - 1).max() < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_tell_sensors_apart(kind):
    assert make_sensor(kind, 1).table.digest == make_sensor(kind, 1).table.digest != make_sensor(kind, 2).table.digest


def test_options():
    table = make_sensor("os1-128", steps=2048, range_mm=1).table
    assert (table.steps, table.range_step) == (2048, 4)
    assert make_sensor("os1-128", every=8).table.num_lasers == 16
    with pytest.raises(ValueError, match="kind: expected one of hdl64e-like"):
        make_sensor("nonesuch")


def test_columns_of_an_hdl64e(rng):
    """Steps of 2 with a 1 every 6 to 8, about 2150 a turn."""
    columns = make_sensor("hdl64e-like").columns(rng)
    steps = np.diff(columns)
    assert 2140 < len(columns) < 2170
    assert columns[-1] - columns[0] < 4000
    assert np.isin(steps, (1, 2)).all()
    gaps = np.diff(np.flatnonzero(steps == 1))
    assert np.isin(gaps, (6, 7, 8)).mean() > 0.9
    assert len(np.unique(gaps)) > 1


def test_columns_of_the_others(rng):
    np.testing.assert_array_equal(np.unique(make_sensor("os1-128").columns(rng) % 1024), np.arange(1024))
    assert np.diff(make_sensor("vlp16").columns(rng)).mean() == pytest.approx(19.9, rel=0.01)


def test_an_os1s_beams_begin_before_the_axis():
    """At range 0 a beam is 27 mm ahead of the axis less 27 mm along the beam."""
    table = make_sensor("os1-128").table
    heading = np.arctan2(table.slope[:, 1], table.slope[:, 0]) + 2 * np.pi * table.shift / table.steps
    assert np.rad2deg(np.abs(heading)).max() == pytest.approx(4.23, abs=0.2)
    length = np.linalg.norm(table.slope, axis=1, keepdims=True)
    tip = table.offset / 2**OFFSET_BITS + 27 * table.slope / length
    assert np.linalg.norm(tip, axis=1) == pytest.approx(27, abs=0.3)
