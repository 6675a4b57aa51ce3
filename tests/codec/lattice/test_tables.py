"""Tables in streams: found in any frame, the first of a digest, and each read once however many frames ask."""

from __future__ import annotations

import pcc
from pcc.codec.container import frame_spans, join
from pcc.codec.info import describe
from pcc.codec.lattice import tables
from pcc.codec.lattice.tables import tables_of
from pcc.codec.session import Session
from pcc.sensors import known
from tests.sensors.turns import small_turn


def frames_of(stream: bytes) -> list[bytes]:
    return [stream[start:end] for start, end in frame_spans(stream)]


def drive(table, num_frames: int = 5) -> bytes:
    """The table is in the first frame."""
    stream = pcc.encode(small_turn(table))
    for seed in range(1, num_frames):
        stream = pcc.append(stream, small_turn(table, seed=seed))
    return stream


def count_calls(monkeypatch, home, name: str) -> list[int]:
    calls, function = [0], getattr(home, name)

    def counted(*arguments):
        calls[0] += 1
        return function(*arguments)

    monkeypatch.setattr(home, name, counted)
    return calls


def test_a_file_is_searched_once(installed, table, tmp_path, monkeypatch):
    """Whether the table is in the first frame or the last, for decoding and for describing."""
    first = drive(table)
    last = join([*frames_of(first)[1:], frames_of(first)[0]])
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path / "nowhere"))
    for stream, most in ((first, 1), (last, 5)):
        for read in (lambda data: list(pcc.decode_frames(data)), describe):
            parsed = count_calls(monkeypatch, tables, "embedded_table")
            listed = count_calls(monkeypatch, known, "known_tables")
            assert len(read(stream)) == 5
            assert parsed[0] == most
            assert listed[0] == 1


def test_the_first_of_a_digest_is_found(installed, table, tmp_path, monkeypatch):
    frame = frames_of(pcc.encode(small_turn(table)))[0]
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path / "nowhere"))
    stream = join([frame, frame])
    assert [found.digest for found in tables_of(stream)] == [table.digest] * 2
    session = Session(stream)
    assert session.find_table(table.digest) is session.find_table(table.digest)
    assert session.find_table(bytes(16)) is None
    assert session.find_table(table.digest).digest == table.digest


def test_known_tables_come_first(installed, table):
    assert Session(drive(table, 2)).find_table(table.digest).name == table.name


def test_damaged_frames_have_none(installed, table, tmp_path, monkeypatch):
    frames = frames_of(drive(table, 2))
    damaged = frames[0][:60] + bytes([frames[0][60] ^ 1]) + frames[0][61:]
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path / "nowhere"))
    assert list(tables_of(join([damaged, frames[1]]))) == []
