"""rANS: equal bytes on every instruction set, round trips, literal streams, damaged streams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcc import ops
from pcc.errors import CorruptStream
from pcc.ops import rans

LANES = [1, 2, 3, 16, 32, 48, 64]


def random_binary(rng, count):
    """Frequencies of every size, and symbols that follow them."""
    p1 = np.clip(16384 / (1 + 2.0 ** rng.uniform(-16, 16, count)), 1, 16383).astype(np.uint16)
    return p1, (rng.integers(0, 16384, count) < p1).astype(np.uint8)


def random_tables(rng, count, num_symbols):
    cuts = [np.sort(rng.choice(np.arange(1, 16384), num_symbols - 1, replace=False)) for _ in range(count)]
    cdf = np.zeros((count, num_symbols + 1), np.uint16)
    cdf[:, 1:-1] = np.array(cuts).reshape(count, num_symbols - 1)
    cdf[:, -1] = 16384
    return cdf, rng.integers(0, num_symbols, count).astype(np.uint16)


def encode(calls, lanes):
    encoder = rans.RansEncoder(lanes)
    for frequencies, symbols in calls:
        (encoder.put_binary if frequencies.ndim == 1 else encoder.put_table)(frequencies, symbols)
    return encoder.finish()


def decode(data, calls, lanes):
    decoder = rans.RansDecoder(data, lanes)
    got = [(decoder.get_binary if f.ndim == 1 else decoder.get_table)(f) for f, _ in calls]
    decoder.finish()
    return got


def as_tables(calls):
    return [(f if f.ndim == 2 else rans.binary_cdf(f), symbols) for f, symbols in calls]


def test_literal_streams():
    """No symbols: every state is L. Even odds: x doubles at 0 and doubles plus M at 1, as worked out by hand."""
    assert rans.RansEncoder(2).finish() == bytes.fromhex("00000100 00000100")
    half = np.full(3, 8192, np.uint16)
    # 2^16 -1-> 8 * 2^14 + 8192 -> 139264; -1-> 17 * 16384 + 8192 = 286720; -0-> 35 * 16384 = 573440 = 0x8c000
    assert encode([(half, np.array([0, 1, 1], np.uint8))], 1) == bytes.fromhex("00c00800")
    rare = np.full(2, 1, np.uint16)
    # 2^16 -1-> 65536 * 16384 + 16383 = 0x40003fff; -1-> writes 0x3fff, 0x4000 * 16384 + 16383 = 0x10003fff
    assert encode([(rare, np.array([1, 1], np.uint8))], 1) == bytes.fromhex("ff3f0010 ff3f")


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("count", [0, 1, 63, 64, 1501])
def test_bytes_equal_reference(lanes, count, rng, isa):
    calls = [random_binary(rng, count), random_tables(rng, count, 5), random_binary(rng, 77), random_tables(rng, 9, 1)]
    data = encode(calls, lanes)
    assert data == rans.reference_encode(as_tables(calls), lanes)
    expected = [symbols for _, symbols in calls]
    for got, want in zip(decode(data, calls, lanes), expected, strict=True):
        assert (got == want).all()
    for got, want in zip(rans.reference_decode(data, [c for c, _ in as_tables(calls)], lanes), expected, strict=True):
        assert (got == want).all()


@pytest.mark.parametrize("lanes", LANES)
def test_large_streams_are_the_same_for_every_instruction_set(lanes, rng):
    """More symbols than one block of the encoder; every set writes the same bytes and reads the others'."""
    calls = [random_binary(rng, 200_003), random_tables(rng, 7001, 200), random_binary(rng, 131_072)]
    before, streams = ops.isa(), []
    try:
        for name in ops.available_isas():
            ops.set_isa(name)
            streams.append(encode(calls, lanes))
            for got, (_, want) in zip(decode(streams[0], calls, lanes), calls, strict=True):
                assert (got == want).all()
    finally:
        ops.set_isa(before)
    assert all(stream == streams[0] for stream in streams)
    bits = 0.0
    for cdf, symbols in as_tables(calls):
        bits += np.log2(16384 / np.diff(cdf.astype(int), axis=1)[np.arange(len(symbols)), symbols]).sum()
    assert bits / 8 < len(streams[0]) < bits / 8 * 1.0005 + 4 * lanes


