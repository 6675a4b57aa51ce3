"""Threads change nothing but time: with as many as asked for, after a fork, and where none can be started.

Forks happen in a process of their own, which is killed when it does not end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pcc import ops

ROOT = Path(__file__).resolve().parents[2]
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and limits of memory")
KILL_AFTER_S = 120

# The parent starts its threads, forks, and compares what the children coded with what it coded itself.
HEAD = """
import hashlib, multiprocessing, os, sys, threading
import numpy as np
import pcc
from pcc import ops

def code(_=None):
    i = np.arange(20000)
    cloud = pcc.PointCloud(np.stack([i % 141, i // 141, (i * i // 997) % 61], 1).astype(np.int32))
    data = pcc.encode(cloud, model="dense-fast")
    return hashlib.sha256(data + pcc.decode(data).xyz.tobytes()).hexdigest()

def in_child(work):
    child = os.fork()
    if not child:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def same():
    return 0 if code() == expected else 1

def num_running():
    return len(os.listdir("/proc/self/task"))
"""
USED = "expected = code()\n"


def run(script: str, threads: str | None = "3") -> str:
    """What a process with that script prints; it is killed after a while."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
    named = {} if threads is None else {"OMP_NUM_THREADS": threads}
    done = subprocess.run(
        [sys.executable, *(["-S"] if sys.flags.no_site else []), "-c", HEAD + script],
        env=inherited | named,
        cwd=ROOT,
        timeout=KILL_AFTER_S,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("wanted", "used"), [("1", 1), ("3", 3), ("2,4", 2), ("999999", 4096), ("99999999999999999999", 4096)]
)
def test_environment_names_the_threads(wanted, used):
    """num_threads = the first number of OMP_NUM_THREADS, at most 4096."""
    assert run("print(ops.num_threads())", threads=wanted) == str(used)


@LINUX
@pytest.mark.parametrize("wanted", [None, "", "0", "-3", "many"])
def test_all_cores_where_no_number_is_named(wanted):
    assert run("print(ops.num_threads())", threads=wanted) == str(len(os.sched_getaffinity(0)))


def test_set_num_threads():
    with pytest.raises(ValueError, match="0"):
        ops.set_num_threads(-1)
    ops.set_num_threads(2**31 - 1)
    assert ops.num_threads() == 4096
    ops.set_num_threads(2)
    assert ops.num_threads() == 2


@LINUX
def test_threads_start_when_there_is_work_for_them():
    """Two more threads than before the first loop, and never more, whoever asks."""
    assert run("before = num_running()\n" + USED + "code()\nprint(num_running() - before)") == "2"


@FORKS
def test_fork_after_use():
    assert run(USED + "print(in_child(same))") == "0"


@LINUX
def test_child_has_threads_of_its_own():
    """A child of a parent with three threads has three again."""
    assert run(USED + "print(in_child(lambda: 0 * same() + num_running()))") == "3"


@FORKS
def test_fork_in_a_fork():
    assert run(USED + "print(in_child(lambda: same() + in_child(lambda: same() + in_child(same))))") == "0"


@LINUX
def test_fork_behind_the_back_of_python():
    """A fork of the C library's, without the handlers that os.fork runs."""
    script = """
import ctypes
child = ctypes.PyDLL(None).fork()
if not child:
    os._exit(same())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(USED + script) == "0"


@FORKS
@pytest.mark.parametrize(
    "pool",
    [
        "multiprocessing.get_context('fork').Pool(3)",
        "ProcessPoolExecutor(3, mp_context=multiprocessing.get_context('fork'))",
    ],
)
def test_pools_of_forked_processes(pool):
    script = f"""
from concurrent.futures import ProcessPoolExecutor
with {pool} as pool:
    print(set(pool.map(code, range(5))) == {{expected}})
"""
    assert run(USED + script) == "True"


@FORKS
def test_fork_while_other_threads_code():
    """Children that are forked in the middle of the parent's loops end too."""
    script = """
stop = threading.Event()
def go_on():
    while not stop.is_set():
        code()
others = [threading.Thread(target=go_on) for _ in range(2)]
for other in others: other.start()
print([in_child(same) for _ in range(5)])
stop.set()
for other in others: other.join()
"""
    assert run(USED + script) == "[0, 0, 0, 0, 0]"


@FORKS
@pytest.mark.parametrize("before", ["import torch\n" + USED, USED + "import torch\n"], ids=["torch first", "pcc first"])
def test_fork_beside_torch(before):
    """PyTorch has threads of its own, used or not."""
    pytest.importorskip("torch")
    assert run(before + "torch.randn(400, 400) @ torch.randn(400, 400)\nprint(in_child(same))") == "0"


@FORKS
def test_workers_of_a_data_loader():
    """The default of PyTorch on Linux: forked workers."""
    pytest.importorskip("torch")
    script = """
import torch
loader = torch.utils.data.DataLoader(range(4), num_workers=2, batch_size=None, multiprocessing_context="fork",
                                     collate_fn=code)
print(set(loader) == {expected})
"""
    assert run(USED + script) == "True"


@LINUX
@pytest.mark.skipif("san.so" in os.environ.get("LD_PRELOAD", ""), reason="a sanitizer needs terabytes of address space")
def test_no_thread_can_be_started():
    """With no room for the stack of a thread, the caller does all the work; later, with room, threads start."""
    script = """
import resource
from pcc.ops import peaks
before, limit = num_running(), resource.getrlimit(resource.RLIMIT_AS)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 20), limit[1]))
products = peaks.int8_products(10)
print(num_running() - before)
resource.setrlimit(resource.RLIMIT_AS, limit)
print(peaks.int8_products(10) == products, num_running() - before)
"""
    assert run(script, threads="4").split() == ["0", "True", "3"]
