"""The instruction set in use: isa() = PCC_ISA where it is set, else the best one; a wrong name is never passed over."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pcc import ops


def run(wanted: str) -> subprocess.CompletedProcess[str]:
    code = "from pcc import ops; print(ops.isa())"
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PCC_ISA": wanted}, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", ops.available_isas())
def test_the_variable_chooses(name):
    assert run(name).stdout.strip() == name


def test_an_empty_variable_chooses_nothing():
    assert run("").stdout.strip() == ops.available_isas()[-1]


def test_a_wrong_variable_fails_the_import_with_its_reason():
    done = run("sse9")
    assert done.returncode != 0
    assert "expected scalar, avx2 or avx512, got sse9" in done.stderr


def test_a_wrong_name_is_a_value_error(isa):
    with pytest.raises(ValueError, match="got sse9"):
        ops.set_isa("sse9")
    assert ops.isa() == isa
