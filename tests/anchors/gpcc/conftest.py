"""The real tmc3, where there is one."""

from __future__ import annotations

import os

import pytest

from pcc.anchors.gpcc.tmc3 import VARIABLE, Tmc3


@pytest.fixture
def tmc3() -> Tmc3:
    """The program that PCC_TMC3 names; without it the test is skipped."""
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} names no tmc3")
    return Tmc3(timeout_s=60)
