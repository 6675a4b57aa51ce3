"""``pcc doctor``: what this installation has, what it lacks and how to get it, and whether it works."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import time
from typing import Any

import numpy as np

import pcc
from pcc import ops
from pcc.commands.models import installed
from pcc.commands.shared import CORRUPT, OK, complain, show
from pcc.errors import PccError
from pcc.extras import EXTRAS, install
from pcc.pointcloud import PointCloud

LIBRARIES = ("numpy", "plyfile", "safetensors", "rich")


def run(*, as_json: bool) -> int:
    """Prints the findings; gives 0 if the self-test passes, else the exit code of what failed."""
    code, test = _self_test()
    report = {
        "pcc": pcc.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "instruction_sets": list(ops.available_isas()),
        "instruction_set": ops.isa(),
        "threads": ops.num_threads(),
        "cuda_kernels": _cuda_kernels(),
        "extras": {extra: _missing(modules) for extra, modules in EXTRAS.items()},
        "models": installed()[0],
        "self_test": test,
    }
    show(report, _text(report), as_json)
    return code


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _missing(modules: tuple[str, ...]) -> list[str]:
    return [name for name in modules if not _is_there(name)]


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package that is not there itself
        return False


def _cuda_kernels() -> list[str]:
    from pcc import _ext

    kernels = getattr(_ext, "cuda_kernels", None)
    return list(kernels()) if kernels is not None else []


def _self_test() -> tuple[int, dict[str, Any]]:
    """Codes a sphere of about 20 000 voxels and compares."""
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(40_000, 3))
    surface = np.round(64 + 40 * direction / np.linalg.norm(direction, axis=1, keepdims=True)).astype(np.int32)
    cloud = PointCloud(np.unique(surface, axis=0))
    try:
        start = time.perf_counter()
        data = pcc.encode(cloud)
        encoded = time.perf_counter()
        decoded = pcc.decode(data)
        seconds = encoded - start, time.perf_counter() - encoded
    except PccError as error:
        return complain(error, "self-test"), {"passed": False, "error": str(error)}
    passed = np.array_equal(np.unique(decoded.xyz, axis=0), cloud.xyz)
    test = {"passed": passed, "num_points": len(cloud), "bpp": 8 * len(data) / len(cloud)}
    return OK if passed else CORRUPT, test | {"encode_s": seconds[0], "decode_s": seconds[1]}


def _text(report: dict[str, Any]) -> list[str]:
    lines = [f"pcc {report['pcc']}, Python {report['python']}, {report['platform']}"]
    lines.append(", ".join(f"{name} {version or 'MISSING'}" for name, version in report["libraries"].items()))
    lines += [f"missing       pip install {name}" for name, version in report["libraries"].items() if version is None]
    lines.append(f"kernels       {report['instruction_set']} (of {', '.join(report['instruction_sets'])})")
    lines.append(f"threads       {report['threads']}")
    lines.append(f"CUDA kernels  {', '.join(report['cuda_kernels']) or 'none in this build'}")
    for extra, missing in report["extras"].items():
        hint = f"lacks {', '.join(missing)}: {install(extra)}" if missing else "complete"
        lines.append(f"extra {extra:<10}  {hint}")
    width = max((len(model["name"]) for model in report["models"]), default=0)
    models = [f"model {m['name']:<{width}}  {m['digest']}" for m in report["models"]]
    lines += models or ["model             none found (PCC_MODEL_PATH adds folders)"]
    test = report["self_test"]
    if not test["passed"]:
        return [*lines, f"self-test     FAILED {test.get('error', ': the decoded cloud differs')}"]
    timing = f"encode {test['encode_s']:.2f} s, decode {test['decode_s']:.2f} s"
    return [*lines, f"self-test     passed: {test['num_points']:,} points, {test['bpp']:.2f} bpp, {timing}"]
