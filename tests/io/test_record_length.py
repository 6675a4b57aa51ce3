"""record_length(table.ravel()) = columns of the table, whatever their number, where the columns differ at all."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.io.record_length import MAX_LENGTH, record_length, sample_of


def scan(num_points: int, rng: np.random.Generator) -> np.ndarray:
    """(N, 3) float32: a room of 40 by 20 by 3 metres, in millimetres."""
    return np.round(rng.random((num_points, 3)) * [40, 20, 3] - [20, 10, 1.5], 3).astype(np.float32)


@pytest.mark.parametrize("values", [[], [1.0], [0.0] * 1000, [np.nan] * 60])
def test_nothing_is_to_be_seen(values):
    assert record_length(np.array(values, np.float32)) == 1


def test_columns_that_are_alike_are_not_told_apart(rng):
    assert record_length(rng.normal(size=40_000).astype(np.float32)) == 1


@pytest.mark.parametrize("num_points", [100, 3000, 50_000])
@pytest.mark.parametrize("length", range(3, MAX_LENGTH + 1))
def test_every_length_is_found(rng, length, num_points):
    """x, y, z and columns of growing size, none like another; more points than the sample holds among others."""
    others = rng.random((num_points, length - 3)) * 4.0 ** np.arange(4, length + 1)
    table = np.concatenate([scan(num_points, rng), others], axis=1).astype(np.float32)
    assert record_length(table.ravel()) == length


@pytest.mark.parametrize("length", [3, 4])
def test_lasers_in_turn_are_not_one_record(rng, length):
    """A VLP-16 fires below and above the horizon in turn: z alternates, x and y do not."""
    table = np.concatenate([scan(3000, rng), rng.random((3000, 1))], axis=1)[:, :length].astype(np.float32)
    table[:, 2] = np.abs(table[:, 2]) * np.tile([-1, 1], 1500)
    assert record_length(table.ravel()) == length


def test_a_file_cut_short_keeps_its_length(rng):
    table = np.concatenate([scan(500, rng), rng.random((500, 1))], axis=1).astype(np.float32)
    for cut in range(1, 4):
        assert record_length(table.ravel()[:-cut]) == 4


def test_samples_are_runs_of_the_values():
    values = np.arange(100_000, dtype=np.float32)
    sample, places = sample_of(values)
    assert len(sample) == 8 * 4096
    assert np.array_equal(sample, values[places])
    assert (places[0], places[-1]) == (0, 99_999)
    assert np.array_equal(sample_of(values[:10])[1], np.arange(10))
