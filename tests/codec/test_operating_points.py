"""Operating points: in order, of about as many voxels as went in, and the same however they are come by."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")

from pcc.codec.inferred import MOST_LEAN, Inferred
from pcc.codec.octree import encode_lossy
from pcc.codec.operating_points import EVEN, FAR, PointCoder, _next_lean, usual_lean
from pcc.geometry.voxels import voxelize
from pcc.inference.program import Program
from pcc.inference.registry import find_model
from tests.codec.test_lossy import body
from tests.networks import TINY_LOSSY, exported, random_network


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Program:
    return exported(random_network(TINY_LOSSY, seed=3), tmp_path_factory.mktemp("models") / "dense-lossy.safetensors")


def anew(coder: PointCoder, point: int):
    """What a coder has at a point, in one walk from the root."""
    inferred = coder.at(point).inferred
    return encode_lossy(coder.voxels.codes, coder.voxels.depth, coder.program, inferred)


@pytest.mark.parametrize("depth", [2, 3, 6])
def test_going_on_equals_a_walk_from_the_root(program, depth):
    """Streams and voxels, point after point, where the octree has fewer levels than may be inferred, too."""
    coder = PointCoder(voxelize(body(3000, 1 << depth).xyz), program)
    assert coder.num_levels == min(4, coder.voxels.depth)
    for point in (0, coder.num_points - 1, 70, coder.num_points // 2, 71, coder.num_points - 200):
        coder.frontier_bytes(point)
        coded, want = coder.at(point), anew(coder, point)
        assert coded.octree.data == want.data
        np.testing.assert_array_equal(coded.octree.codes, want.codes)


def test_frontiers_take_what_all_takes(program):
    """But for some bytes: the levels below are inferred altogether."""
    voxels = voxelize(body().xyz)
    for point in (40, 200, 390, 600):
        found = PointCoder(voxels, program).frontier_bytes(point)
        assert found == pytest.approx(PointCoder(voxels, program).at(point).num_bytes, rel=0.02)


def excess_of(coder: PointCoder, levels: int, shares: tuple[int, ...], leans: tuple[int, ...]) -> float:
    """How many nodes too many come out of the first of some inferred levels, as a part of those that there were."""
    cut, voxels = levels - len(leans), coder.voxels
    nodes = np.unique(voxels.codes >> np.uint64(3 * cut))
    inferred = Inferred(shares[: len(leans)], leans, nodes)
    return len(encode_lossy(nodes, voxels.depth - cut, coder.program, inferred, cut).codes) / len(nodes) - 1


def test_numbers_of_voxels_come_out(program):
    """On every level, to what two neighbouring leans differ by, or as near as the last lean goes."""
    coder = PointCoder(voxelize(body().xyz), program)
    for point in (0, 200, 480, 600):
        shares, leans = coder.at(point).inferred.shares, coder.at(point).inferred.leans
        for i, lean in enumerate(leans):
            off = excess_of(coder, len(leans), shares, leans[: i + 1])
            beyond = int(np.clip(lean - np.sign(off), -MOST_LEAN, MOST_LEAN))
            if abs(off) > FAR and beyond != lean:
                assert abs(off) <= abs(excess_of(coder, len(leans), shares, (*leans[:i], beyond)))


def test_thinly_sampled_surfaces_do_not_grow():
    """A model of closed surfaces would fill them: many times as many voxels."""
    shipped, rng = Program(find_model("dense-lossy").path), np.random.default_rng(0)
    angle, z = rng.uniform(0, 2 * np.pi, 6000), rng.uniform(0, 250, 6000)
    voxels = voxelize(np.stack([120 + 100 * np.cos(angle), 120 + 100 * np.sin(angle), z], 1).round().astype(np.int32))
    coder = PointCoder(voxels, shipped)
    for quality in (20, 50, 75):
        coded = coder.at(coder.point_of(quality))
        usual = encode_lossy(
            voxels.codes, voxels.depth, shipped,
            type(coded.inferred)(
                coded.inferred.shares,
                tuple(usual_lean(coded.inferred.shares[0], len(coded.inferred.shares), below)
                      for below in range(len(coded.inferred.shares) - 1, -1, -1)),
                voxels.codes,
            ),
        )  # fmt: skip
        assert len(coded.octree.codes) < 1.15 * len(voxels)
        assert len(usual.codes) > 1.15 * len(voxels)


def test_qualities_are_points_in_order(program):
    """A quarter of the scale for each number of inferred levels, from nothing of the first coded to nearly all."""
    coder = PointCoder(voxelize(body().xyz), program)
    points = [coder.point_of(quality) for quality in np.arange(0, 100, 0.05)]
    assert points == sorted(points)
    assert (points[0], points[-1]) == (0, coder.num_points - 1)
    assert [coder.levels_of(coder.point_of(quality)) for quality in (0, 25, 50, 75)] == [(4, 0), (3, 0), (2, 0), (1, 0)]
    assert coder.levels_of(coder.point_of(87.5)) == (1, 128)
    assert {coder.levels_of(point) for point in range(coder.num_points)} == {
        (levels, share) for levels in (1, 2, 3, 4) for share in range(256 if levels == 1 else 160)
    }


@pytest.mark.parametrize("root", [-126, -40, -3, 0, 17, 127])
@pytest.mark.parametrize("units", [12.0, 150.0, 1500.0])
@pytest.mark.parametrize("guess", [20.0, 150.0, 900.0])
def test_leans_are_found(root, units, guess):
    """Where voxels grow steadily, the nearest lean to the root, within as many tries as there are."""
    tried, lean = {}, 0
    while lean not in tried:
        tried[lean] = float(np.sinh((lean - root - 0.3) / units))
        if abs(tried[lean]) <= EVEN:
            break
        lean = _next_lean(tried, guess)
    best = min(tried, key=lambda x: abs(tried[x]))
    assert abs(best - root) <= 1 or abs(tried[best]) <= EVEN
    assert len(tried) <= 12
