"""Batches of crops: sorted codes whose top bits name the crop."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.datasets.batches import Mixture, Pool, draw_index, make_batch, stream
from pcc.datasets.dense_batches import DenseBatches


def test_codes_of_two_crops_are_literal(rng):
    """codes = crop << 3 * depth | morton, ascending."""
    batch = make_batch([(np.array([[1, 0, 0], [0, 0, 1]]), 1), (np.array([[1, 1, 1]]), 1)], 2, rng)
    assert batch.codes.dtype == np.uint64
    assert batch.codes.tolist() == [0b0_001, 0b0_100, 0b1_111]
    assert (batch.depth, batch.level_offset, batch.num_crops, batch.num_points) == (1, 2, 2, 3)


def test_shallow_crop_stays_inside_the_common_cube(rng):
    """A crop of depth 1 in a batch of depth 5 keeps its shape: max - min is unchanged."""
    places = set()
    for _ in range(50):
        batch = make_batch([(np.array([[0, 0, 0], [0, 0, 1]]), 1), (np.array([[31, 0, 0]]), 5)], 0, rng)
        first = batch.codes[batch.codes < 1 << 15]
        assert len(first) == 2
        assert batch.num_points == 3
        places.add(int(first[0]))
    assert len(places) > 10


def test_duplicates_count_once(rng):
    assert make_batch([(np.zeros((5, 3), int), 1)], 0, rng).num_points == 1


def test_coordinates_outside_the_cube_are_refused(rng):
    with pytest.raises(ValueError, match="coords"):
        make_batch([(np.array([[2, 0, 0]]), 1)], 0, rng)
    with pytest.raises(ValueError, match="coords"):
        make_batch([(np.array([[-1, 0, 0]]), 1)], 0, rng)


def test_draws_follow_the_weights(rng):
    """P(i) = weight_i / sum."""
    counts = np.bincount([draw_index([1, 0, 3], rng) for _ in range(4000)], minlength=3)
    assert counts[1] == 0
    assert 0.70 < counts[2] / 4000 < 0.80


def test_mixture_needs_a_cloud():
    with pytest.raises(ValueError, match="pools"):
        Mixture([Pool([])])


def test_stream_repeats_with_its_seed():
    """The same seed gives the same codes, batch by batch."""
    cloud = np.argwhere(np.ones((20, 20, 3), bool)).astype(np.int16)
    source = DenseBatches([cloud])
    for first, second, _ in zip(stream(source, 3), stream(source, 3), range(5), strict=False):
        assert np.array_equal(first.codes, second.codes)