def test_every_frequency_and_extreme_states(isa):
    """All 16383 frequencies with both symbols, where the encoder's division has its corner cases."""
    p1 = np.repeat(np.arange(1, 16384, dtype=np.uint16), 6)
    symbols = (np.arange(len(p1)) % 3 == 0).astype(np.uint8)
    for lanes in (1, 16):
        data = encode([(p1, symbols)], lanes)
        assert (decode(data, [(p1, symbols)], lanes)[0] == symbols).all()
    assert data == rans.reference_encode([(rans.binary_cdf(p1), symbols)], 16)


def test_finish_changes_nothing_and_takes_other_lanes(rng):
    encoder = rans.RansEncoder(4)
    calls = [random_binary(rng, 500)]
    encoder.put_binary(*calls[0])
    assert encoder.finish() == encoder.finish() == encode(calls, 4)
    assert encoder.finish(16) == encode(calls, 16)
    bits = np.log2(16384 / np.where(calls[0][1], calls[0][0], 16384 - calls[0][0].astype(float))).sum()
    assert encoder.approximate_bits == pytest.approx(bits, rel=0.01)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_calls_round_trip(data):
    lanes = data.draw(st.integers(1, 64))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    sizes = data.draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 20)), max_size=6))
    calls = [random_tables(rng, n, k) if k and n else random_binary(rng, n) for n, k in sizes]
    stream = encode(calls, lanes)
    assert stream == rans.reference_encode(as_tables(calls), lanes)
    for got, (_, want) in zip(decode(stream, calls, lanes), calls, strict=True):
        assert (got == want).all()


@pytest.mark.parametrize("lanes", [1, 3, 16, 32])
def test_truncated_and_longer_streams_are_corrupt(lanes, rng, isa):
    """Only the whole stream decodes: every prefix and every extension raises CorruptStream."""
    calls = [random_binary(rng, 300), random_tables(rng, 100, 9), random_binary(rng, 300)]
    data = encode(calls, lanes)
    for length in [*range(0, len(data), 7), len(data) - 1, len(data) - 2]:
        with pytest.raises(CorruptStream):
            decode(data[:length], calls, lanes)
    for tail in (b"\0", b"\0\0", bytes(1000)):
        with pytest.raises(CorruptStream):
            decode(data + tail, calls, lanes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 16, 32]))
def test_flipped_bits_never_return_the_original_as_valid(bit, lanes):
    """A changed stream is refused, or decodes to other symbols (then a checksum must tell): the code is injective."""
    calls = [random_binary(np.random.default_rng(1), 400), random_tables(np.random.default_rng(2), 50, 6)]
    data = bytearray(encode(calls, lanes))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    try:
        got = decode(bytes(data), calls, lanes)
    except CorruptStream:
        return
    assert any((a != b).any() for a, (_, b) in zip(got, calls, strict=True))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 64))
def test_random_bytes_end_in_corrupt_stream_as_the_reference_says(data, lanes):
    calls = [random_binary(np.random.default_rng(1), 200), random_tables(np.random.default_rng(2), 50, 6)]
    try:
        expected = rans.reference_decode(data, [c for c, _ in as_tables(calls)], lanes)
    except CorruptStream:
        with pytest.raises(CorruptStream):
            decode(data, calls, lanes)
    else:
        assert all((a == b).all() for a, b in zip(decode(data, calls, lanes), expected, strict=True))


def test_a_stream_that_ended_stays_broken(isa):
    """The call that misses a word raises, and so does every later one, finish included."""
    decoder = rans.RansDecoder(bytes.fromhex("ffffffff") * 16, 16)
    rare = np.full(100_000, 1, np.uint16)
    for _ in range(2):
        with pytest.raises(CorruptStream, match="too early"):
            decoder.get_binary(rare)
    with pytest.raises(CorruptStream, match="too early"):
        decoder.get_table(np.array([[0, 16384]], np.uint16))
    with pytest.raises(CorruptStream, match="too early"):
        decoder.finish()


