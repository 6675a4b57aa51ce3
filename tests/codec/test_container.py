"""Chunks and frames: what is written is found again, by seek table and by scanning; damage is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec import container
from pcc.codec.container import frame_chunks, frame_spans, join, read_chunk, scan, write_chunk
from pcc.codec.header import PREAMBLE_BYTES
from pcc.codec.limits import Limits
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream, LimitExceeded
from pcc.ops.checksum import crc32c


def frame(*tags: bytes, payload: bytes = b"abc") -> bytes:
    return b"".join(write_chunk(tag, payload) for tag in tags)


FRAME = frame(b"H", b"G", b"A", b"A", b"D")


def test_chunk_literal():
    body = b"G\x03abc"
    assert write_chunk(b"G", b"abc") == body + crc32c(body).to_bytes(4, "little")
    assert len(write_chunk(b"G", b"")) == 6


@given(st.sampled_from([b"H", b"x"]), st.binary(max_size=300))
def test_read_inverts_write(tag, payload):
    """read(write(tag, payload)) = (tag, payload)."""
    chunk = read_chunk(Reader(write_chunk(tag, payload)))
    assert (chunk.tag, bytes(chunk.payload), chunk.optional) == (tag, payload, tag == b"x")


def test_every_change_of_a_chunk_is_corrupt():
    good = write_chunk(b"G", b"payload")
    for i in range(len(good)):
        with pytest.raises(CorruptStream):
            read_chunk(Reader(good[:i]))
        for bit in range(8):
            with pytest.raises(CorruptStream):
                read_chunk(Reader(good[:i] + bytes([good[i] ^ 1 << bit]) + good[i + 1 :]))


def test_a_length_beyond_the_end_is_corrupt():
    for length in (5, 2**31, 2**63):
        with pytest.raises(CorruptStream, match="truncated"):
            read_chunk(Reader(b"G" + varint(length) + b"abcd"))


@pytest.mark.parametrize("num_frames", [0, 1, 2, 3, 300])
def test_frames_are_found_by_table_and_by_scanning(num_frames):
    """spans(join(frames)) = scan(join(frames)) = where the frames lie."""
    frames = [frame(b"H", b"D", payload=bytes(i)) for i in range(num_frames)]
    stream = join(frames)
    spans = frame_spans(stream)
    assert [stream[a:b] for a, b in spans] == frames
    assert scan(stream) == spans
    assert (container._read_seek_table(memoryview(stream), Limits()) is not None) == (num_frames > 1)


def test_one_frame_has_no_table():
    assert len(join([FRAME])) == PREAMBLE_BYTES + len(FRAME)


@pytest.mark.parametrize("num_frames", [1, 2, 3])
def test_appending_equals_joining(num_frames):
    """append(join(f[:-1]), f[-1]) = join(f)."""
    frames = [frame(b"H", b"D", payload=bytes(i)) for i in range(num_frames)]
    assert container.append(join(frames[:-1]), frames[-1]) == join(frames)


def test_a_damaged_or_missing_table_is_replaced_by_scanning():
    stream = join([FRAME, FRAME])
    spans = frame_spans(stream)
    table = spans[-1][1]
    assert frame_spans(stream[:table]) == spans
    for i in range(table + 2, len(stream)):
        assert frame_spans(stream[:i] + bytes([stream[i] ^ 255]) + stream[i + 1 :]) == spans


def test_a_stale_table_between_frames_is_skipped():
    stream = join([FRAME, FRAME])
    extended = stream + FRAME
    assert [extended[a:b] for a, b in frame_spans(extended)] == [FRAME] * 3


@pytest.mark.parametrize(
    "tags", [[b"D"], [b"G", b"D"], [b"H"], [b"H", b"H", b"D"], [b"H", b"D", b"G"], [b"H", b"D", b"\x00"]]
)
def test_streams_of_incomplete_frames_are_corrupt(tags):
    with pytest.raises(CorruptStream):
        frame_spans(join([frame(*tags)]))


def test_too_many_frames_exceed_the_limit():
    for stream in (join([FRAME] * 3), join([FRAME] * 3)[: PREAMBLE_BYTES + 3 * len(FRAME)]):
        with pytest.raises(LimitExceeded, match="frames"):
            frame_spans(stream, Limits(max_frames=2))


def chunks_of(data: bytes) -> list[bytes]:
    return [chunk.tag for chunk in frame_chunks(data, (0, len(data)))]


def test_optional_chunks_are_skipped_and_required_ones_named():
    assert chunks_of(frame(b"H", b"x", b"G", b"y", b"D", b"z")) == [b"H", b"G", b"D"]
    with pytest.raises(CorruptStream, match=r"'Q'.*newer"):
        chunks_of(frame(b"H", b"Q", b"D"))


@pytest.mark.parametrize(
    "tags", [b"HGGD", b"HMMD", b"HAGD", b"HMGD", b"HDA", b"GD", b"xHD", b"HG", b"HDD", b"HDHD", b"H", b""]
)
def test_chunks_out_of_place_are_corrupt(tags):
    with pytest.raises(CorruptStream):
        chunks_of(frame(*(bytes([tag]) for tag in tags)))
