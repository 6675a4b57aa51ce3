"""The README keeps its word: its blocks run, in order, its links lead somewhere, its picture is what the script draws.

A block after the comment ``<!-- not run: REASON -->`` is left out; those that run are bash and python, in one empty
folder that has the project's data/ in it.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^(<!-- not run: [^\n]+ -->\n)?```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(language, text) for skipped, language, text in BLOCK.findall(README) if not skipped]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
COMMANDS = {"bash": ["bash", "-e", "-c"], "python": [sys.executable, "-c"]}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """An empty folder with data/, and the command ``pcc`` of this Python in bin/."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "bin").mkdir()
    command = folder / "bin" / "pcc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pcc.cli "$@"\n')
    command.chmod(0o755)
    return folder


def test_blocks_are_found():
    """Two of each, and first of all encode, decode and verify."""
    assert [language for language, _ in BLOCKS[:2]] == ["bash", "python"]
    assert re.findall(r"^pcc (\w+)", BLOCKS[0][1], re.MULTILINE) == ["encode", "decode", "verify"]
    assert sorted(language for language, _ in BLOCKS) == ["bash", "bash", "python", "python"]


@pytest.mark.parametrize("index", range(len(BLOCKS)))
def test_block(index, workspace):
    """exit status(block) = 0."""
    language, text = BLOCKS[index]
    path = os.pathsep.join([str(workspace / "bin"), os.environ["PATH"]])
    env = os.environ | {"PATH": path}
    command = [*COMMANDS[language], text]
    done = subprocess.run(command, cwd=workspace, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def test_first_lines():
    """Claim, picture, install, encode and decode within 35 lines."""
    top = "\n".join(README.splitlines()[:35])
    for part in ("![", "pip install", "pcc encode", "pcc decode", "pcc.encode", "pcc.decode"):
        assert part in top


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links(document):
    """Every relative link is a file."""
    text = (ROOT / document).read_text()
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith("http"):
            assert (ROOT / document).parent.joinpath(target).exists(), f"{document}: {target}"


def test_picture():
    """rate.svg = draw()."""
    script = ROOT / "docs" / "figures" / "rate.py"
    assert script.with_suffix(".svg").read_text() == runpy.run_path(str(script))["draw"]()
