"""entries[begin[i]:begin[i + 1]] = row | direction << 27 of the neighbours of rows[i], colour by colour."""

import numpy as np
import pytest

from pcc import ops
from pcc.errors import LimitExceeded
from pcc.geometry.coding_order import CodingOrder
from pcc.ops import neighbour_lists as op
from tests.trees import SELF, is_lone, random_level, random_table


def assert_equal(got, want):
    for name in ("rows", "begin", "entries"):
        a, b = getattr(got, name), getattr(want, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert got.starts == want.starts


def test_literal():
    """Two nodes side by side along z: octants 1, 0. The node of colour 0 comes first; z steps are 12, 14."""
    table = np.full((2, 27), -1, np.int32)
    table[:, SELF] = [0, 1]
    table[0, 12], table[1, 14] = 1, 0
    lists = op.neighbour_lists(table, np.array([1, 0], np.uint8), CodingOrder(2, 8).colour_of)
    assert lists.rows.tolist() == [1, 0]
    assert lists.begin.tolist() == [0, 2, 4]
    assert [(int(e) & (1 << 27) - 1, int(e) >> 27) for e in lists.entries] == [(1, 13), (0, 14), (1, 12), (0, 13)]
    assert lists.starts == (0, 1, 2)
    assert [lists.of_colour(c).tolist() for c in (0, 1)] == [[1], [0]]
    assert len(lists) == 2


@pytest.mark.parametrize("colours", [1, 2, 4, 8])
@pytest.mark.parametrize("num", [0, 1, 17, 3000])
def test_equals_reference(isa, threads, rng, colours, num):
    """On tables without any structure; some entries are no rows and count as empty."""
    table, octants = random_table(rng, num, num), rng.integers(0, 8, num, dtype=np.uint8)
    wild = rng.choice([num, 2**31 - 1, -(2**31), -7], table.shape)
    table = np.where(table < 0, wild, table).astype(np.int32)
    colour_of = CodingOrder(colours, 1).colour_of
    lists = op.neighbour_lists(table, octants, colour_of)
    assert_equal(lists, op.neighbour_lists_reference(table, octants, colour_of))
    assert len(lists.starts) == colours + 1


@pytest.mark.parametrize("colours", [1, 8])
@pytest.mark.parametrize("num", [0, 1, 17, 3000, 40_000])
def test_lone_nodes_equal_reference(isa, threads, rng, colours, num):
    """Tables of which a third of the nodes have no entry but themselves, whatever else is no row."""
    table, octants = random_table(rng, num, num), rng.integers(0, 8, num, dtype=np.uint8)
    table[rng.random(num) < 0.3] = -1
    table[:, SELF] = np.arange(num)
    wild = rng.choice([num, 2**31 - 1, -(2**31), -7], table.shape)
    table = np.where(table < 0, wild, table).astype(np.int32)
    colour_of = CodingOrder(colours, 1).colour_of
    lists = op.neighbour_lists(table, octants, colour_of, lone=True)
    assert_equal(lists, op.neighbour_lists_reference(table, octants, colour_of, lone=True))
    assert len(lists.starts) == colours + 2
    present = (table >= 0) & (table < num)
    np.testing.assert_array_equal(lists.of_colour(colours), np.flatnonzero(present.sum(1) == 1))


def test_lone_nodes_literal(isa):
    """Three nodes, the last two side by side along z: the first one is the only one of the last colour."""
    table = np.full((3, 27), -1, np.int32)
    table[:, SELF] = [0, 1, 2]
    table[1, 14], table[2, 12] = 2, 1
    lists = op.neighbour_lists(table, np.array([3, 4, 5], np.uint8), CodingOrder(2, 8).colour_of, lone=True)
    assert [lists.of_colour(c).tolist() for c in (0, 1, 2)] == [[2], [1], [0]]
    assert lists.starts == (0, 1, 2, 3)
    assert lists.begin.tolist() == [0, 2, 4, 5]
    assert int(lists.entries[4]) == SELF << 27


@pytest.mark.parametrize("depth", [0, 2, 6])
def test_lone_nodes_of_a_level(isa, rng, depth):
    """The root is lone; a lone node is in no other node's list; all other nodes stay in their colours."""
    level, order = random_level(rng, depth, bits=1.2, num_roots=2), CodingOrder(8, 4)
    lists, lone = (
        op.neighbour_lists(level.neighbours, level.octants, order.colour_of, lone=True),
        is_lone(level.neighbours),
    )
    assert depth != 0 or lone.all()
    np.testing.assert_array_equal(lists.of_colour(8), np.flatnonzero(lone))
    for colour in range(8):
        expected = np.flatnonzero((order.colour_of[level.octants] == colour) & ~lone)
        np.testing.assert_array_equal(lists.of_colour(colour), expected)
    listed = lists.entries[: lists.begin[lists.starts[8]]] & np.uint32((1 << 27) - 1)
    assert not lone[listed].any()


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_lists_hold_the_table(isa, rng, depth):
    """Writing the entries back gives the table; every node is in one list, ascending within its colour."""
    level, order = random_level(rng, depth, num_roots=2), CodingOrder(4, 1)
    lists = op.neighbour_lists(level.neighbours, level.octants, order.colour_of)
    table = np.full_like(level.neighbours, -1)
    owner = np.repeat(lists.rows, np.diff(lists.begin.astype(np.int64)))
    table[owner, lists.entries >> 27] = lists.entries & np.uint32((1 << 27) - 1)
    np.testing.assert_array_equal(table, level.neighbours)
    for colour in range(4):
        np.testing.assert_array_equal(lists.of_colour(colour), np.flatnonzero(order.colour_of[level.octants] == colour))


def test_colours_without_nodes(isa):
    """All nodes in one octant: the other colours are empty, wherever they lie."""
    table, colour_of = np.zeros((5, 27), np.int32), CodingOrder(8, 1).colour_of
    for octant in range(8):
        lists = op.neighbour_lists(table, np.full(5, octant, np.uint8), colour_of)
        sizes = [len(lists.of_colour(c)) for c in range(8)]
        assert sizes == [5 * (c == colour_of[octant]) for c in range(8)]
        assert lists.begin.tolist() == [0, 27, 54, 81, 108, 135]


def test_threads_change_nothing(isa, rng):
    """More rows than several threads' grain."""
    table, octants = random_table(rng, 100_000, 100_000), rng.integers(0, 8, 100_000, dtype=np.uint8)
    table[::3] = -1
    colour_of, results = CodingOrder(8, 1).colour_of, []
    for threads in (1, 2, 7):
        ops.set_num_threads(threads)
        results.append(op.neighbour_lists(table, octants, colour_of, lone=True))
    for other in results[1:]:
        assert_equal(other, results[0])


def test_too_many_rows_are_refused():
    """N = 2^27 + 1, before anything is read: the row would not fit its 27 bits."""
    table = np.broadcast_to(np.int32(-1), (op.MAX_ROWS + 1, 27))
    octants = np.broadcast_to(np.uint8(0), op.MAX_ROWS + 1)
    with pytest.raises(LimitExceeded, match="134217728 nodes"):
        op.neighbour_lists(table, octants, np.zeros(8, np.uint8))


def test_wrong_arguments_are_named():
    table, octants, colour_of = np.zeros((2, 27), np.int32), np.zeros(2, np.uint8), np.zeros(8, np.uint8)
    with pytest.raises(ValueError, match="neighbours"):
        op.neighbour_lists(table[:, :26], octants, colour_of)
    with pytest.raises(TypeError, match="neighbours"):
        op.neighbour_lists(table.astype(np.int64), octants, colour_of)
    with pytest.raises(ValueError, match="octants"):
        op.neighbour_lists(table, octants[:1], colour_of)
    with pytest.raises(ValueError, match="colour_of"):
        op.neighbour_lists(table, octants, colour_of[:7])
    with pytest.raises(ValueError, match="colour_of: expected less than 8"):
        op.neighbour_lists(table, octants, colour_of + np.uint8(8))
