"""train.py and eval.py end as pcc does: one line and exit code 2 for a user's mistake, a traceback for a bug."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from pcc.commands import script
from pcc.commands.script import mistake, plainly
from pcc.errors import InvalidCloud, ModelMismatch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def as_users_start_it(monkeypatch):
    monkeypatch.setattr(script, "_ASKED", False)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")


def end(error: BaseException) -> int:
    with pytest.raises(SystemExit) as ended, plainly("train.py", "train"):
        raise error
    return ended.value.code


def test_mistakes_are_one_line(capsys):
    for error in (
        ValueError("two\nlines"),
        FileNotFoundError("nothing matches"),
        InvalidCloud("x"),
        ModelMismatch("y"),
    ):
        assert end(error) == 2
    assert capsys.readouterr().err.splitlines() == [
        "train.py: two lines",
        "train.py: nothing matches",
        "train.py: x",
        "train.py: y",
    ]


def test_a_missing_library(capsys):
    assert end(ModuleNotFoundError("No module named 'torch'", name="torch")) == 2
    assert capsys.readouterr().err == "train.py: torch is not installed: pip install '.[train]' in the clone of pcc\n"


def test_a_bug_keeps_its_traceback():
    for error in (TypeError("x"), KeyError("x"), AssertionError(), ZeroDivisionError()):
        with pytest.raises(type(error)), plainly("train.py", "train"):
            raise error


def test_what_is_asked_for_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(script, "_ASKED", True)
    with pytest.raises(InvalidCloud), plainly("train.py", "train"):
        raise InvalidCloud("x")


def test_an_interruption(capsys):
    assert end(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "train.py: interrupted\n"


def test_warnings_are_one_line(capsys):
    with plainly("train.py", "train"):
        warnings.warn("a\nword", stacklevel=1)
    assert capsys.readouterr().err == "pcc: a word\n"


def test_an_end_within_passes():
    """What a job says by its exit status is not said again."""
    with pytest.raises(SystemExit) as ended, plainly("eval.py", "eval"), plainly("eval.py", "eval"):
        raise SystemExit(1)
    assert ended.value.code == 1


def test_errors_within_a_configuration():
    """What a part of it raises is judged by itself; what it cannot take is named with its place."""
    hydra = pytest.importorskip("hydra", reason="extra 'train' is not installed")
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    def said(**node):
        with pytest.raises(hydra.errors.InstantiationException) as raised:
            instantiate(OmegaConf.create({"part": node}).part)
        return mistake(raised.value, "train")

    config = "pcc.training.config.TrainConfig"
    assert said(_target_=config, steps="abc") == "steps: expected an integer, got 'abc'"
    assert said(_target_=config, bogus=1) == "part: TrainConfig.__init__() got an unexpected keyword argument 'bogus'"
    assert said(_target_="json.loads", s=3) is None


def run(program: str, *arguments: str) -> tuple[int, str]:
    pytest.importorskip("hydra", reason="extra 'train' is not installed")
    env = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    command = [sys.executable, program, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["experiment=nope"], "train.py: there is no experiment/nope; expected one of dense_fast_lossless, "),
        (["optim.stepz=5"], "train.py: Could not override 'optim.stepz'."),
        (["bogus"], "train.py: Error parsing override 'bogus' missing EQUAL"),
        (["data=folder_meshes"], "train.py: data.root: expected a value, got none; give data.root=VALUE"),
        (["data=folder_meshes", "data.root=/nowhere"], "train.py: nothing matches '.' in /nowhere; see data/README.md"),
        (["experiment=smoke", "model.channels=abc"], "train.py: channels: expected an integer, got 'abc'"),
    ],
)
def test_train(arguments, said, tmp_path):
    code, text = run("train.py", *arguments, f"out_dir={tmp_path}")
    assert (code, text.count("\n")) == (2, 1), text
    assert text.startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model=nonexistent"], "eval.py: no model named 'nonexistent'; installed: "),
        (["data.folder=/nowhere"], "eval.py: /nowhere/clouds.json: expected a list of clouds"),
        (["anchor=nope"], "eval.py: there is no anchor/nope; expected one of draco, "),
        (["rates=[nope]"], "eval.py: rates: expected lossless, curves, ctc, bounds, qualities, or one of r01, "),
        (["workers=abc"], "eval.py: repeats, workers: expected at least 1, got 1, abc"),
        (["tasks=/nowhere.json"], "eval.py: tasks: no such file: /nowhere.json"),
    ],
)
def test_eval(arguments, said, tmp_path):
    code, text = run("eval.py", *arguments, f"hydra.run.dir={tmp_path}", f"store={tmp_path}/cells")
    assert (code, text.count("\n")) == (2, 1), text
    assert text.startswith(said)


@pytest.mark.parametrize(("program", "extra"), [("train.py", "train"), ("eval.py", "eval")])
def test_without_hydra(program, extra, tmp_path):
    """In a process that finds no Hydra."""
    hidden = f"sys.modules['hydra'] = None; sys.argv = ['{program}']"
    code = f"import sys, runpy; {hidden}; runpy.run_path('{program}', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"{program}: hydra is not installed: pip install '.[{extra}]' in the clone of pcc\n"


@pytest.mark.parametrize(("program", "example"), [("train.py", "experiment=smoke"), ("eval.py", "model=runs/")])
def test_help_teaches_by_example(program, example):
    pytest.importorskip("hydra", reason="extra 'train' is not installed")
    done = subprocess.run([sys.executable, program, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    top, _, groups = done.stdout.partition("== Groups")
    assert f"python {program} {example}" in top
    assert "data: " in groups
