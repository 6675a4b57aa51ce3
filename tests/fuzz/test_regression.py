"""Every seed and every input that once was a finding ends well: in values or an error of pcc's, in bounded time.

Each runs in a process of its own (`tests.fuzz.guard`). Neither atheris nor clang is needed here.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from pcc.errors import PccError
from tests.fuzz.guard import guarded, observe
from tests.fuzz.mutation import mutate
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

CASES = Path(__file__).with_name("cases")
FOUND = sorted(path.relative_to(CASES) for name in TARGETS for path in (CASES / name).glob("*"))
CHANGED = 40  # inputs of each target
SECONDS = 60  # of CPU time, for all inputs of a target


@pytest.mark.parametrize("case", FOUND, ids=str)
def test_case(case):
    """What was a finding is none any more."""
    assert guarded(TARGETS[case.parent.name], (CASES / case).read_bytes()) is None


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name):
    """Sound inputs end in values: nothing is raised, not even an error of pcc's."""
    target = TARGETS[name]

    def run(_: bytes) -> None:
        for what, data in target.seeds().items():
            try:
                target.run(data)
            except PccError as error:
                raise AssertionError(what) from error

    assert guarded(Target(run, target.seeds, target.structure, seconds=SECONDS), b"") is None


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds(name):
    """The first inputs that a fuzzer makes, always the same."""
    target, rng = TARGETS[name], Random(name)
    seeds = list(target.seeds().values())
    changed = [mutate(rng.choice(seeds), rng, target.structure, seeds) for _ in range(CHANGED)]

    def run(_: bytes) -> None:
        for data in changed:
            finding = observe(target.run, data)
            assert finding is None, f"{finding} on {data.hex()}"

    assert guarded(Target(run, target.seeds, target.structure, seconds=SECONDS), b"") is None
