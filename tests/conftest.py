"""Fixtures shared by all tests: instruction sets, shared data, seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pcc import ops

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(params=ops.available_isas())
def isa(request):
    """Runs the test once with every instruction set of this machine."""
    before = ops.isa()
    ops.set_isa(request.param)
    yield request.param
    ops.set_isa(before)


@pytest.fixture(params=[1, 3])
def threads(request):
    """Runs the test with one thread and with more threads than most machines' cores divide evenly."""
    ops.set_num_threads(request.param)
    return request.param


@pytest.fixture(autouse=True)
def all_threads_again():
    """Whatever a test sets, the next one has all cores."""
    yield
    ops.set_num_threads(0)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clouds beside the project; tests that need it skip without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real clouds are not here: {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def no_cache_of_sensors(monkeypatch):
    """Nothing that a test fits stays on the machine."""
    monkeypatch.setenv("PCC_SENSOR_CACHE", "")
