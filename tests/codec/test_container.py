"""Chunks and frames: what is written is found again, whatever a seek table says; damage is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcc.codec import container
from pcc.codec.container import frame_chunks, frame_spans, join, read_chunk, write_chunk, write_seek_table
from pcc.codec.header import PREAMBLE_BYTES, write_preamble
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
def test_frames_are_found(num_frames):
    """spans(join(frames)) = where the frames lie; with two frames or more a table says the same."""
    frames = [frame(b"H", b"D", payload=bytes(i)) for i in range(num_frames)]
    stream = join(frames)
    spans = frame_spans(stream)
    assert [stream[a:b] for a, b in spans] == frames
    assert stream[spans[-1][1] if spans else PREAMBLE_BYTES :] == write_seek_table(spans)


def test_seek_table_literal():
    """Two frames, 0 bytes before each, of 12 and 13 bytes; 14 bytes of table."""
    stream = join([frame(b"H", b"D", payload=b""), frame(b"H", b"D", payload=b"")[:6] + write_chunk(b"D", b"x")])
    body = b"t\x09" + b"\x02\x00\x0c\x00\x0d" + (15).to_bytes(4, "little")
    assert stream[PREAMBLE_BYTES + 25 :] == body + crc32c(body).to_bytes(4, "little")


def test_one_frame_has_no_table():
    assert len(join([FRAME])) == PREAMBLE_BYTES + len(FRAME)


@pytest.mark.parametrize("num_frames", [1, 2, 3])
def test_appending_equals_joining(num_frames):
    """append(join(f[:-1]), f[-1]) = join(f)."""
    frames = [frame(b"H", b"D", payload=bytes(i)) for i in range(num_frames)]
    assert container.append(join(frames[:-1]), frames[-1]) == join(frames)


def stream_of(*parts: bytes) -> bytes:
    return write_preamble() + b"".join(parts)


A, B, C = (frame(b"H", b"A", b"D", payload=bytes([i])) for i in range(3))
X = write_chunk(b"x", b"unknown, optional")
TABLE = write_seek_table([(15, 15 + len(A)), (15 + len(A), 15 + len(A + B))])
DAMAGED = TABLE[:-1] + bytes([TABLE[-1] ^ 1])
ODD_STREAMS = {
    "no table": ([A, B, C], [A, B, C]),
    "damaged": ([A, B, DAMAGED], [A, B]),
    "of fewer frames": ([A, B, C, TABLE], [A, B, C]),
    "of other frames": ([A, X, B, write_seek_table([(15, 15 + len(A)), (15 + len(A), 15 + len(A + X))])], [A, B]),
    "into an optional chunk": (
        [A, write_chunk(b"x", B), C, write_seek_table([(15, 15 + len(A)), (17 + len(A), 17 + len(A + B))])],
        [A, C],
    ),
    "of no frame": ([A, B, write_chunk(b"t", b"\0" + (11).to_bytes(4, "little"))], [A, B]),
    "overlapping": ([A, B, write_seek_table([(15, 15 + len(A + B)), (15 + len(A + B), 15 + len(A + B))])], [A, B]),
    "skipping bytes": (
        [A, B, C, write_seek_table([(15, 15 + len(A)), (15 + len(A + B), 15 + len(A + B + C))])],
        [A, B, C],
    ),
    "beyond the end": ([A, B, write_seek_table([(15, 15 + len(A)), (15 + len(A), 1 << 40)])], [A, B]),
    "two": ([A, B, TABLE, C, A, TABLE], [A, B, C, A]),
    "two at the end": ([A, B, TABLE, TABLE], [A, B]),
    "before the end": ([A, B, TABLE, X], [A, B]),
    "before other frames": ([A, B, TABLE, C], [A, B, C]),
    "in a frame": ([A[:7], TABLE, A[7:], B], [A[:7] + TABLE + A[7:], B]),
    "alone": ([TABLE], []),
    "optional chunks everywhere": ([X, A, X, X, B, X], [A, B]),
}


@pytest.mark.parametrize("name", ODD_STREAMS)
def test_no_table_hides_or_adds_a_frame(name):
    """spans(stream) = what a walk over the chunks finds, whatever a table says."""
    parts, frames = ODD_STREAMS[name]
    stream = stream_of(*parts)
    assert [stream[a:b] for a, b in frame_spans(stream)] == frames


@pytest.mark.parametrize("name", ODD_STREAMS)
def test_appending_keeps_all_that_there_was(name):
    """frames(append(s, f)) = frames(s) + [f]; but for a table at the end every byte stays."""
    parts, frames = ODD_STREAMS[name]
    stream = stream_of(*parts)
    extended = container.append(stream, C)
    spans = frame_spans(extended)
    assert [extended[a:b] for a, b in spans] == [*frames, C]
    while parts and parts[-1].startswith(b"t"):
        parts = parts[:-1]
    assert extended == stream_of(*parts) + C + write_seek_table(spans)


def test_concatenated_streams_are_one_stream():
    """frames(S + T without its preamble) = frames(S) + frames(T), where both end in tables."""
    for first, second in (([A, B], [C, A]), ([A, B, C], [frame(b"H", b"D", payload=bytes(300))] * 2)):
        stream = join(first) + join(second)[PREAMBLE_BYTES:]
        assert [stream[a:b] for a, b in frame_spans(stream)] == first + second


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
