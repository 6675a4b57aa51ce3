"""What a file may ask for by default: literal values, and never less for more bytes."""

from __future__ import annotations

import pytest

from pcc.codec.limits import nodes_of, plain_nodes_of, within
from pcc.errors import LimitExceeded


@pytest.mark.parametrize(
    ("num_bytes", "nodes"),
    [
        (0, 655_360),
        (100, 655_360 + 25_600 + 1_600),
        (1 << 14, 655_360 + (1 << 22) + (1 << 18)),
        (1 << 20, 655_360 + (1 << 22) + (1 << 24)),
        (1 << 30, 655_360 + (1 << 22) + (1 << 34)),
    ],
)
def test_nodes_by_size(num_bytes, nodes):
    """nodes = 655 360 + 256 min(b, 16 384) + 16 b."""
    assert nodes_of(num_bytes) == nodes
    assert nodes_of(num_bytes + 1) > nodes


def test_plain_nodes_by_size():
    """655 360 + 4 b, never more than all."""
    assert [plain_nodes_of(b) for b in (0, 1000, 1 << 20)] == [655_360, 659_360, 655_360 + (1 << 22)]
    assert all(plain_nodes_of(b) <= nodes_of(b) for b in (0, 1, 100, 1 << 14, 1 << 20, 1 << 40))


def test_the_limit_itself_is_allowed():
    assert within("fields", 4, 4) == 4
    with pytest.raises(LimitExceeded, match="fields: 5 in the stream, the limit is 4"):
        within("fields", 5, 4)
