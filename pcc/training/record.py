"""The record of a run: all that somebody needs to repeat it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from pcc import ops

PACKAGES = ("pcc-codec", "torch", "numpy", "hydra-core", "scipy", "safetensors")


def run_record(config: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Git commit, configuration, data digests, package versions and machine."""
    return {
        "git": git_state(),
        "config": config,
        "data": data,
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """CPU, cores, instruction set and system."""
    return {
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "isa": ops.isa(),
        "threads": ops.num_threads(),
    }


def git_state() -> dict[str, Any]:
    """Commit and whether tracked files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str | None:
        run = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
        return run.stdout.strip() if run.returncode == 0 else None

    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}


def write_record(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2, sort_keys=True, default=str) + "\n")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
