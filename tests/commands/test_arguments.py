"""How a command line is read: any order, no abbreviations, one line an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from pcc.commands.arguments import CommandParser, count


@pytest.fixture
def parser() -> CommandParser:
    parser = CommandParser("test", "What it does.\n\n    pcc test a -o b\n    ")
    parser.positional("inputs", type=Path, nargs="+", help="Files.")
    parser.option("-o", "--output", type=Path, help="A place.")
    parser.option("--size", type=float, default=1.0, help="A number.")
    parser.option("--threads", type=count, default=0, help="A count.")
    parser.flag("--json", help="Whether.")
    return parser


def test_files_and_options_mix(parser):
    given = parser.parse(["a", "-o", "x", "--size=-0.5", "b", "--json", "--threads", "2", "--threads", "3", "c"])
    assert given.inputs == [Path("a"), Path("b"), Path("c")]
    assert (given.output, given.size, given.threads, given.json) == (Path("x"), -0.5, 3, True)


def test_defaults(parser):
    given = parser.parse(["a"])
    assert (given.inputs, given.output, given.size, given.threads, given.json) == ([Path("a")], None, 1.0, 0, False)


def test_two_dashes_end_the_options(parser):
    given = parser.parse(["a", "--json", "--", "-o", "--size", "b"])
    assert given.inputs == [Path("a"), Path("./-o"), Path("./--size"), Path("b")]
    assert given.json


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([], "inputs"),
        (["a", "--out", "b"], "--out"),
        (["a", "-o"], "-o"),
        (["a", "--size", "x"], "--size"),
        (["a", "--threads", "-1"], "at least 0, got '-1'"),
        (["a", "--json=1"], "--json"),
    ],
)
def test_what_does_not_fit_is_said(parser, line, message):
    with pytest.raises(ValueError, match=r"^test: .*\(pcc test --help\)$") as error:
        parser.parse(line)
    assert message in str(error.value)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_every_argument(parser, flag, capsys):
    with pytest.raises(SystemExit) as ended:
        parser.parse(["a", flag, "--nonesuch"])
    assert not ended.value.code
    text = capsys.readouterr().out
    for expected in ("What it does.", "pcc test a -o b", "inputs", "-o, --output <path>", "[default: 1.0]", "--json"):
        assert expected in text
