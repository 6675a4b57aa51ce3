"""`python -m tests.fuzz --minutes 10 [TARGET ...]`; exit code 1 where something was found."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz import kernels
from tests.fuzz.campaign import CASES, run_campaign, summary
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of: {', '.join([*TARGETS, kernels.NAME])}")
    parser.add_argument("--minutes", type=float, default=10.0, help="of all targets together")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="for corpora and logs")
    parser.add_argument("--cases", type=Path, default=CASES, help="where new findings go")
    options = parser.parse_args()
    names = options.targets or [*TARGETS, kernels.NAME]
    if unknown := set(names) - {*TARGETS, kernels.NAME}:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if not find_spec("atheris"):
        say("atheris is not installed (pip install '.[fuzz]'): inputs are changed at random, without feedback")
    if kernels.NAME in names and (problem := kernels.problem()):
        say(f"{kernels.NAME} is left out: {problem}")
        names = [name for name in names if name != kernels.NAME]
    runs = run_campaign(names, 60 * options.minutes, options.folder, options.cases, say)
    print(f"\n{summary(runs)}")
    return 1 if any(run.findings for run in runs) else 0


def say(line: str) -> None:
    """A line; one that begins with a carriage return is progress, which a terminal alone shows in place."""
    if not line.startswith("\r"):
        print(line, flush=True)
    elif sys.stdout.isatty():
        print(line, end="", flush=True)
    else:
        print(line[1:], flush=True)


if __name__ == "__main__":
    sys.exit(main())
