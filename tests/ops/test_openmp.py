"""Threads that wait sleep, and the environment is as it was: policy = what the user set, else passive."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

REPORT = "import os, pcc.ops; print(os.environ.get('OMP_WAIT_POLICY'))"


@pytest.mark.parametrize(("policy", "effective"), [(None, "PASSIVE"), ("active", "ACTIVE"), ("passive", "PASSIVE")])
def test_wait_policy(policy, effective):
    """The OpenMP library itself says which policy it runs with."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    environment |= {"OMP_DISPLAY_ENV": "true"} | ({} if policy is None else {"OMP_WAIT_POLICY": policy})
    done = subprocess.run([sys.executable, "-c", REPORT], env=environment, capture_output=True, text=True, check=True)
    assert f"OMP_WAIT_POLICY = '{effective}'" in done.stderr
    assert done.stdout.strip() == str(policy)
