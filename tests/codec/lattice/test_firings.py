"""parse(write(firings)) = firings; every cut and every nonsense is a CorruptStream."""

import numpy as np
import pytest

from pcc.codec.lattice.firings import parse_firings, write_firings
from pcc.codec.wire import Reader, varint
from pcc.errors import CorruptStream

STEPS = 4000


def kitti_like(rng, columns=1950):
    """Steps of 2 with a 1 every 6 to 8 of them."""
    gaps = np.full(columns, 2)
    gaps[np.cumsum(rng.integers(6, 9, columns // 8))] = 1
    return np.cumsum(gaps).astype(np.int32)


def cases(rng):
    yield np.array([0], np.int32)
    yield np.array([STEPS - 1], np.int32)
    yield np.array([5, 3999], np.int32)
    yield np.arange(STEPS, dtype=np.int32)
    yield np.arange(0, STEPS, 7, dtype=np.int32)
    yield np.sort(rng.choice(STEPS, 90, replace=False)).astype(np.int32)
    yield kitti_like(rng)


def test_round_trip(rng):
    for firings in cases(rng):
        data = write_firings(firings)
        reader = Reader(data)
        found = parse_firings(reader, STEPS)
        assert found.dtype == np.int32
        assert not reader.remaining
        np.testing.assert_array_equal(found, firings)


def test_regular_columns_cost_next_to_nothing(rng):
    """Count, first, gap, number of others: 6 bytes; a KITTI turn's about 0.4 bit a column."""
    assert len(write_firings(np.arange(0, STEPS, 10, dtype=np.int32))) == 5
    assert write_firings(np.array([3, 5, 7], np.int32)) == bytes([3, 3, 2, 0])
    assert len(write_firings(kitti_like(rng))) < 160


def test_every_cut(rng):
    for firings in cases(rng):
        data = write_firings(firings)
        for size in range(len(data)):
            with pytest.raises(CorruptStream):
                parse_firings(Reader(data[:size]), STEPS)


@pytest.mark.parametrize(
    "numbers",
    [(0, 0, 1, 0), (STEPS + 1, 0, 1, 0), (2, STEPS, 1, 0), (2, 0, STEPS, 0), (2, 0, 0, 0), (3, 0, 1, 3),
     (3, 0, 1, 1 << 60), (1 << 60, 0, 1, 0), (2, STEPS - 1, 1, 0), (5, 0, 1000, 0)],
    ids=str,
)  # fmt: skip
def test_wrong_numbers(numbers):
    """No column, too many, columns beyond the turn, gaps of 0, more other gaps than gaps."""
    with pytest.raises(CorruptStream, match="firings"):
        parse_firings(Reader(b"".join(map(varint, numbers))), STEPS)


def test_one_step_a_turn():
    """Of a sensor that fires in one direction only."""
    np.testing.assert_array_equal(parse_firings(Reader(write_firings(np.zeros(1, np.int32))), 1), [0])


def test_damaged_bytes(rng):
    """Nothing but valid columns or a CorruptStream comes of any byte that is changed."""
    data = write_firings(np.sort(rng.choice(STEPS, 60, replace=False)).astype(np.int32))
    for _ in range(400):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        try:
            found = parse_firings(Reader(bytes(damaged)), STEPS)
        except CorruptStream:
            continue
        assert (np.diff(found) > 0).all()
        assert 0 <= found[0] <= found[-1] < STEPS
