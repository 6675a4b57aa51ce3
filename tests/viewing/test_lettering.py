"""Letters: all of ASCII, each its own shape, drawn in any size."""

from __future__ import annotations

import numpy as np

from pcc.viewing.lettering import HEIGHT, WIDTH, glyph, lettering

PRINTABLE = [chr(i) for i in range(32, 127)]


def test_every_character_has_a_shape_of_its_own():
    shapes = {glyph(character).tobytes() for character in PRINTABLE}
    assert len(shapes) == len(PRINTABLE)
    assert all(glyph(character).shape == (HEIGHT, WIDTH) for character in PRINTABLE)


def test_a_letter():
    rows = ["".join(".#"[pixel] for pixel in row) for row in glyph("T").astype(int)]
    assert rows == ["#####", *["..#.."] * 6, ".....", "....."]


def test_a_line():
    line = lettering("Tü", 2)
    assert line.shape == (2 * HEIGHT, 2 * 2 * (WIDTH + 1))
    assert np.array_equal(line[::2, ::2], np.concatenate([np.pad(glyph(c), ((0, 0), (0, 1))) for c in "T?"], axis=1))
    assert lettering("").shape == (HEIGHT, 0)
