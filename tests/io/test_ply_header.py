"""The header of plain tables: what is understood, and that everything else is left to plyfile."""

from __future__ import annotations

import pytest

from pcc.io.ply_header import DTYPES, Header, PlainHeader, parse_header, plain_header, write_header


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


def test_plain_header_drops_what_does_not_matter():
    """Comments in any bytes, spaces, line ends of all systems; the number of bytes is the file's."""
    plain = b"ply\nformat ascii 1.0\nelement vertex 1\nproperty int a\nend_header\n"
    noisy = plain.replace(b"element", b"comment gr\xf6\xdfe \xff\x00\nobj_info \xc3\xa9\nelement").replace(
        b"int a", b"int  a "
    )
    for newline in (b"\n", b"\r\n", b"\r"):
        content = noisy.replace(b"\n", newline)
        assert plain_header(content + b"\x07rest") == PlainHeader(plain, len(content), {})


def test_plain_header_keeps_names_that_are_not_ascii():
    for name in ("größe".encode(), "größe".encode("latin-1")):
        found = plain_header(b"ply\nelement vertex 1\nproperty int " + name + b"\nend_header\n")
        assert found is not None
        assert list(found.names.values()) == ["größe"]
        assert found.text.isascii()


@pytest.mark.parametrize(
    "start", [b"", b"ply\n", b"ply\nend_headers\n", b"ply\nend_header", b"ply\ncomment end_header\n"]
)
def test_plain_header_without_an_end(start):
    assert plain_header(start) is None
