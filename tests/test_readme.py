"""The README keeps its word: its blocks run where its reader is, its links lead somewhere, its picture is up to date.

A block after the comment ``<!-- not run: REASON -->`` is left out but for its first minute: training ``smoke`` and an
evaluation of what comes out. Those that run are bash and python, in order, in a clone: a folder that holds what this
one does. The package is the one of this Python, installed by ``pip install -e .``; or, where PCC_PREFIX says so, that
of a virtual environment into which it was installed by ``pip install .`` and which holds no extra (`.ci/readme`).
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^(<!-- not run: [^\n]+ -->\n)?```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(language, text) for skipped, language, text in BLOCK.findall(README) if not skipped]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
COMMANDS = {"bash": ["bash", "-e", "-c"], "python": ["python", "-c"]}
PREFIX = os.environ.get("PCC_PREFIX")
NOT_CLONED = {".git", ".venv", "build", "runs", "outputs", ".cache"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """What a clone holds; what is written beside it stays out of this folder."""
    folder = tmp_path_factory.mktemp("readme") / "clone"
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name not in NOT_CLONED:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """A folder with ``python`` and ``pcc`` of the installation that is tried."""
    if PREFIX:
        return Path(PREFIX).resolve() / "bin"
    folder = tmp_path_factory.mktemp("bin")
    for name, arguments in (("python", ""), ("pcc", " -m pcc")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def run(command: list[str], clone: Path, programs: Path, extras: bool = False) -> subprocess.CompletedProcess[str]:
    """A command in the clone; ``extras``: with the libraries of this Python, too."""
    env = os.environ | {"PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
    if PREFIX and extras:
        env["PYTHONPATH"] = sysconfig.get_paths()["purelib"]
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, timeout=600, check=False)


def succeed(command: list[str], clone: Path, programs: Path, extras: bool = False) -> str:
    done = run(command, clone, programs, extras)
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_blocks_are_found():
    """Two of each, and first of all encode, decode and verify."""
    assert [language for language, _ in BLOCKS[:2]] == ["bash", "python"]
    assert re.findall(r"^pcc (\w+)", BLOCKS[0][1], re.MULTILINE) == ["encode", "decode", "verify"]
    assert sorted(language for language, _ in BLOCKS) == ["bash", "bash", "python", "python"]


def test_the_package_is_the_installed_one(clone, programs):
    """In the clone its sources hide nothing; without -e, none of them is loaded."""
    where = succeed(["python", "-c", "import pcc, pcc._ext; print(pcc.__file__)"], clone, programs).strip()
    expected = Path(PREFIX).resolve() if PREFIX else ROOT / "src"
    assert Path(where).is_relative_to(expected)


@pytest.mark.parametrize("command", [["pcc"], ["python", "-m", "pcc"]])
def test_ways_to_start_it(command, clone, programs):
    assert re.fullmatch(r"pcc \d+\.\d+\.\d+\n", succeed([*command, "--version"], clone, programs))


@pytest.mark.parametrize("index", range(len(BLOCKS)))
def test_block(index, clone, programs):
    """exit status(block) = 0, and without any extra unless the README names one for it."""
    language, text = BLOCKS[index]
    succeed([*COMMANDS[language], text], clone, programs, extras="pcc compare" in text)


@pytest.mark.skipif(not PREFIX, reason="half a minute: .ci/readme runs it")
def test_training_and_evaluation(clone, programs):
    """The README's first training, and its evaluation of a model."""
    pytest.importorskip("torch", reason="extra 'train' is not installed")
    (train,) = re.findall(r"^(python train\.py experiment=smoke)\b", README, re.MULTILINE)
    (evaluate,) = re.findall(r"^(python eval\.py model=runs/)mine/mine\.safetensors\b", README, re.MULTILINE)
    succeed(["bash", "-c", train], clone, programs, extras=True)
    succeed(["bash", "-c", f"{evaluate}smoke/smoke.safetensors"], clone, programs, extras=True)
    assert (clone / "outputs" / "eval" / "eval_sample" / "report.html").is_file()


@pytest.mark.skipif(not PREFIX, reason="this Python has the extras")
@pytest.mark.parametrize("program", ["train", "eval"])
def test_programs_name_their_extra(program, clone, programs):
    """Without the extra, its name and nothing else."""
    done = run(["python", f"{program}.py"], clone, programs)
    said = f"{program}.py: hydra is not installed: pip install '.[{program}]' in the clone of pcc\n"
    assert (done.returncode, done.stderr) == (2, said)


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
