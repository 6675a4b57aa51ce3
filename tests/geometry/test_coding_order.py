"""Every bit is coded exactly once, and a pass sees exactly the bits that earlier passes coded."""

import numpy as np
import pytest

from pcc.geometry.coding_order import CodingOrder
from tests.trees import ORDERS, SELF, name_of, random_level

every_order = pytest.mark.parametrize("order", ORDERS, ids=name_of)


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        (1, [0, 0, 0, 0, 0, 0, 0, 0]),
        (2, [0, 1, 1, 0, 1, 0, 0, 1]),
        (4, [0, 2, 2, 0, 3, 1, 1, 3]),
        (8, [0, 4, 5, 1, 6, 2, 3, 7]),
    ],
)
def test_colours_of_the_octants(colours, expected):
    """They depend on nothing else; two colours are the parity of x + y + z."""
    for groups in (1, 8):
        assert CodingOrder(colours, groups).colour_of.tolist() == expected
        assert CodingOrder(colours, groups, by_colour=True).colour_of.dtype == np.uint8


def test_passes_literal():
    """(group, colour): group by group, and colour by colour."""
    assert CodingOrder(2, 2).passes == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert CodingOrder(2, 2, by_colour=True).passes == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert CodingOrder(1, 1).passes == [(0, 0)]
    assert CodingOrder(2, 8).passes[:3] == [(0, 0), (0, 1), (1, 0)]


def test_masks_literal():
    """The bits of d = 0 (an odd number of steps), d = 1 (an even one) and of the node itself."""
    at = [0, 1, SELF]
    masks = CodingOrder(2, 8).colour_masks()[..., at]
    assert masks[:3].tolist() == [[[0, 0, 0], [1, 0, 0]], [[1, 1, 1], [3, 1, 1]], [[3, 3, 3], [7, 3, 3]]]
    masks = CodingOrder(2, 2, by_colour=True).colour_masks()[..., at]
    assert masks.tolist() == [[[0, 0, 0], [255, 0, 0]], [[0, 15, 15], [255, 15, 15]]]
    assert not CodingOrder(1, 1).colour_masks().any()


@pytest.mark.parametrize(("colours", "expected"), [(1, 26), (2, 12), (4, 4), (8, 0)])
def test_neighbours_of_ones_own_colour(rng, colours, expected):
    """In a full cube: as many of 26; with two colours or more, none across a face (d = 4, 10, 12 and opposite)."""
    level = full_level()
    inner = (level.neighbours >= 0).all(1)
    colour = CodingOrder(colours, 1).colour_of[level.octants]
    same = colour[level.neighbours[inner]] == colour[inner, None]
    assert (same.sum(1) == expected + 1).all()
    assert colours == 1 or not same[:, [4, 10, 12, 14, 16, 22]].any()


@every_order
def test_every_bit_is_coded_once(order, rng):
    """Adding up the bits of all passes gives 255 at every node."""
    level = random_level(rng, 3)
    colour, coded = order.colour_of[level.octants], np.zeros(len(level), np.int64)
    bits = (1 << order.group_size) - 1
    for group, of in order.passes:
        coded[colour == of] += bits << group * order.group_size
    assert (coded == 255).all()
    assert len(order.passes) == order.colours * order.groups


@every_order
def test_a_pass_sees_what_earlier_passes_coded(order, rng):
    """masks[group, colour, d] = the bits of neighbour d coded so far; causal, and nothing is left out."""
    for level in (full_level(), random_level(rng, 4)):
        colour, coded = order.colour_of[level.octants], np.zeros(len(level), np.uint8)
        masks = order.colour_masks()
        for group, of in order.passes:
            rows = np.flatnonzero(colour == of)
            near = level.neighbours[rows]
            expected = np.broadcast_to(masks[group, of], near.shape)
            np.testing.assert_array_equal(coded[near][near >= 0], expected[near >= 0])
            coded[rows] |= np.uint8(((1 << order.group_size) - 1) << group * order.group_size)


@every_order
def test_of_two_passes_one_sees_the_other(order):
    """For bit i of node a and bit o of its neighbour: i's pass sees o, or o's pass sees i, or they are one pass."""
    table, colour = order.first_group, order.colour_of
    for a in range(8):
        for d in range(27):
            dx, dy, dz = d // 9 - 1, d // 3 % 3 - 1, d % 3 - 1
            b = a ^ (abs(dx) << 2 | abs(dy) << 1 | abs(dz))
            for i in range(8):
                for o in range(8):
                    group_i, group_o = i // order.group_size, o // order.group_size
                    sees, seen = table[a, d, o] <= group_i, table[b, 26 - d, i] <= group_o
                    together = (group_i, colour[a]) == (group_o, colour[b])
                    assert int(sees) + int(seen) + int(together) == 1


@every_order
def test_first_group_and_masks_say_the_same(order):
    """bit o of masks[g, colour(a), d] = (first_group[a, d, o] <= g), for every octant a of a colour."""
    masks = order.colour_masks()
    assert masks.shape == (order.groups, order.colours, 27)
    for a in range(8):
        for g in range(order.groups):
            bits = masks[g, order.colour_of[a]][:, None] >> np.arange(8) & 1
            np.testing.assert_array_equal(bits, order.first_group[a] <= g)


@pytest.mark.parametrize(("colours", "groups"), [(0, 8), (3, 8), (16, 8), (2, 0), (2, 3), (2, 16), (-1, 1), (2, None)])
def test_other_numbers_are_refused(colours, groups):
    with pytest.raises(ValueError, match="expected 1, 2, 4 or 8"):
        CodingOrder(colours, groups)


def full_level():
    """512 nodes: a full cube of 8 x 8 x 8."""
    return random_level(np.random.default_rng(0), 3, bits=8)
