"""Hostile streams end in CorruptStream, LimitExceeded or ModelMismatch: never a crash, a hang or much memory."""

from __future__ import annotations

import tracemalloc
from itertools import starmap

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pcc
from pcc.codec.container import DIGEST, FIELD, GEOMETRY, HEADER, MULTIPLICITY, frame_chunks, frame_spans, write_chunk
from pcc.codec.fields import encode_field
from pcc.codec.geometry import GeometryHeader, write_geometry_header
from pcc.codec.header import FrameHeader, write_header, write_preamble
from pcc.codec.info import describe
from pcc.codec.limits import Limits
from pcc.codec.wire import varint
from pcc.errors import CorruptStream, LimitExceeded, ModelMismatch
from pcc.geometry.voxels import Grid
from pcc.inference.registry import find_model
from pcc.pointcloud import PointCloud
from tests.streams import with_mask

HOSTILE = (CorruptStream, LimitExceeded, ModelMismatch)
GRID = Grid(1.0, 1.0, (0, 0, 0), np.dtype(np.int32))


def small_cloud() -> PointCloud:
    """Every kind of chunk in a few hundred bytes."""
    rng = np.random.default_rng(1)
    xyz = rng.integers(0, 5, (40, 3)).astype(np.int16)
    return PointCloud(xyz, {"i": np.arange(40, dtype=np.uint8), "v": np.ones((40, 2), np.float32)})


def small_stream() -> bytes:
    """All levels by a model."""
    return pcc.encode(small_cloud(), fallback=False)


def adaptive_stream() -> bytes:
    """No level by a model."""
    return pcc.encode(small_cloud(), model="adaptive")


def mixed_stream() -> bytes:
    """The first and the last of three levels by a model."""
    return with_mask(small_cloud(), find_model("dense"), 0b010)


STREAMS = [small_stream, adaptive_stream, mixed_stream]


def one_voxel_stream() -> bytes:
    """No geometry, so that no model runs: three points in one voxel, with a field."""
    return pcc.encode(PointCloud(np.zeros((3, 3), np.int16), {"i": np.arange(3, dtype=np.uint16)}))


def rebuilt(stream: bytes, change) -> bytes:
    """The stream with every chunk's payload passed through ``change(tag, payload)``, checksums made right again."""
    chunks = frame_chunks(stream, frame_spans(stream)[0])
    return write_preamble() + b"".join(write_chunk(c.tag, change(c.tag, bytes(c.payload))) for c in chunks)


@pytest.mark.parametrize("stream", [*STREAMS, one_voxel_stream])
def test_every_truncation_is_corrupt(stream):
    data = stream()
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            pcc.decode(data[:size])


@pytest.mark.parametrize("stream", [*STREAMS, one_voxel_stream])
def test_every_flipped_byte_is_corrupt(stream):
    data = stream()
    for i in range(len(data)):
        for mask in (1, 0x20, 0x80, 0xFF):
            with pytest.raises(CorruptStream):
                pcc.decode(data[:i] + bytes([data[i] ^ mask]) + data[i + 1 :])


@pytest.mark.parametrize("stream", [*STREAMS, one_voxel_stream])
def test_changes_with_right_checksums_are_noticed_too(stream):
    """Every byte of every payload changed and the chunk's checksum repaired: an error, or the same decoded values."""
    data = stream()
    expected = pcc.decode(data)
    tags = [chunk.tag for chunk in frame_chunks(data, frame_spans(data)[0])]
    sizes = {c.tag: len(c.payload) for c in frame_chunks(data, frame_spans(data)[0])}
    for tag in tags:
        for i in range(sizes[tag]):

            def flip(t: bytes, payload: bytes, tag: bytes = tag, i: int = i) -> bytes:
                if t != tag or i >= len(payload):
                    return payload
                return payload[:i] + bytes([payload[i] ^ 0x11]) + payload[i + 1 :]

            try:
                decoded = pcc.decode(rebuilt(data, flip), limits=Limits(max_points=1000, max_field_bytes=100_000))
            except HOSTILE:
                continue
            assert decoded.xyz.tobytes() == expected.xyz.tobytes()
            assert {n: v.tobytes() for n, v in decoded.fields.items()} == {
                n: v.tobytes() for n, v in expected.fields.items()
            }


@given(st.binary(max_size=200))
def test_random_bytes_are_corrupt(data):
    with pytest.raises(CorruptStream):
        pcc.decode(data)
    with pytest.raises((CorruptStream, LimitExceeded)):
        pcc.decode(write_preamble() + data)


@given(st.lists(st.tuples(st.sampled_from([HEADER, GEOMETRY, MULTIPLICITY, FIELD, DIGEST]), st.binary(max_size=40))))
@example([(HEADER, b""), (DIGEST, b""), (HEADER, b""), (DIGEST, b"")])
def test_random_chunks_with_right_checksums_are_corrupt(chunks):
    """They may make several frames, or none."""
    stream, limits = write_preamble() + b"".join(starmap(write_chunk, chunks)), Limits(max_points=1000)
    with pytest.raises(HOSTILE):
        list(pcc.decode_frames(stream, limits=limits)) or pcc.decode(stream, limits=limits)


@given(st.binary(max_size=60), st.integers(2, 1000), st.integers(1, 21))
def test_random_geometry_is_corrupt(payload, num_voxels, depth):
    """A sound header and an octree of random bytes, for an installed model, for none, and for some levels."""
    num_points, num_voxels = num_voxels, min(num_voxels, 8**depth)
    for mask in masks(depth):
        header = FrameHeader(GRID, depth, num_points, num_voxels, adaptive=mask > 0)
        with pytest.raises(CorruptStream):
            pcc.decode(one_frame(header, geometry_start(mask, depth) + payload))