def test_invalid_states_and_ends_are_named():
    with pytest.raises(CorruptStream, match="invalid state"):
        rans.RansDecoder(bytes.fromhex("ffff0000"), 1)
    with pytest.raises(CorruptStream, match="shorter than its states"):
        rans.RansDecoder(b"", 1)
    with pytest.raises(CorruptStream, match="half a word"):
        rans.RansDecoder(bytes.fromhex("0000010000"), 1)
    with pytest.raises(CorruptStream, match="left over"):
        rans.RansDecoder(bytes.fromhex("000001000000"), 1).finish()
    with pytest.raises(CorruptStream, match="final states"):
        rans.RansDecoder(bytes.fromhex("01000100"), 1).finish()


@pytest.mark.parametrize("p1", [0, 16384, 16385, 65535])
def test_impossible_frequencies_are_refused(p1):
    p1 = np.array([8192, p1], np.uint16)
    with pytest.raises(ValueError, match="p1: expected"):
        rans.RansEncoder(1).put_binary(p1, np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match="p1: expected"):
        rans.RansDecoder(bytes.fromhex("00000100"), 1).get_binary(p1)


@pytest.mark.parametrize(
    "row", [[0, 5, 5, 16384], [1, 5, 6, 16384], [0, 9, 5, 16384], [0, 1, 2, 16383], [0, 1, 2, 40000]]
)
def test_impossible_tables_are_refused(row):
    cdf = np.array([row], np.uint16)
    with pytest.raises(ValueError, match="cdf: expected"):
        rans.RansEncoder(1).put_table(cdf, np.zeros(1, np.uint16))
    with pytest.raises(ValueError, match="cdf: expected"):
        rans.RansDecoder(bytes.fromhex("00000100"), 1).get_table(cdf)


def test_wrong_symbols_lanes_and_shapes_are_refused():
    encoder = rans.RansEncoder(1)
    half = np.full(2, 8192, np.uint16)
    with pytest.raises(ValueError, match="symbols: expected 0 or 1"):
        encoder.put_binary(half, np.array([0, 2], np.uint8))
    with pytest.raises(ValueError, match="symbols: expected values below 2"):
        encoder.put_table(rans.binary_cdf(half), np.array([0, 2], np.uint16))
    with pytest.raises(ValueError, match="symbols"):
        encoder.put_binary(half, np.zeros(3, np.uint8))
    with pytest.raises(TypeError, match="symbols: expected uint8"):
        encoder.put_binary(half, np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="cdf: expected 2"):
        encoder.put_table(np.zeros((2, 1), np.uint16), np.zeros(2, np.uint16))
    for lanes in (0, 65, -1):
        with pytest.raises(ValueError, match="lanes: expected"):
            rans.RansEncoder(lanes)
        with pytest.raises(ValueError, match="lanes: expected"):
            rans.RansDecoder(bytes(300), lanes)
    assert encoder.finish() == rans.RansEncoder(1).finish()  # nothing was put


def test_copies_go_apart(rng):
    """Same stream, symbols of all kinds; what one puts or takes back the other does not have."""
    encoder, calls = rans.RansEncoder(4), [random_binary(rng, 500), random_binary(rng, 70)]
    encoder.put_binary(*calls[0])
    encoder.put_table(*random_tables(rng, 40, 5))
    encoder.put_tree(rng.integers(-900, 900, (60, 3)).astype(np.int16), np.zeros(0, np.uint8), np.full(60, 2, np.uint8))
    other = encoder.copy()
    before = encoder.finish()
    assert other.finish() == before
    other.put_binary(*calls[1])
    other.drop(0, 1)
    assert encoder.finish() == before != other.finish()
    encoder.drop(0, 1)
    encoder.put_binary(*calls[1])
    assert encoder.finish() == other.finish()


def test_calls_can_be_taken_back(rng):
    """finish() is that of the calls that are left, and so is their cost."""
    encoder, calls = rans.RansEncoder(2), [random_binary(rng, count) for count in (50, 60, 70)]
    for call in calls:
        encoder.put_binary(*call)
    assert encoder.num_calls == 3
    rest = encoder.approximate_bits_from(1)
    assert 0 < encoder.approximate_bits_from(2) < rest < encoder.approximate_bits
    encoder.drop(0, 1)
    assert encoder.finish() == encode(calls[1:], 2)
    assert encoder.approximate_bits == rest
    encoder.drop(1, 2)
    assert encoder.finish() == encode(calls[1:2], 2)
    for begin, end in ((1, 0), (0, 2)):
        with pytest.raises(ValueError, match="calls"):
            encoder.drop(begin, end)
    assert encoder.num_calls == 1
