"""neighbours[i, d] = the row of the node at coords[i] + step(d), for every level of a tree."""

import numpy as np
import pytest

from pcc.ops import morton, neighbours, octree

STEPS = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)])


def levels(codes: np.ndarray, depth: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(codes, occupancy) of every level, root first."""
    found = []
    for _ in range(depth):
        codes, occupancy = octree.parents(codes)
        found.append((codes, occupancy))
    return found[::-1]


def search(codes: np.ndarray, depth: int) -> np.ndarray:
    """The neighbours by looking every one of them up among the codes: what the op must equal."""
    mask = np.uint64((1 << 3 * depth) - 1)
    coords = morton.decode(codes & mask)
    found = np.full((len(codes), 27), -1, np.int32)
    for direction, step in enumerate(STEPS):
        target = coords + step
        inside = np.flatnonzero(((target >= 0) & (target < 1 << depth)).all(axis=1))
        wanted = morton.encode(np.ascontiguousarray(target[inside], np.int32)) | codes[inside] & ~mask
        rows = np.searchsorted(codes, wanted)
        hits = codes[np.minimum(rows, len(codes) - 1)] == wanted
        found[inside[hits], direction] = rows[hits]
    return found


def random_codes(rng, num: int, depth: int, batch: int = 1) -> np.ndarray:
    coords = rng.integers(0, 1 << depth, (num, 3), dtype=np.int32)
    clouds = rng.integers(0, batch, num, dtype=np.uint64)
    return np.unique(morton.encode(coords) | clouds << np.uint64(3 * depth))


@pytest.mark.parametrize(
    ("num", "depth", "batch"), [(1, 1, 1), (1, 21, 1), (9, 3, 1), (3000, 4, 3), (60_001, 6, 2), (5000, 19, 1)]
)
def test_equals_a_search_on_every_level(isa, threads, rng, num, depth, batch):
    """child_neighbours = search = reference at each level down to the leaves."""
    codes = random_codes(rng, num, depth, batch)
    tree = levels(codes, depth)
    found = neighbours.root_neighbours(len(tree[0][0]))
    for level, (level_codes, occupancy) in enumerate(tree):
        child_codes, parents, octants = octree.children(level_codes, occupancy)
        want = neighbours.child_neighbours_reference(found, occupancy, parents, octants)
        found = neighbours.child_neighbours(found, occupancy, parents, octants)
        np.testing.assert_array_equal(found, want)
        np.testing.assert_array_equal(found, search(child_codes, level + 1))
    assert len(found) == len(codes)


def test_opposites(isa, rng):
    """neighbours[neighbours[i, d], 26 - d] = i, and d = 13 is i."""
    found = neighbours.root_neighbours(1)
    for codes, occupancy in levels(random_codes(rng, 4000, 5), 5):
        _, parents, octants = octree.children(codes, occupancy)
        found = neighbours.child_neighbours(found, occupancy, parents, octants)
    rows, directions = np.nonzero(found >= 0)
    np.testing.assert_array_equal(found[found[rows, directions], 26 - directions], rows)
    np.testing.assert_array_equal(found[:, neighbours.SELF], np.arange(len(found)))


def test_literal(isa):
    """Children in octants 0 and 7 of one root: (1, 1, 1) apart, so directions 26 and 0."""
    found = neighbours.child_neighbours(
        neighbours.root_neighbours(1),
        np.array([0b1000_0001], np.uint8),
        np.zeros(2, np.int32),
        np.array([0, 7], np.uint8),
    )
    want = np.full((2, 27), -1)
    want[0, 13], want[0, 26], want[1, 13], want[1, 0] = 0, 1, 1, 0
    np.testing.assert_array_equal(found, want)


def test_any_rows_in_any_order(isa, threads, rng):
    """child_neighbours(parents[s], octants[s]) = child_neighbours(parents, octants)[s]."""
    codes, occupancy = levels(random_codes(rng, 40_000, 6), 6)[-1]
    near = search(codes, 5)
    _, parents, octants = octree.children(codes, occupancy)
    some = rng.permutation(len(parents))[:20_001]
    np.testing.assert_array_equal(
        neighbours.child_neighbours(near, occupancy, parents[some], octants[some]),
        neighbours.child_neighbours(near, occupancy, parents, octants)[some],
    )


def test_consumed_neighbours_give_the_same(isa, threads, rng, monkeypatch):
    """child_neighbours(consume) = child_neighbours, whatever becomes of the parents' rows meanwhile."""
    monkeypatch.setattr(neighbours, "LARGE_LEVEL", 0)
    codes, occupancy = levels(random_codes(rng, 40_000, 6), 6)[-1]
    near = search(codes, 5)
    _, parents, octants = octree.children(codes, occupancy)
    kept = neighbours.child_neighbours(near, occupancy, parents, octants)
    consumed = neighbours.child_neighbours(near.copy(), occupancy, parents, octants, consume=True)
    np.testing.assert_array_equal(consumed, kept)
    shuffled = rng.permutation(len(parents))
    found = neighbours.child_neighbours(near, occupancy, parents[shuffled], octants[shuffled], consume=True)
    np.testing.assert_array_equal(found, kept[shuffled])


def test_empty(isa):
    near = np.empty((0, 27), np.int32)
    none = np.empty(0, np.uint8)
    assert neighbours.child_neighbours(near, none, np.empty(0, np.int32), none).shape == (0, 27)
    assert neighbours.root_neighbours(0).shape == (0, 27)


@pytest.mark.parametrize(("parent", "octant"), [(1, 0), (-1, 0), (0, 8)])
def test_refuses_rows_out_of_range(isa, parent, octant):
    with pytest.raises(ValueError, match="rows below 1"):
        neighbours.child_neighbours(
            neighbours.root_neighbours(1),
            np.array([3], np.uint8),
            np.array([parent], np.int32),
            np.array([octant], np.uint8),
        )


@pytest.mark.parametrize("occupancy", [1, 16, 128, 136])
def test_children_of_a_node_without_neighbours(isa, occupancy):
    """A child has its siblings for neighbours and no one else; an octant that is empty has no row of its own."""
    parents = np.array([1, 1, 3], np.int32)
    octants = np.array([7, 4, 0], np.uint8)
    around = np.full((4, 27), -1, np.int32)
    around[:, 13] = np.arange(4)
    above = np.array([3, occupancy, 2, 1], np.uint8)
    for rows in ([0, 1, 2], [0], [1], [2]):  # a run of two, and runs of one
        got = neighbours.child_neighbours(around, above, parents[rows], octants[rows])
        want = neighbours.child_neighbours_reference(around, above, parents[rows], octants[rows])
        np.testing.assert_array_equal(got, want)
