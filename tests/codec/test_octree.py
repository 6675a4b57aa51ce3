"""decode_octree(encode_octree(codes)) = codes; the bytes are the same on every machine; hostile bytes are corrupt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc import ops
from pcc.codec.octree import decode_octree, encode_octree, estimate_bits
from pcc.codec.walk import walk
from pcc.errors import CorruptStream
from pcc.geometry.octree import leaf_codes
from pcc.inference.program import Program
from pcc.ops.tables import TOTAL, tree_frequencies
from tests.networks import config_of, exported, random_network
from tests.trees import ORDERS, SOME_ORDERS, name_of, random_codes

PROGRAMS = {name_of(order): (order, 0) for order in SOME_ORDERS} | {
    "8x4 and lone nodes": (SOME_ORDERS[1], 16),
    "8x2 by colour and lone nodes": (SOME_ORDERS[2], 32),
}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request, tmp_path_factory):
    order, lone_hidden = PROGRAMS[request.param]
    config = config_of(order, (1, 1), (1, 3), lone_hidden)
    return exported(random_network(config, seed=5), tmp_path_factory.mktemp("model") / "m.safetensors")


def line(depth):
    """The voxels (i, 0, 0)."""
    from pcc.ops import morton

    x = np.arange(min(1 << depth, 300), dtype=np.int32)
    return np.sort(morton.encode(np.stack([x, 0 * x, 0 * x], 1)))


def clouds():
    rng = np.random.default_rng(11)
    yield from ((f"one voxel, depth {d}", np.array([(1 << 3 * d) - 1], np.uint64), d) for d in (1, 2, 20, 21))
    yield from ((f"first voxel, depth {d}", np.zeros(1, np.uint64), d) for d in (1, 21))
    yield "two corners", np.array([0, (1 << 63) - 1], np.uint64), 21
    yield "lone nodes from level 2 on", np.arange(8, dtype=np.uint64) * np.uint64(((1 << 63) - 1) // 7), 21
    yield from ((f"random, depth {d}", random_codes(rng, 300, d), d) for d in (1, 2, 3, 7, 14, 21))
    yield from ((f"full block, depth {d}", np.arange(1 << 3 * d, dtype=np.uint64), d) for d in (1, 2, 4))
    yield "line", line(9), 9
    yield "one of every octant", np.arange(8, dtype=np.uint64) << np.uint64(9), 4


CLOUDS = list(clouds())


@pytest.mark.parametrize(("codes", "depth"), [c[1:] for c in CLOUDS], ids=[c[0] for c in CLOUDS])
@pytest.mark.parametrize("offset", [0, 10])
def test_round_trip(program, codes, depth, offset):
    """Codes come back; the size is about the information content, though this program knows nothing of clouds."""
    data = encode_octree(codes, depth, program, offset)
    decoded = decode_octree(data, depth, len(codes), program, offset)
    assert decoded.dtype == np.uint64
    np.testing.assert_array_equal(decoded, codes)
    bits = estimate_bits(codes, depth, program, offset)
    assert abs(8 * len(data) - bits) <= 0.02 * bits + 64


@pytest.mark.parametrize("lone_hidden", [0, 16])
@pytest.mark.parametrize("order", ORDERS, ids=name_of)
def test_round_trip_in_every_order(tmp_path, rng, order, lone_hidden):
    """All 32 orders, also those that differ in name only; the estimate is the information of the same symbols."""
    config = config_of(order, lone_hidden=lone_hidden)
    program = exported(random_network(config, seed=9), tmp_path / "m.safetensors")
    codes = random_codes(rng, 500, 4)
    data = encode_octree(codes, 4, program, 0)
    np.testing.assert_array_equal(decode_octree(data, 4, len(codes), program, 0), codes)
    bits = estimate_bits(codes, 4, program, 0)
    assert abs(8 * len(data) - bits) <= 0.02 * bits + 64


class Sampler:
    """A coder that draws symbols from the distributions that it is handed."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def tree(self, logits, certain, values):
        values = np.zeros(len(logits), np.uint8)
        for bit in range(logits.shape[1].bit_length()):
            frequencies = tree_frequencies(logits, values, certain, bit)
            values |= (self.rng.integers(0, TOTAL, len(logits)) < frequencies).astype(np.uint8) << np.uint8(bit)
        return values


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimate(program, seed):
    """For trees drawn from the model itself, 8 len(bytes) = estimated bits within 0.1 % and the stream's end."""
    front = walk(program, Sampler(seed), 6)
    codes = leaf_codes(front.level, front.occupancy)
    data = encode_octree(codes, 6, program, 0)
    bits = estimate_bits(codes, 6, program, 0)
    assert bits > 5000
    assert 0 <= 8 * len(data) - bits <= 0.001 * bits + 40


