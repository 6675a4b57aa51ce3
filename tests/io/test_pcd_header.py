"""What headers of strangers mean; what makes no sense is a ValueError that names the keyword."""

from __future__ import annotations

import io

import pytest

from pcc.io.pcd_header import PcdField, PcdHeader, parse_header

LINES = {
    "VERSION": "0.7",
    "FIELDS": "x y z",
    "SIZE": "4 4 8",
    "TYPE": "F F U",
    "COUNT": "1 1 2",
    "WIDTH": "5",
    "HEIGHT": "2",
    "VIEWPOINT": "0 0 0 1 0 0 0",
    "POINTS": "10",
    "DATA": "binary",
}
EXPECTED = (PcdField("x", "F", 4, 1), PcdField("y", "F", 4, 1), PcdField("z", "U", 8, 2))


def header(newline: str = "\n", **changes: str | None) -> bytes:
    lines = {key: changes.get(key, value) for key, value in LINES.items()}
    return "".join(f"{key} {value}{newline}" for key, value in lines.items() if value is not None).encode()


def parse(content: bytes) -> PcdHeader:
    return parse_header(io.BytesIO(content))


def test_literal_values():
    found = parse(header() + b"rest")
    assert found == PcdHeader(EXPECTED, 10, "binary", len(header()))
    assert (found.num_values, found.record_bytes) == (4, 24)


def test_lines_are_what_pypcd4_takes():
    """Plain names, all keywords, the number of points as the width."""
    assert b"".join(parse(header(FIELDS="größe:1 y _")).lines()) == (
        b"VERSION 0.7\nFIELDS f0 f1 f2\nSIZE 4 4 8\nTYPE F F U\nCOUNT 1 1 2\nWIDTH 10\nHEIGHT 1\n"
        b"VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 10\nDATA binary\n"
    )


@pytest.mark.parametrize(
    "content",
    [
        header("\r\n"),
        header("  \n"),
        header().lower().replace(b"f f u", b"f f u"),
        header(DATA="BINARY"),
        header(VERSION=None, VIEWPOINT=None, WIDTH=None, HEIGHT=None),
        header(POINTS=None),
        b"# a comment \xff\xfe\n\n" + header(SIZE="4 4 8 # bytes"),
        b"SENSOR a b c\n" + header(),
        header().replace(b"FIELDS", b"COLUMNS"),
    ],
)
def test_ways_to_write_the_same(content):
    found = parse(content + b"rest")
    assert found == PcdHeader(EXPECTED, 10, "binary", len(content))


def test_missing_and_empty_counts():
    assert [field.count for field in parse(header(COUNT=None)).fields] == [1, 1, 1]
    assert [field.name for field in parse(header(COUNT="1 0 1")).fields] == ["x", "z"]
    assert [field.size for field in parse(header(SIZE=None, TYPE=None, COUNT=None)).fields] == [4, 4, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no line DATA"),
        (header(DATA=None), "no line DATA"),
        (b"# " + b"a" * 2_000_000, "no line DATA"),
        (header(DATA="zip"), "DATA"),
        (header(DATA=""), "DATA"),
        (header(FIELDS=None), "FIELDS"),
        (header(FIELDS="x y"), "SIZE"),
        (header(TYPE="F F"), "TYPE"),
        (header(TYPE="F F C"), "TYPE 'C' and SIZE 8"),
        (header(SIZE="4 4 3"), "SIZE 3"),
        (header(SIZE="4 4 two"), "SIZE"),
        (header(COUNT="1 1 -2"), "COUNT"),
        (header(COUNT="1 1 " + "9" * 5000), "COUNT"),
        (header(POINTS="-1"), "POINTS"),
        (header(POINTS=None, WIDTH=None), "neither POINTS nor WIDTH"),
    ],
)
def test_what_makes_no_sense(content, message):
    with pytest.raises(ValueError, match=message):
        parse(content)
