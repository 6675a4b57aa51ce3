"""load(save(state)) = state; a crash while writing leaves the older file; damaged files are named."""

import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.errors import ModelMismatch  # noqa: E402
from pcc.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402


class Unsaveable:
    def __reduce__(self):
        raise RuntimeError("the disk is full")


def test_round_trip(tmp_path):
    state = {"step": 3, "weights": torch.arange(5.0), "rng": {"state": 2**100}}
    save_checkpoint(tmp_path / "deep" / "c.pt", state)
    loaded = load_checkpoint(tmp_path / "deep" / "c.pt")
    assert (loaded["step"], loaded["rng"]) == (3, state["rng"])
    assert torch.equal(loaded["weights"], state["weights"])
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["c.pt"]


def test_a_crash_leaves_the_older_one(tmp_path):
    path = tmp_path / "c.pt"
    save_checkpoint(path, {"step": 1})
    with pytest.raises(RuntimeError, match="disk"):
        save_checkpoint(path, {"step": 2, "bad": Unsaveable()})
    assert load_checkpoint(path) == {"step": 1}


def test_missing_and_damaged(tmp_path):
    path = tmp_path / "c.pt"
    with pytest.raises(ModelMismatch, match="no such checkpoint"):
        load_checkpoint(path)
    save_checkpoint(path, {"weights": torch.arange(1000.0)})
    content = path.read_bytes()
    for damaged in (b"", b"nothing", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ModelMismatch, match="not a readable checkpoint"):
            load_checkpoint(path)
