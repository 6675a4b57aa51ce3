"""PNG: other readers see the same pixels; the bytes never change."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest

from pcc.viewing.png import SIGNATURE, png_bytes


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5, 3), (64, 33, 3)])
def test_an_independent_reader_sees_the_same(shape, rng):
    image = pytest.importorskip("PIL.Image", reason="no independent reader: Pillow is not installed")
    picture = rng.integers(0, 256, shape).astype(np.uint8)
    data = png_bytes(picture)
    assert data.startswith(SIGNATURE)
    assert np.array_equal(np.asarray(image.open(io.BytesIO(data))), picture)


def test_a_small_file_is_known():
    """Signature, IHDR of 13 bytes, one IDAT, IEND."""
    data = png_bytes(np.zeros((1, 1, 3), np.uint8))
    assert data[:33].hex() == "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    assert data[-12:].hex() == "0000000049454e44ae426082"
    assert hashlib.sha256(data).digest() == hashlib.sha256(png_bytes(np.zeros((1, 1, 3), np.uint8))).digest()


@pytest.mark.parametrize("picture", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3)), np.zeros((0, 2, 3), np.uint8)])
def test_no_picture(picture):
    with pytest.raises(ValueError, match="picture: expected"):
        png_bytes(picture)
