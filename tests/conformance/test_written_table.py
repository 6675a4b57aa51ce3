"""written_table.frames(file) = pcc's frames; a table is valid where the document says so, and only there."""

from __future__ import annotations

import pytest

from pcc.codec.container import append, frame_spans, join, write_chunk
from pcc.codec.header import PREAMBLE_BYTES, write_preamble
from pcc.errors import CorruptStream
from tests.codec.test_container import ODD_STREAMS, A, B, C, X, stream_of
from tests.conformance import written_table
from tests.conformance.written_decoder import Corrupt


@pytest.mark.parametrize("name", ODD_STREAMS)
def test_odd_streams(name):
    """Both find the same frames; no table of these is valid."""
    stream = stream_of(*ODD_STREAMS[name][0])
    assert written_table.frames(stream) == frame_spans(stream)
    assert written_table.table(stream) is None


@pytest.mark.parametrize("num_frames", [2, 3, 200])
def test_tables_that_the_package_writes_are_valid(num_frames):
    stream = join(([A, B, C] * 70)[:num_frames])
    assert written_table.table(stream) == frame_spans(stream)
    appended = append(stream + X + A, B)
    assert written_table.table(appended) == frame_spans(appended)


def test_concatenation_makes_a_table_invalid():
    stream = join([A, B]) + join([A, B])[PREAMBLE_BYTES:]
    assert written_table.table(stream) is None
    assert written_table.frames(stream) == frame_spans(stream)


def test_damage_is_found():
    """Both reject the same files that are cut or whose chunks are not in frames."""
    stream = join([A, B]) + X
    for size in range(PREAMBLE_BYTES, len(stream)):
        try:
            found = frame_spans(stream[:size])
        except CorruptStream:
            with pytest.raises((Corrupt, IndexError)):
                written_table.frames(stream[:size])
        else:
            assert written_table.frames(stream[:size]) == found
    for tag in (b"G", b"D", b"1"):
        bad = write_preamble() + write_chunk(tag, b"") + A
        with pytest.raises(CorruptStream):
            frame_spans(bad)
        with pytest.raises(Corrupt):
            written_table.frames(bad)
