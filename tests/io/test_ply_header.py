"""The header of plain tables: what is understood, and that everything else is left to plyfile."""

from __future__ import annotations

import pytest

from pcc.io.ply_header import DTYPES, Header, parse_header, write_header


@pytest.mark.parametrize("ascii", [False, True])
def test_parse_undoes_write(ascii):
    """parse(write(properties, N)) = properties, N."""
    properties = {dtype[::-1]: dtype for dtype in DTYPES}
    data = write_header(properties, 7, ascii=ascii)
    assert parse_header(data + b"\x00rest") == Header(ascii, 7, properties, (), len(data))


def test_literal_bytes():
    expected = (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 2\nproperty float x\nproperty uchar red\nend_header\n"
    )
    assert write_header({"x": "float32", "red": "uint8"}, 2, ascii=False) == expected


def test_the_end_is_a_line_of_its_own():
    """Neither a property that ends so nor a comment is the end."""
    header = b"ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty uchar a_end_header\n"
    data = header + b"comment no end_header\nend_header\n"
    assert parse_header(data + b"\x07") == Header(False, 1, {"a_end_header": "uint8"}, (), len(data))


def test_elements_behind_the_vertices_are_named():
    header = parse_header(
        b"ply\nformat ascii 1.0\ncomment element none\nelement vertex 1\nproperty uint8 a\nelement face 2\n"
        b"property list uchar int i\nelement edge 0\nproperty int v\nend_header\n"
    )
    assert header is not None
    assert (header.properties, header.others) == ({"a": "uint8"}, ("face",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ply\n",
        "ply\nend_header\n",
        "plx\nformat ascii 1.0\nelement vertex 1\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nend_header\n",
        "ply\nformat ascii 2.0\nelement vertex 1\nproperty int a\nend_header\n",
        "ply\nformat binary_big_endian 1.0\nelement vertex 1\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement face 1\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement face 1\nproperty int b\nelement vertex 1\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex -1\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty int a\nproperty int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty list uchar int a\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty half a\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex 1\nnonsense\nend_header\n",
        "ply\r\nformat ascii 1.0\r\nelement vertex 1\r\nproperty int a\r\nend_header\r\n",
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty int größe\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex " + "9" * 5000 + "\nproperty int a\nend_header\n",
    ],
)
def test_what_is_not_plain_is_left_to_plyfile(text):
    assert parse_header(text.encode()) is None
