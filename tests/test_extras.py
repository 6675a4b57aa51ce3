"""A missing library is named with the command that brings it, and the command is one that works."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pcc.extras import EXTRAS, install, missing

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]


def test_extras_are_those_of_the_project():
    """EXTRAS = optional-dependencies, but for those of developers."""
    assert set(EXTRAS) == set(PROJECT["optional-dependencies"]) - {"dev", "fuzz"}


def test_the_command_needs_no_index():
    assert install("eval") == "pip install '.[eval]' in the clone of pcc"


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("torch", "torch is not installed: pip install '.[train]' in the clone of pcc"),
        ("torch.utils.data", "torch is not installed: pip install '.[train]' in the clone of pcc"),
        ("hydra_plugins.x", "hydra_plugins is not installed: pip install '.[cluster]' in the clone of pcc"),
        ("nonesuch", None),
        ("", None),
    ],
)
def test_missing(library, said):
    assert missing(ModuleNotFoundError(f"No module named {library!r}", name=library)) == said


def test_a_library_of_several_extras():
    error = ModuleNotFoundError("No module named 'hydra'", name="hydra")
    assert missing(error) == "hydra is not installed: pip install '.[train]' in the clone of pcc"
    assert missing(error, "eval") == "hydra is not installed: pip install '.[eval]' in the clone of pcc"
    assert missing(error, "io") == "hydra is not installed: pip install '.[train]' in the clone of pcc"


def test_a_broken_library_is_not_a_missing_one():
    assert missing(ImportError("libc10.so: cannot open shared object file", name="torch")) is None


def test_no_message_names_an_index_package():
    """The package is on no index: nowhere is it said to be installed from one."""
    for path in (Path(__file__).resolve().parents[1] / "src").rglob("*.py"):
        assert "pip install 'pcc-codec" not in path.read_text(), path
