"""Operating points are drawn as the recipe says, and never more levels than a batch has."""

from collections import Counter

import numpy as np
import pytest

from pcc.datasets.batches import Batch
from pcc.datasets.lossy_batches import LossyBatches, LossyRecipe, validation_points
from pcc.io import write_points
from pcc.pointcloud import PointCloud


class Same:
    """One batch, always."""

    def __init__(self, depth):
        self.batch = Batch(np.arange(5, dtype=np.uint64), depth, 0, 1)

    def sample(self, rng):
        return self.batch


def test_shares_are_drawn_as_asked(rng):
    batches = LossyBatches(Same(6), LossyRecipe(levels=(1, 1, 2), none=0.25, least=10, most=100))
    drawn = [batches.sample(rng).shares for _ in range(4000)]
    assert all(not any(shares[1:]) for shares in drawn)
    levels = Counter(map(len, drawn))
    assert levels[3] / 4000 == pytest.approx(0.5, abs=0.04)
    first = np.array([shares[0] for shares in drawn])
    assert (first == 0).mean() == pytest.approx(0.25, abs=0.03)
    assert (first[first > 0].min(), first.max()) == (10, 100)
    assert np.median(first[first > 0]) == pytest.approx(np.sqrt(10 * 100), rel=0.1)


def test_shallow_batches(rng):
    batches = LossyBatches(Same(2))
    assert {len(batches.sample(rng).shares) for _ in range(200)} == {1, 2}


@pytest.mark.parametrize("wrong", [{"least": 0}, {"most": 256}, {"least": 9, "most": 8}, {"levels": (1, -1)}])
def test_recipes_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match="recipe"):
        LossyRecipe(**wrong)


def test_validation(tmp_path):
    write_points(tmp_path / "a.npz", PointCloud(np.array([[0, 0, 0], [3, 2, 1]], np.int32)))
    (batch,) = validation_points({"a": {"path": str(tmp_path / "a.npz"), "shares": [40, 0]}}).values()
    assert batch.shares == (40, 0)
    assert batch.num_points == 2
