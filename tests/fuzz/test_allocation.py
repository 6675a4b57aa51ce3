"""Where memory is missing, coding ends in MemoryError or an error of pcc's: no crash, exit or hang; and goes on later.

Once our own allocations fail one after the other, once the whole process has less and less room.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pcc
from tests import golden
from tests.fuzz.fail_each import ENCODED
from tests.fuzz.guard import guarded
from tests.fuzz.structures import STREAM
from tests.fuzz.target import Target

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("fail_alloc.cpp")
COMPILER = shutil.which(os.environ.get("CXX", "c++"))
KILL_AFTER_S = 300
ROOM_MB = [1, 2, 4, 8, 16, 32, 64, 128]  # with none the stack cannot grow, and the kernel ends any process

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="preloads a library, limits memory"),
    pytest.mark.skipif("san.so" in os.environ.get("LD_PRELOAD", ""), reason="a sanitizer has the allocator"),
]


@pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")
def test_every_allocation_of_ours_may_fail(tmp_path):
    """A line for each golden stream, each with allocations that failed; the process lives to the end."""
    library = tmp_path / "fail_alloc.so"
    subprocess.run([str(COMPILER), "-O1", "-shared", "-fPIC", str(SOURCE), "-o", str(library), "-ldl"], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.fail_each", str(library)],
        env=os.environ | {"LD_PRELOAD": str(library)},
        cwd=ROOT,
        timeout=KILL_AFTER_S,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [name for name, _, _ in lines] == [*golden.CLOUDS, *(f"encode_{name}" for name in ENCODED)]
    assert all(int(failed) > 0 for _, _, failed in lines)


@pytest.mark.parametrize("name", ["surface_2", "sweep_16mm", "turn_moved"])
@pytest.mark.parametrize("room_mb", ROOM_MB)
def test_room_runs_out(name, room_mb):
    """A process with so much more address space than it has: values, or memory is missing, and it says so."""

    def run(data: bytes) -> None:
        pcc.decode(data, model=golden.program(name))

    data = (golden.FOLDER / f"{name}.pcc").read_bytes()
    target = Target(run, lambda: {name: data}, STREAM, seconds=30, num_bytes=room_mb << 20)
    finding = guarded(target, data, stacks=0)
    assert finding is None or finding.kind == "memory", finding
