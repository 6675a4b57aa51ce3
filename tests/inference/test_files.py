"""What every kind of model's file has: bytes, a digest, metadata, a card beside it."""

import hashlib

import numpy as np
import pytest
from safetensors.numpy import save

from pcc.errors import ModelMismatch
from pcc.inference.files import digest_of, read_card, read_metadata, read_model


def test_digest_is_the_start_of_sha256():
    assert digest_of(b"weights") == hashlib.sha256(b"weights").digest()[:16]


def test_metadata():
    """As written; none is an empty one."""
    assert read_metadata(save({"a": np.zeros(3)}, {"format": "f", "name": "n"})) == {"format": "f", "name": "n"}
    assert read_metadata(save({"a": np.zeros(3)})) == {}
    with pytest.raises(ValueError, match="nested too deeply"):
        read_metadata((100_000).to_bytes(8, "little") + b"[" * 100_000)


def test_models_that_cannot_be_read(tmp_path):
    (tmp_path / "m").write_bytes(b"weights")
    assert read_model(tmp_path / "m") == b"weights"
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ModelMismatch, match="cannot read the model"):
            read_model(path)


def test_cards(tmp_path):
    model = tmp_path / "m.safetensors"
    assert read_card(model) == {}
    (tmp_path / "m.json").write_text('{"name": "m"}')
    assert read_card(model) == {"name": "m"}
    for damaged in (b"{", b"[]", b"\xff\xfe", b"3", b"[" * 100_000, b"{}".ljust(2_000_000)):
        (tmp_path / "m.json").write_bytes(damaged)
        with pytest.raises(ModelMismatch, match=r"m\.json: not a model's card"):
            read_card(model)
