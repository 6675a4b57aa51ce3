"""The record of a run: all that somebody needs to repeat it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from pcc import ops
from pcc.errors import ModelMismatch

PACKAGES = ("pcc-codec", "torch", "numpy", "hydra-core", "scipy", "safetensors")


def run_record(config: dict[str, Any], data: dict[str, Any], init: Path | None = None) -> dict[str, Any]:
    """Git commit, configuration, data digests, package versions and machine; of a run with ``init`` that run's, too."""
    start = {} if init is None else {"init": {"weights_sha256": _sha256(init / "checkpoint.pt"), **load_record(init)}}
    return start | {
        "git": git_state(),
        "config": config,
        "data": data,
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": machine(),
    }


def load_record(run: Path) -> dict[str, Any]:
    """The record of a run, which is a folder with record.json.

    Raises:
        ModelMismatch: there is none.
    """
    path = run / "record.json"
    if not path.is_file():
        raise ModelMismatch(f"{run}: no run here: {path} is missing")
    return json.loads(path.read_text())


def continued(record: dict[str, Any], run: Path, step: int) -> dict[str, Any]:
    """The record of a run that goes on at ``step``: what was otherwise before stays in it, under ``before``."""
    if not (run / "record.json").is_file():
        return record
    old = load_record(run)
    before = old.pop("before", [])
    if old != record:
        before = [*before, {"until_step": step, **old}]
    return record | ({"before": before} if before else {})


def machine() -> dict[str, Any]:
    """CPU, cores, instruction set and system."""
    return {
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "isa": ops.isa(),
        "threads": ops.num_threads(),
        "torch_threads": torch.get_num_threads(),
    }


def git_state() -> dict[str, Any]:
    """Commit of the checkout that the training runs in, and whether tracked files differ from it; None outside one."""

    def git(*arguments: str) -> str | None:
        run = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
        return run.stdout.strip() if run.returncode == 0 else None

    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}


def write_record(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2, sort_keys=True, default=str) + "\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
