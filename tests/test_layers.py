"""Imports point down only, and decoding never needs torch (see the layers below, lowest first)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pcc

PACKAGE = Path(pcc.__file__).parent
ROOT = Path(__file__).resolve().parent.parent

# A module may import its own line and every line above it that its column allows.
LAYERS: list[set[str]] = [
    {"pointcloud", "errors", "extras", "progress", "records", "_ext"},
    {"io", "geometry", "ops"},
    {"sensors"},
    {"entropy", "inference", "nn"},
    {"codec", "models"},
    {"metrics", "anchors", "datasets", "viewing", "tasks"},
    {"training", "evaluation"},
    {"commands", "cli", "__main__"},
]
WITHOUT_TORCH = {
    "pointcloud",
    "errors",
    "extras",
    "progress",
    "records",
    "io",
    "geometry",
    "ops",
    "sensors",
    "entropy",
    "inference",
    "codec",
    "viewing",
    "commands",
    "cli",
    "__main__",
    "",
}
# Side by side, but strangers: the codec and what is trained for it; nn knows no coder.
FORBIDDEN = {("codec", "models"), ("codec", "nn"), ("nn", "entropy"), ("nn", "inference"), ("models", "codec")}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The part of the package: its folder or module below pcc/; "" for pcc/__init__.py."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports_of(path: Path) -> set[str]:
    """Dotted names that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parts_imported(path: Path) -> set[str]:
    parts = {name.split(".")[1] for name in imports_of(path) if name.startswith("pcc.")}
    return parts & {part for layer in LAYERS for part in layer}


def height(part: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if part in layer)


def test_every_part_has_a_layer():
    """A new folder must be placed here."""
    known = {part for layer in LAYERS for part in layer} | {"", "weights"}
    assert {part_of(path) for path in modules()} <= known


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    part, here = part_of(path), str(path.relative_to(PACKAGE))
    if part == "":
        return  # pcc/__init__.py opens the house: everything a user needs
    for other in parts_imported(path) - {part}:
        assert (part, other) not in FORBIDDEN, f"{here} imports pcc.{other}"
        assert height(other) <= height(part), f"{here} imports pcc.{other} above it"


@pytest.mark.parametrize(
    "path", [p for p in modules() if part_of(p) in WITHOUT_TORCH], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_the_codec_names_no_torch(path):
    assert not {name.split(".")[0] for name in imports_of(path)} & {"torch", "hydra", "omegaconf", "tensorboard"}


def test_only_the_entry_points_know_hydra():
    for path in modules():
        assert not {name.split(".")[0] for name in imports_of(path)} & {"hydra", "omegaconf"}, path


CODEC_RUN = """
import sys
import numpy as np
import pcc
from pcc.inference.program import Program
cloud = pcc.PointCloud(np.random.default_rng(0).integers(0, 40, (300, 3)).astype(np.int32))
program = Program(sys.argv[1])
decoded = pcc.decode(pcc.encode(cloud, model=program), model=program)
assert len(decoded) == 300
heavy = {"torch", "scipy", "hydra", "tensorboard"} & set(sys.modules)
assert not heavy, heavy
"""


def test_encoding_and_decoding_load_no_torch(tmp_path):
    """In a process of its own, after a round trip, torch is not among the loaded modules."""
    pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")
    from tests.networks import exported, random_network

    path = exported(random_network(), tmp_path / "m.safetensors").path
    run = subprocess.run(
        [sys.executable, "-c", CODEC_RUN, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr
