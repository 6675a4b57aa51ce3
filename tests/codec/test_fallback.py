"""Which levels are adaptive: as the mask says, or as the sizes say; never much more than without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcc
from pcc import ops
from pcc.codec.fallback import MOST_LOST, CheapestLevels, ChosenLevels, all_levels
from pcc.codec.info import describe
from pcc.codec.octree import count_macs, decode_octree, encode_cheapest, encode_octree, estimate_bits
from pcc.codec.walk import walk
from pcc.entropy.coders import BitEstimator, RansEncoder
from pcc.errors import CorruptStream
from pcc.geometry.octree import occupancies
from pcc.geometry.voxels import voxelize
from pcc.inference.registry import find_model
from tests.trees import random_codes

DENSE = find_model("dense")
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


class Watched:
    """A program that writes down what is asked of it."""

    def __init__(self, program):
        self.program, self.calls = program, []
        self.lossy_scale, self.num_passes = program.lossy_scale, program.num_passes

    def view(self, level):
        return self.program.view(level)

    def features(self, feats, view, scale):
        self.calls.append(("features", view.level.depth))
        return self.program.features(feats, view, scale)

    def steps(self, feats, view, occupancy, scale, known):
        self.calls.append(("steps", view.level.depth))
        return self.program.steps(feats, view, occupancy, scale, known)

    def absorb(self, feats, view, occupancy, scale):
        self.calls.append(("absorb", view.level.depth))
        return self.program.absorb(feats, view, occupancy, scale)


def figure(share: int) -> np.ndarray:
    """Codes, depth 9, of every ``share``-th voxel of the sample figure, in no order."""
    cloud = pcc.read_points(SAMPLE / "figure.ply")
    codes = voxelize(cloud.xyz).codes
    return np.sort(np.random.default_rng(1).permutation(codes)[: len(codes) // share])


def test_the_network_rests_where_no_level_needs_it(rng):
    """mask 0b11010: features down to level 2, heads at 0 and 2 alone."""
    program, codes = Watched(DENSE), random_codes(rng, 50, 5)
    coder = RansEncoder()
    walk(program, coder, 5, known=occupancies(codes, 5), fallback=ChosenLevels(coder, 0b11010, 5))
    assert [call for call in program.calls if call[0] != "absorb"] == [
        ("features", 0),
        ("steps", 0),
        ("features", 1),
        ("features", 2),
        ("steps", 2),
    ]


@pytest.mark.parametrize(("mask", "ahead"), [(0, 5), (0b11111, 0), (0b11110, 1), (0b01111, 5), (0b10100, 4)])
def test_network_ahead(mask, ahead):
    """Levels from the root to the last that is not in the mask."""
    levels = ChosenLevels(None, mask, 5)
    assert [levels.network_ahead(d) for d in range(5)] == [True] * ahead + [False] * (5 - ahead)
    assert [levels.network_codes(d) for d in range(5)] == [not mask >> d & 1 for d in range(5)]


@pytest.mark.parametrize("mask", [0b0001, 0b1000, 0b0110, 0b1111])
def test_round_trip_of_every_kind_of_mask(rng, mask, isa):
    codes = random_codes(rng, 700, 4)
    program = None if mask == 0b1111 else DENSE
    data = encode_octree(codes, 4, program, 0, mask)
    np.testing.assert_array_equal(decode_octree(data, 4, len(codes), program, 0, mask), codes)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 8**6 - 1), min_size=2, max_size=200, unique=True))
def test_the_cheapest_decodes_and_is_never_much_larger(codes):
    """decode(encode_cheapest(codes)) = codes; size <= adaptive alone + model's 17 bytes + 2 %."""
    codes = np.array(sorted(codes), np.uint64)
    found = encode_cheapest(codes, 6, DENSE, 0)
    data, mask, calibrations = found.data, found.mask, found.calibrations
    assert found.depth == 6
    program = None if mask == all_levels(6) else DENSE
    np.testing.assert_array_equal(decode_octree(data, 6, len(codes), program, 0, mask, calibrations), codes)
    alone = encode_octree(codes, 6, None, 0, all_levels(6))
    assert len(data) + (17 if program else 0) <= 1.02 * len(alone) + 17


@pytest.mark.parametrize(("depth", "first"), [(8, 4), (21, 7)])
def test_random_points_give_the_network_up(rng, depth, first):
    """The mask holds all levels from the first of some size, and the network is not asked once it has lost for good."""
    program, codes = Watched(DENSE), random_codes(rng, 20_000, depth)
    coder = RansEncoder()
    levels = CheapestLevels(coder)
    walk(program, coder, depth, known=occupancies(codes, depth), fallback=levels)
    assert levels.mask >> first == all_levels(depth) >> first
    assert max(d for name, d in program.calls if name == "steps") <= first + MOST_LOST
    alone = len(encode_octree(codes, depth, None, 0, all_levels(depth)))
    assert len(coder.finish()) <= 1.002 * alone + 8


def test_a_familiar_surface_stays_with_the_network():
    """The bytes are the network's, with the same calibrations, and fewer than without."""
    codes = figure(1)
    found = encode_cheapest(codes, 9, DENSE, 0)
    data, mask, calibrations = found.data, found.mask, found.calibrations
    assert mask == 0
    assert data == encode_octree(codes, 9, DENSE, 0, 0, calibrations)
    assert calibrations
    assert len(data) < len(encode_octree(codes, 9, DENSE, 0))


def test_a_thinned_surface_has_both():
    """Coarse levels by the network, fine ones adaptive, less than either alone."""
    codes = figure(4)
    found = encode_cheapest(codes, 9, DENSE, 0)
    data, mask = found.data, found.mask
    assert mask & 0b100001111 == 0b100000000
    alone = encode_octree(codes, 9, None, 0, all_levels(9))
    assert len(data) < min(len(alone), len(encode_octree(codes, 9, DENSE, 0)))


def test_an_octree_ends_where_voxels_are_alone(rng, monkeypatch):
    """Below it 3 bits per voxel and level are stored: the octree and these make no more than the whole octree."""
    monkeypatch.setattr("pcc.codec.fallback.ENDING_NODES", 1 << 14)
    codes = random_codes(rng, 40_000, 21)
    whole, ended = encode_cheapest(codes, 21, DENSE, 0), encode_cheapest(codes, 21, DENSE, 0, may_end=True)
    assert (whole.depth, ended.depth) == (21, 7)
    assert ended.mask < 1 << 7
    assert 8 * len(ended.data) + 3 * (21 - 7) * len(codes) < 8 * len(whole.data)
    above = np.unique(codes >> np.uint64(3 * 14))
    program = None if ended.mask == all_levels(7) else DENSE
    np.testing.assert_array_equal(
        decode_octree(ended.data, 7, len(above), program, 14, ended.mask, ended.calibrations), above
    )
    assert encode_cheapest(figure(1), 9, DENSE, 0, may_end=True) == encode_cheapest(figure(1), 9, DENSE, 0)


def test_every_kernel_chooses_alike():
    """(bytes, mask)(isa, threads) = those of scalar, 1: the choice rests on integers."""
    codes, before, found = figure(4), ops.isa(), set()
    try:
        for isa in ops.available_isas():
            for threads in (1, 3):
                ops.set_isa(isa)
                ops.set_num_threads(threads)
                found.add(encode_cheapest(codes, 9, DENSE, 0))
    finally:
        ops.set_isa(before)
        ops.set_num_threads(0)
    assert len(found) == 1


def test_small_streams_do_without_a_model(rng):
    """The 17 bytes that name a model are weighed too."""
    cloud = pcc.PointCloud(rng.integers(0, 1 << 21, (20, 3)))
    frame = describe(pcc.encode(cloud))[0]
    assert frame.model_digest is None
    assert frame.adaptive == all_levels(frame.header.depth)


def test_the_estimator_agrees(rng):
    """BitEstimator.bits = 8 len(stream) within the stream's end, also with adaptive levels."""
    codes, mask = random_codes(rng, 4000, 6), 0b111010
    coder = BitEstimator()
    walk(DENSE, coder, 6, known=occupancies(codes, 6), fallback=ChosenLevels(coder, mask, 6))
    assert 8 * len(encode_octree(codes, 6, DENSE, 0, mask)) == pytest.approx(coder.bits, rel=0.002, abs=40)
    assert coder.bits < estimate_bits(codes, 6, DENSE, 0)


def test_products_of_the_network(rng):
    """Levels below its last cost nothing."""
    codes = random_codes(rng, 300, 4)
    all_four, three, none = (count_macs(codes, 4, DENSE, 0, mask) for mask in (0b0110, 0b1010, 0b1111))
    assert all_four == count_macs(codes, 4, DENSE, 0) > three > none == 0


def test_every_truncation_is_corrupt(rng):
    codes = random_codes(rng, 60, 4)
    for mask in (0b1111, 0b0101):
        program = None if mask == 0b1111 else DENSE
        data = encode_octree(codes, 4, program, 0, mask)
        for size in range(len(data)):
            with pytest.raises(CorruptStream):
                decode_octree(data[:size], 4, len(codes), program, 0, mask)
        for num in (len(codes) - 1, len(codes) + 1):
            with pytest.raises(CorruptStream):
                decode_octree(data, 4, num, program, 0, mask)


def test_wrong_masks(rng):
    codes = random_codes(rng, 9, 3)
    for program, mask in ((DENSE, 0b1000), (None, 0b011), (None, 0), (DENSE, -1)):
        with pytest.raises(ValueError, match="adaptive"):
            encode_octree(codes, 3, program, 0, mask)
        with pytest.raises(ValueError, match="adaptive"):
            decode_octree(b"", 3, 9, program, 0, mask)
