"""What a result was measured on and with: machine, versions, commit. Facts only, None where they cannot be had."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from pcc import ops

PACKAGES = ("pcc-codec", "numpy", "scipy", "DracoPy", "torch")


@dataclass(frozen=True)
class Machine:
    """The conditions of a measurement.

    Attributes:
        cores: processors that this process may use.
        threads: threads of our kernels.
        isa: the instruction set of our kernels.
        memory_bytes: of the machine.
        versions: of the packages in use; absent packages are left out.
        commit: of the source tree, "-dirty" appended where it had changes.
    """

    cpu: str
    cores: int
    threads: int
    isa: str
    memory_bytes: int | None
    system: str
    python: str
    versions: dict[str, str] = field(default_factory=dict)
    commit: str | None = None


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        threads=ops.num_threads(),
        isa=ops.isa(),
        memory_bytes=_memory_bytes(),
        system=platform.platform(),
        python=platform.python_version(),
        versions=versions(PACKAGES),
        commit=git_commit(Path(__file__).parent),
    )


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Name to version of those ``packages`` that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_commit(folder: Path) -> str | None:
    """The commit of the tree that ``folder`` is tracked in; None outside of one, or without git."""
    try:
        tracked = _git(folder, "ls-files", "--error-unmatch", ".")
        commit = _git(folder, "rev-parse", "HEAD").strip()
        changes = _git(folder, "status", "--porcelain", "--untracked-files=no").strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return (f"{commit}-dirty" if changes else commit) if tracked else None


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True).stdout


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
