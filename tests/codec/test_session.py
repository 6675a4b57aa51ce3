"""A file while its frames are decoded: where they are, one purse, and tables that are looked for once."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.container import frame_spans
from pcc.codec.decoder import decode_frame
from pcc.codec.limits import Limits, nodes_of
from pcc.codec.session import Session
from pcc.errors import CorruptStream, LimitExceeded, ModelMismatch
from pcc.inference import registry


def three_frames() -> bytes:
    stream = pcc.encode(pcc.PointCloud(np.zeros((1, 3), np.int16)))
    for x in (1, 2):
        stream = pcc.append(stream, pcc.PointCloud(np.full((1, 3), x, np.int16)))
    return stream


def test_spans_are_those_of_the_file():
    stream = three_frames()
    assert Session(stream).spans == frame_spans(stream)
    with pytest.raises(CorruptStream, match="truncated"):
        _ = Session(stream[:80]).spans


def test_any_frame_is_decoded_alone():
    """In any order, with a session or without."""
    stream = three_frames()
    session = Session(stream)
    for index in (2, 0, 1):
        for given in (session, None):
            assert decode_frame(stream, session.spans[index], session=given).xyz.tolist() == [[index] * 3]


def test_a_frame_has_a_purse_by_its_own_bytes():
    """A small frame in a large file may not ask for what the file's bytes allow."""
    stream = three_frames()
    session = Session(stream)
    start, end = session.spans[0]
    work = session.work_on(session.spans[0])
    assert (work.limit, work.num_bytes, work.spent) == (nodes_of(end - start), end - start, 64)
    assert work.whole is not None
    assert (work.whole.limit, work.whole.num_bytes) == (nodes_of(len(stream)), len(stream))


def test_opening_many_frames_costs():
    stream = three_frames()
    session = Session(stream, Limits(max_nodes=150))
    for span in session.spans[:2]:
        session.work_on(span)
    with pytest.raises(LimitExceeded):
        session.work_on(session.spans[2])


def test_an_unknown_table_is_none():
    assert Session(three_frames()).find_table(bytes(16)) is None


def test_a_model_is_looked_for_once(monkeypatch):
    """However many frames name it; one that is not installed is no entry."""
    asked = []

    def find(digest: bytes) -> str:
        asked.append(digest)
        if digest == b"b":
            raise ModelMismatch("not installed")
        return "model"

    monkeypatch.setattr(registry, "find_model_by_digest", find)
    session = Session(three_frames())
    assert [session.find_model(b"a") for _ in range(3)] == ["model"] * 3
    with pytest.raises(ModelMismatch):
        session.find_model(b"b")
    assert asked == [b"a", b"b"]
