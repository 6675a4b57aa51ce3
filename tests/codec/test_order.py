"""The order of points: whichever order is asked for comes back, by the base that needs the fewest jumps."""

import numpy as np
import pytest

from pcc.codec.columns import encode_column
from pcc.codec.order import decode_order, decoded_order, encode_order
from pcc.errors import CorruptStream


def bases_of(num_points):
    """Decoded order, and that backwards."""
    return [decoded_order(num_points), lambda: np.arange(num_points)[::-1]]


@pytest.mark.parametrize("num_points", [1, 2, 1000])
@pytest.mark.parametrize("kind", ["same", "backwards", "shuffled"])
def test_round_trip(rng, num_points, kind):
    rows = {"same": np.arange(num_points), "backwards": np.arange(num_points)[::-1]}.get(
        kind, rng.permutation(num_points)
    )
    payload = encode_order(rows, bases_of(num_points))
    np.testing.assert_array_equal(decode_order(memoryview(payload), num_points, bases_of(num_points)), rows)
    if num_points > 1 and kind != "shuffled":
        assert payload[0] == (kind == "backwards")
        assert len(payload) < 32


def test_the_base_with_the_fewest_jumps(rng):
    rows = np.arange(500)[::-1].copy()
    rows[[10, 20]] = rows[[20, 10]]
    assert encode_order(rows, bases_of(500))[0] == 1


@pytest.mark.parametrize(
    ("change", "message"), [("base", "base 7 of 2"), ("twice", "comes twice"), ("beyond", "beyond")]
)
def test_hostile(change, message):
    rows = np.arange(8)
    if change == "base":
        payload = bytes([7]) + encode_order(rows, bases_of(8))[1:]
    else:
        places = rows.copy()
        places[3] = {"twice": 4, "beyond": 8}[change]
        payload = bytes([0]) + encode_column(places.astype(np.uint32))
    with pytest.raises(CorruptStream, match=message):
        decode_order(memoryview(payload), 8, bases_of(8))


def test_no_points_have_no_order():
    with pytest.raises(CorruptStream):
        decode_order(memoryview(encode_order(np.arange(1), bases_of(1))), 0, bases_of(0))
