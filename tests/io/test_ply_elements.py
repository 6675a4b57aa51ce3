"""Where the vertices are, whatever lies before them; headers that make no sense or promise too much are ValueErrors."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from pcc.io.ply_elements import Element, Property, find_vertices, parse_elements

HEAD = "ply\nformat {} 1.0\n"
VERTEX = "element vertex 2\nproperty float x\nproperty uchar a\n"
FACE = "element face {}\nproperty uchar flag\nproperty list uchar int i\nproperty list {} double t\n"


@pytest.fixture
def file(tmp_path):
    """A function that gives an open file of a header and a body, and what `find_vertices` finds there."""

    def found(text: str, body: bytes):
        (tmp_path / "a.ply").write_bytes(text.encode() + b"end_header\n" + body)
        with open(tmp_path / "a.ply", "rb") as opened:
            return find_vertices(opened, text.encode() + b"end_header\n", len(text) + 11)

    return found


def face(order: str, indices: list[int], values: list[float], length: str = "H") -> bytes:
    head = struct.pack(f"{order}BB{len(indices)}i", 7, len(indices), *indices)
    return head + struct.pack(f"{order}{length}{len(values)}d", len(values), *values)


def test_literal_values():
    form, elements = parse_elements(
        (HEAD.format("ascii") + VERTEX + FACE.format(0, "ushort") + "end_header\n").encode()
    )
    assert form == "ascii"
    assert elements == [
        Element("vertex", 2, (Property("x", "float32"), Property("a", "uint8"))),
        Element(
            "face", 0, (Property("flag", "uint8"), Property("i", "int32", "uint8"), Property("t", "float64", "uint16"))
        ),
    ]
    assert [element.least_bytes for element in elements] == [5, 4]


def test_vertices_first(file):
    text = HEAD.format("binary_little_endian") + VERTEX
    vertices = file(text + FACE.format(3, "uchar") + "element none 0\n", bytes(10))
    assert vertices.offset == len(text + FACE.format(3, "uchar") + "element none 0\n") + 11
    assert vertices.text.decode() == text.replace("float", "float32").replace("uchar", "uint8") + "end_header\n"
    assert vertices.others == ("face",)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "faces",
    [
        [],
        [([0, 1, 2], [0.5])],
        [([0, 1, 2], [0.5])] * 50,
        [([], [])] * 50,
        [([0, 1, 2], [0.5]), ([0, 1, 2], []), ([0, 1], [0.5]), ([], [1.0] * 300)],
    ],
)
def test_lists_are_skipped(file, order, faces):
    """Rows all as long as the first, and rows of any length; none at all."""
    form = "binary_little_endian" if order == "<" else "binary_big_endian"
    text = HEAD.format(form) + "element other 3\nproperty short s\n" + FACE.format(len(faces), "ushort") + VERTEX
    before = bytes(6) + b"".join(face(order, *row) for row in faces)
    vertices = file(text, before + bytes(10))
    assert vertices.offset == len(text) + 11 + len(before)


def test_lines_are_skipped(file):
    text = HEAD.format("ascii") + FACE.format(2, "uchar") + VERTEX
    vertices = file(text, b"7 3 0 1 2 0\n7 0 2 1 1\n1 2\n3 4\n")
    assert vertices.offset == len(text) + 11 + 22


def test_no_vertices(file):
    assert file(HEAD.format("ascii") + FACE.format(0, "uchar"), b"") is None


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (HEAD.format("ascii") + VERTEX, b"1 2\n3"),
        (HEAD.format("ascii") + FACE.format(2, "uchar") + VERTEX, b"7 0 0                 \n"),
        (HEAD.format("binary_little_endian") + VERTEX, bytes(8)),
        (HEAD.format("binary_little_endian") + FACE.format(9, "uchar") + VERTEX, bytes(36)),
        (HEAD.format("binary_little_endian") + FACE.format(1, "uint") + VERTEX, b"\0\0" + b"\xff" * 4 + bytes(30)),
        (HEAD.format("binary_little_endian") + FACE.format(1, "int") + VERTEX, b"\0\0" + b"\xff" * 4 + bytes(30)),
        (HEAD.format("binary_little_endian") + FACE.format(2, "char") + VERTEX, bytes(5) + b"\xff" + bytes(30)),
        (HEAD.format("binary_little_endian") + FACE.format(3, "uchar") + VERTEX, bytes(3) + b"\0\xff\0" + bytes(16)),
    ],
)
def test_too_short_for_what_the_header_promises(file, text, body):
    with pytest.raises(ValueError, match=r"promises|cut short|list"):
        file(text, body)


@pytest.mark.parametrize(
    "text",
    [
        "ply\n",
        "ply\nformat ascii\n",
        "ply\nformat ascii 2.0\n",
        "ply\nformat binary 1.0\n",
        "ply\nelement vertex 1\n",
        HEAD.format("ascii") + "property int a\n",
        HEAD.format("ascii") + "element a\n",
        HEAD.format("ascii") + "element a -1\n",
        HEAD.format("ascii") + "element a " + "9" * 50 + "\n",
        HEAD.format("ascii") + "element a 1\n",
        HEAD.format("ascii") + "element a 1\nproperty half b\n",
        HEAD.format("ascii") + "element a 1\nproperty list float int b\n",
        HEAD.format("ascii") + "element a 1\nproperty list uchar b\n",
        HEAD.format("ascii") + "element a 1\nnonsense\n",
        HEAD.format("ascii") + "\x1c\n",
        HEAD.format("ascii") + "\x1c element a 1\n",
        HEAD.format("ascii") + "element\x1cvertex 1\n",
    ],
)
def test_headers_that_make_no_sense(text):
    with pytest.raises(ValueError, match=r"format|line|properties"):
        parse_elements(text.encode() + b"end_header\n")


def test_the_file_that_is_given_stays_where_the_vertices_begin(tmp_path):
    text = HEAD.format("binary_little_endian") + FACE.format(1, "uchar") + VERTEX + "end_header\n"
    (tmp_path / "a.ply").write_bytes(text.encode() + face("<", [1], [], "B") + np.arange(10, dtype=np.uint8).tobytes())
    with open(tmp_path / "a.ply", "rb") as opened:
        vertices = find_vertices(opened, text.encode(), len(text))
        assert vertices is not None
        assert opened.tell() == vertices.offset
        assert opened.read() == bytes(range(10))