def masks(depth: int) -> list[int]:
    """No level, all, and every other one but the root."""
    return [0, (1 << depth) - 1, *([0xAAAAAAAA & (1 << depth) - 1] if depth > 1 else [])]


def geometry_start(mask: int, depth: int) -> bytes:
    """What lies before the octree in a geometry chunk."""
    digest = None if mask == (1 << depth) - 1 else find_model("dense").digest
    return write_geometry_header(GeometryHeader(digest, 0, mask))


def one_frame(header: FrameHeader, geometry: bytes) -> bytes:
    chunks = [(HEADER, write_header(header)), (GEOMETRY, geometry), (DIGEST, bytes(16))]
    return write_preamble() + b"".join(write_chunk(tag, body) for tag, body in chunks)


@pytest.mark.parametrize("mask", [0, 0b1000, 1 << 21, 1 << 63])
def test_masks_that_no_encoder_writes_are_corrupt(mask):
    """Zero, and levels that a depth of 3 does not have."""
    geometry = varint(mask) + find_model("dense").digest + bytes(20)
    with pytest.raises(CorruptStream, match="mask"):
        pcc.decode(one_frame(FrameHeader(GRID, 3, 9, 9, adaptive=True), geometry))


@pytest.mark.parametrize("num_voxels", [0, 1])
def test_adaptive_levels_need_an_octree(num_voxels):
    for flags in ({"adaptive": True}, {"calibrated": True}):
        header = write_header(FrameHeader(GRID, 0, num_voxels, num_voxels, **flags))
        with pytest.raises(CorruptStream, match="of an octree"):
            pcc.decode(write_preamble() + write_chunk(HEADER, header) + write_chunk(DIGEST, bytes(16)))


@pytest.mark.parametrize("fill", [0x00, 0xFF, 0xA5, None])
@pytest.mark.parametrize("depth", [8, 21])
def test_a_sound_coder_state_with_hostile_words_is_corrupt(fill, depth):
    """One lane, a valid state, 20 kB of words: the walk runs and must end in CorruptStream, however the tree grows."""
    words = np.random.default_rng(depth).bytes(20_000) if fill is None else bytes([fill]) * 20_000
    for mask in masks(depth):
        payload = geometry_start(mask, depth) + b"\x01" + (1 << 16).to_bytes(4, "little") + words
        with pytest.raises(CorruptStream):
            pcc.decode(one_frame(FrameHeader(GRID, depth, 1 << 20, 1 << 20, adaptive=mask > 0), payload))


def test_huge_counts_take_no_memory():
    """A stream of 100 bytes that promises 2^25 points in 2^25 voxels is refused before they are allocated."""
    header = FrameHeader(GRID, 21, 1 << 25, 1 << 25)
    body = write_chunk(HEADER, write_header(header)) + write_chunk(DIGEST, bytes(16))
    tracemalloc.start()
    with pytest.raises(CorruptStream):
        pcc.decode(write_preamble() + body)
    with pytest.raises(LimitExceeded):
        pcc.decode(write_preamble() + body, limits=Limits(max_points=1 << 24))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_limits_of_fields():
    data = pcc.encode(PointCloud(np.zeros((1000, 3), np.int8), {"a": np.zeros(1000), "b": np.zeros(1000)}))
    pcc.decode(data, limits=Limits(max_points=1000, max_fields=2, max_field_bytes=16000))
    for limits in (Limits(max_points=999), Limits(max_fields=1), Limits(max_field_bytes=15999)):
        with pytest.raises(LimitExceeded):
            pcc.decode(data, limits=limits)


def test_multiplicities_must_sum_to_the_points():
    def add_one(tag: bytes, payload: bytes) -> bytes:
        return payload[:-1] + bytes([payload[-1] + 1]) if tag == MULTIPLICITY else payload

    data = pcc.encode(PointCloud(np.zeros((3, 3), np.int16)))
    with pytest.raises(CorruptStream):
        pcc.decode(rebuilt(data, add_one))


def test_fields_of_one_name_are_corrupt():
    chunks = [(HEADER, write_header(FrameHeader(GRID, 0, 1, 1)))]
    chunks += [(FIELD, encode_field("a", np.zeros(1, np.uint8)))] * 2 + [(DIGEST, bytes(16))]
    with pytest.raises(CorruptStream, match="twice"):
        pcc.decode(write_preamble() + b"".join(write_chunk(tag, body) for tag, body in chunks))


def test_a_wrong_digest_is_corrupt():
    data = one_voxel_stream()
    for size in (0, 15, 16, 17):
        with pytest.raises(CorruptStream, match="digest mismatch"):
            pcc.decode(rebuilt(data, lambda tag, payload, size=size: bytes(size) if tag == DIGEST else payload))


def test_a_missing_model_is_named_by_its_digest():
    def other_model(tag: bytes, payload: bytes) -> bytes:
        return bytes(range(16)) + payload[16:] if tag == GEOMETRY else payload

    with pytest.raises(ModelMismatch, match="000102030405060708090a0b0c0d0e0f"):
        pcc.decode(rebuilt(small_stream(), other_model))


def test_another_model_than_the_streams_is_refused():
    from pcc.inference.registry import load_program, model_paths

    data = small_stream()
    digest = describe(data)[0].model_digest
    others = [program for program in map(load_program, model_paths()) if program.digest != digest]
    for program in others:
        with pytest.raises(ModelMismatch, match=program.name):
            pcc.decode(data, model=program)