def test_every_kernel_writes_and_reads_the_same_bytes(program, rng):
    """bytes(isa, threads) = bytes(scalar, 1), and each decodes what another wrote."""
    codes, before, streams = random_codes(rng, 4000, 6), ops.isa(), {}
    try:
        for isa in ops.available_isas():
            for threads in (1, 3):
                ops.set_isa(isa)
                ops.set_num_threads(threads)
                streams[isa, threads] = encode_octree(codes, 6, program, 0)
                first = next(iter(streams.values()))
                np.testing.assert_array_equal(decode_octree(first, 6, len(codes), program, 0), codes)
    finally:
        ops.set_isa(before)
        ops.set_num_threads(0)
    assert len(set(streams.values())) == 1


def test_threads_share_a_program(program, rng):
    """Several Python threads, each with clouds of its own: as one after the other."""
    clouds = [random_codes(rng, num, 4) for num in (1, 50, 400, 900)] * 2
    expected = [encode_octree(codes, 4, program, 0) for codes in clouds]
    fresh = Program(program.path)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda codes: encode_octree(codes, 4, fresh, 0), clouds)) == expected
        found = pool.map(lambda data, codes: decode_octree(data, 4, len(codes), fresh, 0), expected, clouds)
        for got, codes in zip(found, clouds, strict=True):
            np.testing.assert_array_equal(got, codes)


@pytest.fixture(scope="module")
def stream(program):
    codes = random_codes(np.random.default_rng(3), 60, 4)
    return encode_octree(codes, 4, program, 0), codes


def hostile(program, data, depth, num_voxels, offset=0):
    """Decodes, or says that the stream is corrupt: nothing else may happen."""
    try:
        return decode_octree(data, depth, num_voxels, program, offset)
    except CorruptStream:
        return None


def test_every_truncation_is_corrupt(program, stream):
    data, codes = stream
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            decode_octree(data[:size], 4, len(codes), program, 0)
    with pytest.raises(CorruptStream):
        decode_octree(data + b"\0\0", 4, len(codes), program, 0)


def test_flipped_bits_decode_to_something_else_or_are_corrupt(program, stream):
    """A flip may by chance give another valid tree of as many voxels, never the same one, and mostly none."""
    data, codes = stream
    survivors = 0
    for i in range(len(data)):
        for mask in (1, 0x10, 0x80):
            decoded = hostile(program, data[:i] + bytes([data[i] ^ mask]) + data[i + 1 :], 4, len(codes))
            if decoded is not None:
                survivors += 1
                assert len(decoded) == len(codes)
                assert not np.array_equal(decoded, codes)
    assert survivors < len(data) / 10


@pytest.mark.parametrize("change", [-59, -1, 1, 1000])
def test_wrong_number_of_voxels(program, stream, change):
    data, codes = stream
    with pytest.raises(CorruptStream):
        decode_octree(data, 4, len(codes) + change, program, 0)


@pytest.mark.parametrize("depth", [1, 3, 5, 21])
def test_wrong_depth(program, stream, depth):
    data, codes = stream
    with pytest.raises(CorruptStream):
        decode_octree(data, depth, len(codes), program, 0)


@pytest.mark.parametrize("offset", [1, 255])
def test_wrong_level_offset(program, stream, offset):
    """Other tables: other symbols. Any offset that a stream can hold is safe."""
    data, codes = stream
    with pytest.raises(CorruptStream):
        decode_octree(data, 4, len(codes), program, offset)


def test_noise(program):
    """Random bytes of every length with a large voxel count: corrupt, or a valid tree, and never much work."""
    rng = np.random.default_rng(1)
    for size in [*range(40), 300]:
        data = bytes([1 + size % 4]) + rng.bytes(size)
        decoded = hostile(program, data, 21, 5000)
        assert decoded is None or len(decoded) == 5000


def test_wrong_arguments(program):
    with pytest.raises(ValueError, match="depth"):
        encode_octree(np.zeros(1, np.uint64), 0, program, 0)
    with pytest.raises(ValueError, match="ascending"):
        encode_octree(np.array([3, 3], np.uint64), 2, program, 0)
    for codes in ([], [8]):
        with pytest.raises(ValueError, match="codes"):
            encode_octree(np.array(codes, np.uint64), 1, program, 0)
